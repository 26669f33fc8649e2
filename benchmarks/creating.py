"""From nothing to a project with its environment: this template and other ways to do the same."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from measure import Way, medians, run
from scene import Scene

OURS = "this template, checked"
OURS_WITHOUT_UV = "this template, checked, no uv on the machine"
BARE = "bare: copier --skip-tasks, uv venv, uv pip sync"
PIP = "python -m venv, pip install --require-hashes"


def measure(scene: Scene, rounds: int) -> dict[str, float]:
    """Median seconds of each way, by the names above."""
    ways: dict[str, Way] = {
        OURS: lambda: _ours(scene, scene.root / "ours", scene.with_uv),
        OURS_WITHOUT_UV: lambda: _ours(scene, scene.root / "ours", scene.without_uv),
        BARE: lambda: _bare(scene, scene.root / "bare"),
        PIP: lambda: _pip(scene, scene.root / "pip"),
    }
    return medians(ways, rounds)


def _ours(scene: Scene, project: Path, environ: Mapping[str, str]) -> float:
    """Rendered, in git, environment made, the project installed into it, and all of it checked."""
    _clear(project)
    made = run(scene.render(project, "--trust"), scene.root, environ)
    return made + run(scene.engine("check", "--fast"), project, environ)


def _bare(scene: Scene, project: Path) -> float:
    """Rendered, environment made: no git, the project itself not installed, nothing checked."""
    _clear(project)
    rendered = run(scene.render(project, "--trust", "--skip-tasks"), scene.root, scene.with_uv)
    made = run(["uv", "venv", "--python", scene.python, ".venv"], project, scene.with_uv)
    sync = ["uv", "pip", "sync", "--python", ".venv/bin/python", "requirements-dev.txt"]
    sync += ["--exclude-newer", "false"]  # the lock has decided how old a package must be
    return rendered + made + run(sync, project, scene.with_uv)


def _pip(scene: Scene, project: Path) -> float:
    """Only the environment, by what comes with Python; the project's files are there for free."""
    _clear(project)
    run(scene.render(project, "--trust", "--skip-tasks"), scene.root, scene.without_uv)
    made = run([scene.python, "-m", "venv", ".venv"], project, scene.without_uv)
    install = ["install", "--quiet", "--require-hashes", "-r", "requirements-dev.txt"]
    return made + run([".venv/bin/pip", *install], project, scene.without_uv)


def _clear(project: Path) -> None:
    if project.exists():
        shutil.rmtree(project)
