"""What only a terminal shows: the question, the answer, and the prompt."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from shells.driver import Terminal
from shells.rows import SHELLS, Shell, deep, deep_posix, rows
from shells.sample import Sample

QUESTION = "There is no environment at .venv yet. Make it now? [Y/n] "


@pytest.fixture
def without_env(project: Sample) -> Sample:
    shutil.rmtree(project.env)
    return project


def sync_that(project: Sample, code: str) -> None:
    (project.root / "tools" / "env" / "stub_sync.py").write_text(code)


def test_the_prompt_shows_the_name_until_leaving(
    terminal: Terminal, shell: Shell, project: Sample
) -> None:
    terminal.open(project.root / "src")
    before, _ = terminal.look()
    terminal.type(shell.enter(".."))
    terminal.wait_for("(digits) $ ")
    inside, _ = terminal.look()
    terminal.type(shell.leave)
    terminal.look()
    after, shown = terminal.look()
    assert inside.python == project.python
    assert "(digits)" not in shown
    assert after.env["PATH"] == before.env["PATH"]


def test_entering_twice_shows_the_name_once(
    terminal: Terminal, shell: Shell, project: Sample
) -> None:
    terminal.open(project.root)
    terminal.type(shell.enter("."))
    terminal.type(shell.enter("."))
    terminal.look()
    _, shown = terminal.look()
    assert "(digits) $ " in shown
    assert "(digits) (digits)" not in shown


def test_enter_makes_the_environment_and_enters_it(
    terminal: Terminal, shell: Shell, without_env: Sample
) -> None:
    terminal.open(without_env.root / "src")
    terminal.type(shell.enter(".."))
    terminal.wait_for(QUESTION)
    terminal.answer("")
    terminal.wait_for("engine: making it")
    terminal.wait_for("(digits) $ ")
    inside, _ = terminal.look()
    assert inside.python == without_env.python
    assert inside.env["VIRTUAL_ENV"] == str(without_env.env)


@deep
@pytest.mark.parametrize("answer", ["y", "Yes"])
def test_yes_makes_it_too(
    answer: str, terminal: Terminal, shell: Shell, without_env: Sample
) -> None:
    terminal.open(without_env.root)
    terminal.type(shell.enter("."))
    terminal.wait_for(QUESTION)
    terminal.answer(answer)
    terminal.wait_for("engine: making it")
    terminal.wait_for("(digits) $ ")


def test_no_makes_nothing_and_says_the_command(
    terminal: Terminal, shell: Shell, without_env: Sample
) -> None:
    terminal.open(without_env.root)
    terminal.type(shell.enter("."))
    terminal.wait_for(QUESTION)
    terminal.answer("n")
    terminal.wait_for("Make it with:")  # what is typed sooner may stand in the midst of it
    terminal.wait_for("    python3 tools/env sync")
    after, _ = terminal.look(status=True)
    assert after.status == "1"
    assert "VIRTUAL_ENV" not in after.env
    assert not without_env.env.exists()


@deep
@pytest.mark.parametrize("answer", ["No", "what?"])
def test_any_other_answer_is_a_no(
    answer: str, terminal: Terminal, shell: Shell, without_env: Sample
) -> None:
    terminal.open(without_env.root)
    terminal.type(shell.enter("."))
    terminal.wait_for(QUESTION)
    terminal.answer(answer)
    _, shown = terminal.look()
    assert "Make it with:\n    python3 tools/env sync\n" in shown
    assert not without_env.env.exists()


@deep
def test_the_end_of_input_is_a_no(terminal: Terminal, shell: Shell, without_env: Sample) -> None:
    terminal.open(without_env.root)
    terminal.type(shell.enter("."))
    terminal.wait_for(QUESTION)
    terminal.child.sendeof()
    terminal.wait_for("python3 tools/env sync")
    after, _ = terminal.look()
    assert "VIRTUAL_ENV" not in after.env
    assert not without_env.env.exists()


@deep
def test_an_interrupt_at_the_question_gives_the_prompt_back(
    terminal: Terminal, shell: Shell, without_env: Sample
) -> None:
    terminal.open(without_env.root)
    terminal.type(shell.enter("."))
    terminal.wait_for(QUESTION)
    terminal.child.sendintr()
    terminal.wait_for("$ ")
    after, _ = terminal.look()
    assert "VIRTUAL_ENV" not in after.env
    assert not without_env.env.exists()


@deep
def test_an_environment_that_was_not_finished_is_offered_too(
    terminal: Terminal, shell: Shell, project: Sample
) -> None:
    project.stamp(lock="")
    terminal.open(project.root)
    terminal.type(shell.enter("."))
    terminal.wait_for("Making .venv was not finished. Make it now? [Y/n] ")
    terminal.answer("")
    terminal.wait_for("(digits) $ ")
    assert terminal.look()[0].python == project.python


@deep
def test_when_making_fails_only_the_engine_speaks(
    terminal: Terminal, shell: Shell, without_env: Sample
) -> None:
    sync_that(without_env, "import sys\nsys.exit('No network. Try again later.')\n")
    terminal.open(without_env.root)
    terminal.type(shell.enter("."))
    terminal.wait_for(QUESTION)
    terminal.answer("")
    after, shown = terminal.look(status=True)
    assert "No network. Try again later.\n" in shown
    assert f"{shell.helper}:" not in shown
    assert after.status == "1"
    assert "VIRTUAL_ENV" not in after.env


@deep
def test_an_engine_that_made_nothing_is_not_believed(
    terminal: Terminal, shell: Shell, without_env: Sample
) -> None:
    sync_that(without_env, "")
    terminal.open(without_env.root)
    terminal.type(shell.enter("."))
    terminal.wait_for(QUESTION)
    terminal.answer("")
    after, shown = terminal.look(status=True)
    assert "There is no environment at .venv yet. Make it with:" in shown
    assert after.status == "1"


@rows([each for each in SHELLS if each.name != "xonsh"], ["bash"])  # xonsh has one: its own
def test_python_is_looked_for_before_asking(
    terminal: Terminal, shell: Shell, without_env: Sample, tools: Path
) -> None:
    (tools / "python3").unlink()
    terminal.open(without_env.root)
    terminal.type(shell.enter("."))
    _, shown = terminal.look()
    assert "Install Python 3.9 or newer first" in shown
    assert "[Y/n]" not in shown


@deep_posix
@pytest.mark.parametrize("redirection", ["</dev/null", "2>errors"])
def test_nothing_is_asked_when_input_or_errors_go_elsewhere(
    redirection: str, terminal: Terminal, shell: Shell, without_env: Sample
) -> None:
    terminal.open(without_env.root)
    terminal.type(f"{shell.enter('.')} {redirection}")
    after, shown = terminal.look(status=True)
    assert "[Y/n]" not in shown
    assert after.status == "1"
    assert not without_env.env.exists()


@deep_posix
def test_aliases_of_an_interactive_shell_do_not_get_between(
    terminal: Terminal, shell: Shell, project: Sample
) -> None:
    terminal.open(project.root)
    for name in ("cd", "command", "deactivate", "ls", "printf", "pwd", "sha256sum"):
        terminal.type(f"alias {name}='echo ALIAS'")
    terminal.look()
    terminal.type(shell.enter("."))
    inside, shown = terminal.look()
    assert "ALIAS" not in shown
    assert inside.python == project.python
    terminal.type(shell.leave)
    after, shown = terminal.look()
    assert "ALIAS" not in shown
    assert "VIRTUAL_ENV" not in after.env
