"""The extra cards: a model card and a data card, filled from a run, and the project's own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.template import render

NAMES = ("MODEL_CARD.md", "DATA_CARD.md")
RUN = "20260102-030405-seed0"
INFO: dict[str, Any] = {
    "data": {"file": "data/raw/a|b.csv", "sha256": "5ea", "rows": {"train": 3000, "test": 1000}},
    "config": {"data": {"target": "kind", "split": "group", "split_by": "who", "split_seed": 7}},
    "notes": ["few <rows>"],
    "parts": [{"seconds": 2.5, "started": "2026-01-02T03:04:05Z", "command": ["train"]}],
}
SCHEMA = {"target": "kind", "classes": ["x", "y"], "columns": {"a|b": "number", "c": "text"}}


@pytest.fixture
def project(template: Path, tmp_path: Path) -> Path:
    answers = {"author_name": "Ada", "description": "Sorts things.", "license": "MIT"}
    project = render(template, tmp_path / "p", extras=["cards"], **answers)
    finish(project / "runs" / RUN, accuracy=0.75)
    return project


def finish(folder: Path, accuracy: float) -> None:
    folder.mkdir(parents=True)
    files = {"run": INFO, "schema": SCHEMA, "metrics": {"validation": {"accuracy": accuracy}}}
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")


def cards(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "tools/runs/cards.py", *words]
    return subprocess.run(argv, cwd=project, capture_output=True, text=True, check=False)


def read(project: Path) -> list[str]:
    return [(project / name).read_text(encoding="utf-8") for name in NAMES]


def test_they_are_filled_from_the_answers_and_the_run(project: Path) -> None:
    done = cards(project)
    assert done.returncode == 0, done.stderr
    model, data = read(project)
    assert model.startswith("---\nlicense: mit\npipeline_tag: tabular-classification\n---\n")
    for card in (model, data):
        assert "Sorts things.\n\nAuthor: Ada\n" in card
        assert (
            "To predict: kind, one of 2 classes. Columns to learn from: 1 number, 1 text." in card
        )
    assert "| validation | 0.75 |" in model
    assert f"poe evaluate {RUN}" in model
    assert r"Note: few \<rows>" in model
    assert r"| file | data/raw/a\|b.csv |" in data
    assert "| rows | 4,000 |" in data
    assert "| parted | group by who, seed 7 |" in data
    assert r"| a\|b | number |" in data


def test_what_people_wrote_stays_when_another_run_is_told(project: Path) -> None:
    cards(project)
    for name in NAMES:
        path = project / name
        own = path.read_text("utf-8").replace("## Figures", "lost").replace("# ", "# Our ", 1)
        path.write_bytes(own.encode() + b"For the caf\xe9 only.\n")
    finish(project / "runs" / "20260203-030405-seed1", accuracy=0.875)
    assert cards(project).returncode == 0
    for name in NAMES:
        content = (project / name).read_bytes()
        assert b"# Our " in content
        assert content.endswith(b"For the caf\xe9 only.\n")
    model = (project / "MODEL_CARD.md").read_bytes()
    assert b"| validation | 0.875 |" in model
    assert b"lost" not in model
    assert cards(project, RUN).returncode == 0
    assert b"| validation | 0.75 |" in (project / "MODEL_CARD.md").read_bytes()


def test_a_card_without_its_marks_is_left_alone_and_so_is_the_other(project: Path) -> None:
    cards(project)
    path = project / "DATA_CARD.md"
    path.write_text(path.read_text("utf-8").replace("<!-- the end", "<!-- end"), encoding="utf-8")
    before = read(project)
    finish(project / "runs" / "20260203-030405-seed1", accuracy=0.875)
    done = cards(project)
    assert done.returncode == 3
    assert "DATA_CARD.md has not each of the two lines" in done.stderr
    assert read(project) == before


def test_without_a_finished_run_the_command_that_makes_one_is_named(project: Path) -> None:
    (project / "runs" / RUN / "metrics.json").unlink()
    done = cards(project)
    assert (done.returncode, done.stdout) == (3, "")
    assert "poe train" in done.stderr
    assert not (project / NAMES[0]).exists()
