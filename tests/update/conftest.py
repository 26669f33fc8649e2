"""A template with a history, and projects that were made from its releases."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml
from support.engine import MINOR
from support.history import build
from support.updates import commit

Made = Callable[..., Path]
"""Makes a committed project: version, then answers by name."""


def fresh(history: Path, place: Path, updated: Path) -> Path:
    """What the newest release makes of a project's answers."""
    text = (updated / ".copier-answers.yml").read_text(encoding="utf-8")
    answers: dict[str, Any] = yaml.safe_load(text)
    data = {key: value for key, value in answers.items() if not key.startswith("_")}
    copier.run_copy(str(history), place, data=data, defaults=True, skip_tasks=True, quiet=True)
    return place


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Releases v1.0.0 to v2.0.0. Tests that add to it make their own."""
    folder = tmp_path_factory.mktemp("history") / "seedbed"
    build(folder)
    return folder


@pytest.fixture(scope="session")
def originals(history: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Projects to be copied and not to be changed; each is made once."""
    folder = tmp_path_factory.mktemp("originals")
    found: dict[str, Path] = {}

    def original(version: str, **answers: Any) -> Path:
        key = repr((version, answers))
        if key not in found:
            data = {"project_name": "Up", "python_version": MINOR, "create_env": False, **answers}
            found[key] = folder / str(len(found))
            copier.run_copy(
                str(history), found[key], data=data, vcs_ref=version, defaults=True,
                skip_tasks=True, quiet=True,
            )  # fmt: skip
            commit(found[key])
        return found[key]

    return original


@pytest.fixture
def made(originals: Made, tmp_path: Path) -> Made:
    """A project of one's own, as `originals` makes it."""

    def copied(version: str = "v1.0.0", **answers: Any) -> Path:
        place = tmp_path / "project"
        shutil.copytree(originals(version, **answers), place)
        return place

    return copied
