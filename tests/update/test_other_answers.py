"""Answers that change on an update: what they need comes, what is the user's stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.template import git
from support.updates import commit, update

from .conftest import Made


@pytest.mark.thorough
def test_files_that_other_answers_need_are_added_and_none_is_taken_away(
    made: Made, home: Path
) -> None:
    project = made("v2.0.0")
    assert not (project / "src" / "up" / "nets.py").exists()
    done = update(project, home, "--data", "backbone=nets")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (project / "src" / "up" / "nets.py").read_text() == "layers = 2\n"
    assert "Files added:\n- src/up/nets.py\n" in done.stdout
    unused = "Yours, and of no use for these answers any more:\n- src/up/trees.py\n"
    assert unused in done.stdout
    assert (project / "src" / "up" / "trees.py").exists()

    (project / "src" / "up" / "trees.py").write_text("mine = 1\n")
    commit(project)
    done = update(project, home, "--data", "backbone=trees")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (project / "src" / "up" / "trees.py").read_text() == "mine = 1\n"
    assert "- src/up/nets.py\n" in done.stdout


@pytest.mark.thorough
def test_locks_of_the_manager_before_are_named(made: Made, home: Path) -> None:
    project = made("v2.0.0", env_manager="uv")
    (project / "uv.lock").write_text("version = 1\n")
    commit(project)
    done = update(project, home, "--data", "env_manager=venv")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "of no use for these answers any more:\n- uv.lock\n" in done.stdout
    assert (project / "uv.lock").exists()


@pytest.mark.thorough
def test_a_package_with_another_name_waits_for_its_code(made: Made, home: Path) -> None:
    project = made("v2.0.0")
    done = update(project, home, "--data", "package_name=other")
    assert done.returncode != 0
    assert "Move it with: git mv src/up src/other, and" in done.stdout
    assert not (project / "src" / "other").exists()
    assert 'module-name = "other"' in (project / "pyproject.toml").read_text()
    commit(project)
    git(project, "mv", "src/up", "src/other")
    commit(project)
    assert update(project, home).returncode == 0
