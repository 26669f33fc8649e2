"""Every library of the catalogue can be imported in an environment made from a rendered lock."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from build import load
from support.engine import MINOR, Tiny
from support.real import cpu_torch, inside, rendered, serve_torch

CATALOGUE = load()
ALL: list[dict[str, Any]] = [each for each in CATALOGUE["libraries"] if MINOR in each["pythons"]]
OF_TORCH = [
    each
    for each in ALL
    if any(pin.startswith("torch==") for pin in CATALOGUE["closures"][each["name"]])
]
TORCH = cpu_torch() or Path()

pytestmark = [pytest.mark.weekly, pytest.mark.timeout(3600)]


def names(entries: Iterable[dict[str, Any]]) -> list[str]:
    return [entry["name"] for entry in entries]


def imported(project: Tiny, entries: Iterable[dict[str, Any]]) -> list[str]:
    """The names of those that can be imported, each in a process of its own."""
    project.sync()
    assert project.codes() == []
    good = []
    for entry in entries:
        code = f"import {entry['import']}; print('imported')"
        done = project.run("run", "--", "python", "-W", "ignore", "-c", code)
        if done.stdout.endswith("imported\n"):
            good.append(entry["name"])
        else:
            print(done.stderr)  # shown where the test fails
    return good


def test_all_that_need_no_torch(template: Path, tmp_path: Path, home: Path) -> None:
    entries = [each for each in ALL if each not in OF_TORCH]
    assert len(entries) > 35
    answers = {"framework": "none", "accelerator": "cpu", "libraries": names(entries)}
    project = rendered(template, tmp_path / "p", home, **answers)
    assert imported(project, entries) == names(entries)


if TORCH.name:

    def test_those_that_need_torch_on_a_cpu(template: Path, tmp_path: Path, home: Path) -> None:
        # torchvision goes with one build of torch alone, and that folder has none of it.
        entries = [each for each in OF_TORCH if each["name"] != "torchvision"]
        answers = {"framework": "none", "accelerator": "cpu", "libraries": names(entries)}
        with serve_torch(TORCH) as address:
            project = rendered(template, tmp_path / "p", home, torch_index=address, **answers)
            assert imported(project, entries) == names(entries)
        code = "import torch; print(torch.__version__, torch.cuda.is_available())"
        assert inside(project, "python", "-c", code).split()[0].endswith("+cpu")


def test_all_with_what_they_bring_for_gpus(template: Path, tmp_path: Path, home: Path) -> None:
    fitting = [each for each in ALL if MINOR not in each["cuda"] or each["cuda"][MINOR] == ["13"]]
    answers = {"framework": "none", "libraries": names(fitting)}
    project = rendered(template, tmp_path / "p", home, **answers)
    assert imported(project, fitting) == names(fitting)
