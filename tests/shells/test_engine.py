"""The helper together with the real tools/env: the two have one idea of an environment's state."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from shells.driver import Driver, Terminal
from shells.rows import Shell, deep
from shells.sample import Sample, copy_engine, make_sample
from shells.spoil import SPOILED, nothing_there
from support.engine import clean_environ

UV = clean_environ(Path())["UV"]


def with_engine(project: Sample) -> Sample:
    """The project with the real engine in place of the stub, and with nothing to install."""
    copy_engine(project.root / "tools" / "env")
    project.configure(python=f"{sys.version_info.major}.{sys.version_info.minor}")
    (project.root / "pyproject.toml").write_text('[project]\nname = "digits"\nversion = "0"\n')
    project.lock.write_text("# nothing to install\n")
    return project


def run_engine(project: Sample, base_python: Path, *words: str) -> str:
    done = subprocess.run(
        [base_python, project.root / "tools" / "env", *words],
        env={**os.environ, "UV": UV},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, ready_env: Path, base_python: Path) -> Sample:
    """A project whose environment the engine made."""
    project = with_engine(make_sample(tmp_path_factory.mktemp("made") / "p", ready_env))
    shutil.rmtree(project.env)
    run_engine(project, base_python, "sync", "--offline")
    return project


@pytest.fixture
def engine_project(made: Sample, tmp_path: Path) -> Sample:
    """A copy of it, stamped as if it had been made where it is."""
    root = tmp_path.resolve() / "my project"
    shutil.copytree(made.root, root, symlinks=True)
    project = Sample(root, root / ".venv")
    project.stamp()
    return project


def test_what_the_engine_made_is_entered_without_a_word(
    driver: Driver, shell: Shell, engine_project: Sample
) -> None:
    ran = driver.script(shell.enter(".."), driver.probe("inside"), cwd=engine_project.root / "src")
    assert ran.stderr == ""
    assert ran.seen["inside"].python == engine_project.python


@deep
def test_the_question_leads_to_an_environment_of_the_engine(
    terminal: Terminal, shell: Shell, project: Sample, tools: Path
) -> None:
    with_engine(project)
    nothing_there(project)
    (tools / "uv").symlink_to(UV)
    terminal.open(project.root / "src")
    terminal.type(shell.enter(".."))
    terminal.wait_for("Make it now? [Y/n] ")
    terminal.answer("y")
    terminal.wait_for("(digits) $ ")
    assert terminal.look()[0].python == project.python


@pytest.mark.parametrize(
    ("state", "spoil"), [(state, spoil) for state, ways in SPOILED.items() for spoil in ways]
)
def test_the_engine_sees_the_state_that_the_shell_sees(
    state: str, spoil: Callable[[Sample], None], engine_project: Sample, base_python: Path
) -> None:
    spoil(engine_project)
    assert json.loads(run_engine(engine_project, base_python, "info", "--json"))["state"] == state


def test_the_engine_sees_a_move_as_the_shell_does(
    engine_project: Sample, base_python: Path
) -> None:
    new = engine_project.root.with_name("new")
    engine_project.root.rename(new)
    project = Sample(new, new / ".venv")
    assert json.loads(run_engine(project, base_python, "info", "--json"))["state"] == "moved"


def test_the_engine_sees_the_environment_of_another_project_as_the_shell_does(
    engine_project: Sample, base_python: Path, made: Sample
) -> None:
    shutil.rmtree(engine_project.env)
    engine_project.configure(env=str(made.env), python="3.12")
    assert json.loads(run_engine(engine_project, base_python, "info", "--json"))["state"] == (
        "foreign"
    )
