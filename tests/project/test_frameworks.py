"""Each framework end to end: from its rendered lock to a trained model, as a user does it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from support.engine import MINOR, Tiny
from support.real import cached_environ, copied, cpu_torch, inside, serve_torch
from support.template import ROOT

CATALOGUE = json.loads((ROOT / "catalogue" / "libraries.json").read_text(encoding="utf-8"))
PYTHONS = {entry["name"]: entry["pythons"] for entry in CATALOGUE["libraries"]}
TORCH = cpu_torch()
HERE = [
    framework
    for framework, needs in CATALOGUE["frameworks"].items()
    if all(MINOR in PYTHONS[name] for name in needs) and (framework != "pytorch" or TORCH)
]
BY_ACCELERATOR = {"xgboost", "pytorch", "tensorflow", "jax"}
"""Those of which there is a build without anything for GPUs."""

Edits = dict[str, dict[str, str]]
"""In files of a project: what stands there, and what takes its place."""

CUSTOMERS: Edits = {
    "configs/train.toml": {
        "data/raw/digits.csv": "data/raw/customers.csv",
        '"digit" ': '"Kündigt im nächsten Monat?"',
        "drop = []": 'drop = ["customer id"]',
    },
    "src/my_project/metrics.py": {
        '"accuracy": ': '"kappa": metrics.cohen_kappa_score(y, guess),\n            "accuracy": '
    },
}
HOUSES: Edits = {
    "configs/train.toml": {
        "data/raw/digits.csv": "data/raw/houses.csv",
        '"digit" ': '"price" ',
        "dropout = 0.1": "dropout = 0.5",
    },
    "src/my_project/metrics.py": {
        '"mae": ': '"median": metrics.median_absolute_error(y, predicted),\n            "mae": '
    },
    "src/my_project/model.py": {"nn.ReLU()": "nn.GELU(), nn.LayerNorm(size)"},
}

EVERY_CHANGE = ("scikit-learn", "pytorch")
"""Of these the long tests run in .ci/run, too; of the others their own tests do."""

LONG = [
    pytest.param(each, marks=pytest.mark.thorough if each in EVERY_CHANGE else pytest.mark.weekly)
    for each in HERE
]
long = pytest.mark.parametrize("project", LONG, indirect=True)


@pytest.fixture(scope="module")
def project(
    request: pytest.FixtureRequest, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Tiny]:
    framework: str = request.param
    place = tmp_path_factory.mktemp(framework)
    (place / "home").mkdir()
    answers: dict[str, Any] = {"framework": framework, "python_version": MINOR, "extras": ["types"]}
    if framework in BY_ACCELERATOR:
        answers["accelerator"] = "cpu"
    with serve_torch(TORCH) if TORCH and framework == "pytorch" else nullcontext() as address:
        if address:
            answers["torch_index"] = address
        environ = cached_environ(place / "home")
        yield copied(template, place / "my-project", environ, **answers)


def starter(project: Tiny) -> bool:
    return (project.root / "configs" / "train.toml").exists()


@long
def test_it_trains_and_the_figures_hold(project: Tiny) -> None:
    if not starter(project):
        assert inside(project, "poe", "test")
        return
    inside(project, "poe", "train")
    (run,) = (project.root / "runs").glob("*-seed*")
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    info = json.loads((run / "run.json").read_text(encoding="utf-8"))
    assert metrics["validation"]["accuracy"] > 0.93
    assert info["environment"]["state"] == "ready"
    assert info["environment"]["fingerprint"] == project.info()["fingerprint"]
    inside(project, "poe", "evaluate")
    assert json.loads((run / "test.json").read_text("utf-8"))["test"]["accuracy"] > 0.93
    assert project.codes() == []


@pytest.mark.thorough
@pytest.mark.parametrize("project", HERE, indirect=True)
def test_the_projects_own_tests_and_linter_pass(project: Tiny) -> None:
    assert " passed" in inside(project, "poe", "test")
    inside(project, "poe", "lint")
    inside(project, "poe", "types")


def customers() -> str:
    """Of every 30 one leaves; numbers, text, dates, flags and ids, with gaps."""
    head = "customer id,Alter,Stadt,since,aktiv,Kündigt im nächsten Monat?\n"
    towns, flags = ("Berlin", "NA", "München", "東京", ""), ("true", "false", "")
    return head + "".join(
        f"c{n},{18 + n * 7 % 70 if n % 9 else ''},{towns[n % 5]},2020-{1 + n % 12:02}-01,"
        f"{flags[n % 3]},{'nein ✓' if n % 30 else 'ja'}\n"
        for n in range(900)
    )


def houses() -> str:
    rows = ((30 + n * 7 % 170, 1 + n % 6, "abc"[n * n % 3]) for n in range(600))
    lines = (f"{a},{r},{t},{a * 3000 + r * 9000 + (t == 'a') * 50000}.5\n" for a, r, t in rows)
    return "".join(["area,rooms,town,price\n", *lines])


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("project", "edits"),
    [
        (framework, edits)
        for framework, edits in (("scikit-learn", CUSTOMERS), ("pytorch", HOUSES))
        if framework in HERE
    ],
    indirect=["project"],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_projects_own_tests_pass_after_the_first_changes(project: Tiny, edits: Edits) -> None:
    """Another table, another metric; and to prices: a regression, another model, more dropout."""
    for name, content in (("customers", customers()), ("houses", houses())):
        (project.root / "data" / "raw" / f"{name}.csv").write_text(content, encoding="utf-8")
    before = {name: (project.root / name).read_text(encoding="utf-8") for name in edits}
    for name, pairs in edits.items():
        text = before[name]
        for old, new in pairs.items():
            assert old in text
            text = text.replace(old, new)
        (project.root / name).write_text(text, encoding="utf-8")
    try:
        assert " passed" in inside(project, "poe", "test")
    finally:
        for name, text in before.items():
            (project.root / name).write_text(text, encoding="utf-8")


@pytest.mark.thorough
@pytest.mark.parametrize(
    "project", [each for each in HERE if each in ("xgboost", "lightgbm")], indirect=True
)
def test_trees_keep_what_the_starter_promises(project: Tiny, tmp_path: Path) -> None:
    """tests/starter runs inside the project."""
    checks = shutil.copytree(ROOT / "tests" / "starter", tmp_path / "checks")
    variables = {"STARTER": "my_project", "PROJECT": str(project.root), "OMP_NUM_THREADS": "1"}
    words = ["-q", "-p", "no:cacheprovider", "--rootdir", str(checks), "-c", "/dev/null"]
    argv = ["python", "-m", "pytest", *words, str(checks / "check_trees.py")]
    done = project.run("run", "--", *argv, **variables)
    assert done.returncode == 0, done.stdout + done.stderr


@long
def test_the_doctor_finds_a_device_that_computes(project: Tiny) -> None:
    if (project.root / "tools" / "doctor.py").exists():
        assert "works" in inside(project, "poe", "doctor")


@long
def test_the_first_notebook_shows_the_run_in_this_environment(project: Tiny) -> None:
    if not starter(project):
        assert not (project.root / "notebooks" / "first-look.ipynb").exists()
        return
    if not list((project.root / "runs").glob("*-seed*")):
        inside(project, "poe", "train")
    done = project.run("add", "--dev", "nbclient")
    assert done.returncode == 0, done.stderr
    path = project.root / "notebooks" / "first-look.ipynb"
    inside(project, "jupyter", "execute", "--inplace", str(path))
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 1
