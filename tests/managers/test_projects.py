"""Whole projects of each manager: copied in one command, and changed by updates later.

What manager venv gives in one command is in tests/project/test_first_light.py.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from support.copying import COMMAND
from support.engine import MINOR, clean_environ, run, shared_cache
from support.managers import table
from support.template import git, render
from support.updates import commit, update

GIT = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "t"), ("EMAIL", "t@example.invalid"))
}


def engine(project: Path, environ: dict[str, str], *words: str) -> str:
    """An engine command that must work; its output."""
    done = run(sys.executable, project, *words, environ=environ)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.thorough
@pytest.mark.parametrize("manager", [name for name in table() if name != "venv"])
def test_one_command_gives_a_committed_project_with_a_proven_environment(
    manager: str, template: Path, tmp_path: Path, home: Path, mirror: str
) -> None:
    environ = clean_environ(home, UV_CACHE_DIR=shared_cache(), CONDA_CHANNEL_ALIAS=mirror)
    project = tmp_path / "digits"
    argv = [*COMMAND, "copy", "--quiet", "--defaults", "--trust"]
    for answer in (f"env_manager={manager}", f"python_version={MINOR}"):
        argv += ["--data", answer]
    if manager == "conda":
        argv += ["--data", "conda_packages=hello-native"]
    argv += [str(template), str(project)]
    done = subprocess.run(
        argv, env={**environ, **GIT}, capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "Next:" in done.stderr
    assert git(project, "status", "--short") == ""
    tracked = git(project, "ls-files").splitlines()
    assert set(table()[manager]["lock"]) <= set(tracked)
    engine(project, environ, "check")
    engine(project, environ, "run", "--", "poe", "-q", "train", "model.rounds=5")
    engine(project, environ, "check")
    record = next((project / "runs").glob("*/run.json"))
    assert json.loads(record.read_text())["environment"]["state"] == "ready"


@pytest.fixture
def project(template: Path, tmp_path: Path) -> Path:
    """A committed project of manager venv, without environment."""
    made = render(template, tmp_path / "project", python_version=MINOR, create_env=False)
    return commit(made)


@pytest.mark.thorough
def test_the_manager_can_be_changed_by_updates(project: Path, home: Path, mirror: str) -> None:
    environ = clean_environ(home, UV_CACHE_DIR=shared_cache(), CONDA_CHANNEL_ALIAS=mirror)
    engine(project, environ, "sync")
    for manager in ("uv", "conda", "venv"):
        answer = f"env_manager={manager}"
        done = update(project, home, "--data", answer, CONDA_CHANNEL_ALIAS=mirror)
        assert done.returncode == 0, done.stderr
        assert json.loads(engine(project, environ, "info", "--json"))["manager"] == manager
        engine(project, environ, "check")
        commit(project)


@pytest.mark.thorough
def test_a_conda_package_chosen_later_is_solved(project: Path, home: Path, mirror: str) -> None:
    answers = ["--data", "env_manager=conda"]
    assert update(project, home, *answers, CONDA_CHANNEL_ALIAS=mirror).returncode == 0
    commit(project)
    answers = ["--data", "conda_packages=hello-native", "--data", "create_env=true"]
    done = update(project, home, *answers, CONDA_CHANNEL_ALIAS=mirror)
    assert done.returncode == 0, done.stderr
    environ = clean_environ(home, UV_CACHE_DIR=shared_cache(), CONDA_CHANNEL_ALIAS=mirror)
    assert engine(project, environ, "run", "--", "hello-native").startswith("hello-native 1.1 ")


@pytest.mark.thorough
def test_an_environment_that_moves_leaves_the_old_one_and_says_so(
    project: Path, home: Path
) -> None:
    environ = clean_environ(home, UV_CACHE_DIR=shared_cache())
    engine(project, environ, "sync")
    answers = ["--data", "env_name=.env-of-mine", "--data", "create_env=true"]
    done = update(project, home, *answers)
    assert done.returncode == 0, done.stderr
    assert f"The old environment at {project}/.venv is not used any more." in done.stderr
    assert (project / ".venv" / "bin" / "python").exists()
    assert (project / ".env-of-mine" / "bin" / "python").exists()
    assert "Delete it with: UV_PROJECT_ENVIRONMENT=.venv python3 tools/env delete" in done.stderr
    engine(project, {**environ, "UV_PROJECT_ENVIRONMENT": ".venv"}, "delete", "--yes")
    assert not (project / ".venv").exists()
    engine(project, environ, "check")
    assert not git(project, "status", "--short", "--", ".venv", ".env-of-mine")


WRONG = ["graphviz; rm -rf x", "Graphviz", "gdal[x]", "conda-forge::gdal", "-c defaults"]
WRONG += ["gdal>>3", "gdal=", "gdal=>3", "gdal=3.9,", "gdal=*=cuda**", "gdal = 3.9"]
WRONG += [f"gdal=3.9={'a' * 60}!"]
RIGHT = "graphviz gdal=3.9 gdal==3.9.* gdal>=3,<4 gdal=3.9|3.10 pytorch=*=cuda* x=2024a=py_0 "
RIGHT += "__cuda>=12.4"


def test_conda_packages_are_rendered_as_they_are_answered(template: Path, tmp_path: Path) -> None:
    project = render(template, tmp_path / "p", env_manager="conda", conda_packages=RIGHT)
    content = yaml.safe_load((project / "environment.yml").read_text())
    assert content["dependencies"][1:] == RIGHT.split()


@pytest.mark.parametrize("packages", WRONG)
def test_what_is_no_conda_package_is_refused(packages: str, template: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is no conda package"):
        render(template, tmp_path / "p", env_manager="conda", conda_packages=packages)
