"""Six releases at once, over projects with histories of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.engine import MINOR, clean_environ, shared_cache
from support.history import GONE, NEW, OLD, append, change
from support.template import git, tree, undated
from support.updates import commit, update

from .conftest import Made, fresh

pytestmark = pytest.mark.thorough


def engine(project: Path, home: Path, *words: str) -> str:
    environ = clean_environ(home, UV_CACHE_DIR=shared_cache())
    argv = [sys.executable, "tools/env", *words]
    done = subprocess.run(
        argv, cwd=project, env=environ, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.parametrize("version", ["v1.0.0", "v1.5.0"])
def test_an_untouched_project_becomes_what_a_fresh_one_is(
    made: Made, history: Path, home: Path, tmp_path: Path, version: str
) -> None:
    project = made(version, libraries=["rich"])
    done = update(project, home)
    assert done.returncode == 0, done.stdout + done.stderr
    expected, found = tree(fresh(history, tmp_path / "fresh", project)), tree(project)
    # The starter's code is the project's: what came later comes to new projects only.
    assert expected.pop("src/up/trees.py")
    assert found.keys() == expected.keys()
    for name, text in found.items():
        assert undated(text) == undated(expected[name]), name


def test_edits_anywhere_survive_and_only_what_needs_a_person_is_left_to_one(
    made: Made, home: Path
) -> None:
    project = made(libraries=["rich"])
    change(project / "pyproject.toml", "[tool.poe.tasks]\n", '[tool.poe.tasks]\nmine = "echo"\n')
    append(project / ".gitignore", "/of-mine/\n")
    append(project / "tools" / "env" / "errors.py", "# of mine\n")
    append(project / "README.md", "of mine\n")
    change(project / "src" / "up" / "train.py", "import", "# of mine\nimport")
    change(project / OLD, "# line 20\n", "# line 20 of mine\n")
    append(project / GONE, "# of mine\n")
    engine(project, home, "sync")
    commit(project)
    before = git(project, "rev-parse", "--short", "HEAD").strip()

    done = update(project, home)

    assert 'mine = "echo"\n' in (project / "pyproject.toml").read_text()
    assert 'log_level = "DEBUG"' in (project / "pyproject.toml").read_text()
    assert {"/of-mine/", "# ours"} <= set((project / ".gitignore").read_text().splitlines())
    assert "# of mine\n" in (project / "tools" / "env" / "errors.py").read_text()
    assert "of mine\n" in (project / "README.md").read_text()
    assert "# of mine\n" in (project / "src" / "up" / "train.py").read_text()
    renamed = (project / NEW).read_text()
    assert "# line 20 of mine\n" in renamed
    assert "# line three\n" in renamed
    assert not (project / OLD).exists()
    # Both sides have added a line at the end of .gitignore.
    assert done.returncode != 0
    assert git(project, "diff", "--name-only", "--diff-filter=U").split() == [".gitignore"]
    assert f"- {OLD} -> {NEW}" in done.stdout
    assert ".gitignore has conflicts" in done.stdout
    assert f"git checkout {before} -- {GONE}" in done.stdout
    assert "- tqdm 4." in done.stdout
    assert json.loads(engine(project, home, "info", "--json"))["state"] == "ready"
    engine(project, home, "check")

    git(project, "checkout", before, "--", GONE)
    assert (project / GONE).read_text().endswith("# of mine\n")


def test_libraries_and_pins_of_ones_own_stay(made: Made, home: Path) -> None:
    project = made(libraries=["rich"])
    change(
        project / "pyproject.toml", '    "joblib>=1.1",', '    "colorlog<6.9",\n    "joblib>=1.1",'
    )
    change(project / "pyproject.toml", '"tqdm', '"tqdm!=4.67.1",\n    "tqdm')
    engine(project, home, "lock")
    commit(project)
    done = update(project, home)
    assert done.returncode == 0, done.stdout + done.stderr
    lock = (project / "requirements.txt").read_text()
    assert "colorlog==6.8" in lock
    assert "tqdm==4.67.1" not in lock
    commit(project)
    done = update(project, home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert git(project, "status", "--short") == ""


def test_what_was_deleted_or_moved_stays_so(made: Made, home: Path) -> None:
    project = made()
    for name in (OLD, "README.md", "activate.sh", "src/up/plots.py"):
        git(project, "rm", "--quiet", name)
    git(project, "mv", ".gitattributes", "configs/editor.cfg")
    append(project / "configs" / "editor.cfg", "# of mine\n")
    commit(project)
    done = update(project, home)
    assert done.returncode == 0, done.stdout + done.stderr
    for name in (OLD, NEW, "README.md", "activate.sh", "src/up/plots.py", ".gitattributes"):
        assert not (project / name).exists(), name
    assert (project / "configs" / "editor.cfg").read_text().endswith("# of mine\n")


def test_a_project_of_another_manager_follows_too(made: Made, home: Path) -> None:
    project = made(env_manager="uv")
    engine(project, home, "sync")
    commit(project)
    done = update(project, home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(engine(project, home, "info", "--json"))["state"] == "ready"
    engine(project, home, "check")
    assert "tqdm==4.67.1" in (project / "requirements.txt").read_text()
    assert MINOR in (project / ".python-version").read_text()
