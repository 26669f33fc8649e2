"""What is said about an environment that is not ready, and whether it is entered."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from shells.driver import Driver, Outcome
from shells.refusal import assert_refused
from shells.rows import POSIX, SHELLS, Shell, deep, rows
from shells.sample import Sample, make_sample
from shells.spoil import (
    SPOILED,
    empty_directory,
    made_on_another_system,
    no_manifest,
    nothing_there,
    python_gone,
    python_moved_on,
    python_of_a_removed_base,
    pyvenv_cfg_gone,
    stamp_without_lock,
)

COMMAND = "python3 tools/env sync"
SAID: dict[Callable[[Sample], None], str] = {
    nothing_there: "There is no environment at .venv yet. Make it with:",
    empty_directory: "There is no environment at .venv yet. Make it with:",
    stamp_without_lock: "Making .venv was not finished. Finish it with:",
    no_manifest: "Making .venv was not finished. Finish it with:",
    python_gone: "The Python of .venv is gone. Repair it with:",
    python_of_a_removed_base: "The Python of .venv is gone. Repair it with:",
    pyvenv_cfg_gone: ".venv/pyvenv.cfg is gone or damaged, so its Python takes another one's "
    "packages. Repair it with:",
    python_moved_on: "The Python of .venv is not /nowhere/bin/python3.1 any more, from which it "
    "was made. Repair it with:",
    made_on_another_system: ".venv was made on another system (plan9), which may still use it.",
}
NOT_OURS = ".venv was not made by this project and is left alone."


def enter(driver: Driver, shell: Shell, project: Sample) -> Outcome:
    return driver.script(
        shell.enter(project.root),
        driver.probe("next", status=True),
        cwd=project.root,
    )


@deep
@pytest.mark.parametrize(
    "spoil", [spoil for state in ("missing", "incomplete", "broken") for spoil in SPOILED[state]]
)
def test_what_cannot_be_entered_is_said_with_the_command_that_mends_it(
    spoil: Callable[[Sample], None], driver: Driver, shell: Shell, project: Sample
) -> None:
    spoil(project)
    ran = enter(driver, shell, project)
    assert_refused(ran, shell, f"{SAID[spoil]}\n    {COMMAND}")


@pytest.mark.parametrize("how", ["moved", "copied"])
def test_an_environment_made_elsewhere_is_refused(
    how: str, driver: Driver, shell: Shell, project: Sample
) -> None:
    new = project.root.with_name("new")
    if how == "moved":
        project.root.rename(new)
    else:
        shutil.copytree(project.root, new, symlinks=True)
    ran = enter(driver, shell, Sample(new, new / ".venv"))
    assert_refused(
        ran,
        shell,
        f".venv was made for {project.root}. "
        f"If this project was moved or copied, make it anew with:\n    {COMMAND}",
    )


@rows(SHELLS)
def test_a_refusal_stops_what_would_follow_it(
    driver: Driver, shell: Shell, project: Sample
) -> None:
    nothing_there(project)
    line = shell.follow.format(shell.enter(project.root), driver.probe("next"))
    assert "next" not in driver.script(line, cwd=project.root).seen


@deep
@pytest.mark.parametrize("spoil", SPOILED["foreign"])
def test_what_is_not_ours_is_left_alone(
    spoil: Callable[[Sample], None], driver: Driver, shell: Shell, project: Sample
) -> None:
    spoil(project)
    ran = enter(driver, shell, project)
    assert_refused(
        ran,
        shell,
        f"{SAID.get(spoil, NOT_OURS)} Remove it yourself, or choose another place:\n"
        f"    {shell.elsewhere}",
    )


@deep
def test_the_environment_that_another_project_keeps_here_is_left_alone(
    driver: Driver, shell: Shell, project: Sample, tmp_path: Path, ready_env: Path
) -> None:
    other = make_sample(tmp_path / "other", ready_env)
    project = project.moved_env(tmp_path.resolve() / "shared")
    for each in (project, other):
        each.configure(env=str(project.env))
    project.stamp(project=other.root)
    ran = enter(driver, shell, project)
    assert_refused(
        ran,
        shell,
        f"{project.env} is the environment of {other.root}. "
        "Remove it yourself, or choose another place:\n"
        f"    {shell.elsewhere}",
    )


@rows(SHELLS)
@pytest.mark.parametrize("spoil", SPOILED["stale"])
def test_a_changed_lock_is_said_in_one_line_and_entered(
    spoil: Callable[[Sample], None], driver: Driver, shell: Shell, project: Sample
) -> None:
    spoil(project)
    ran = enter(driver, shell, project)
    assert ran.stderr == (
        f"{shell.helper}: requirements-dev.txt has changed since .venv was made from it. "
        f"Bring it up to date with:  {COMMAND}\n"
    )
    assert ran.seen["next"].status == "0"
    assert ran.seen["next"].python == project.python


@rows(POSIX[:1])
def test_the_other_common_checksum_program_does_as_well(
    driver: Driver, shell: Shell, project: Sample, tools: Path
) -> None:
    (tools / "sha256sum").unlink(missing_ok=True)
    if not (tools / "shasum").exists():
        pytest.skip("shasum is not installed")
    driver.environ["PATH"] += ":/usr/bin"  # shasum is a script, of Perl
    (tools / "sha256sum").write_text("#!/bin/sh\nexit 127\n")
    (tools / "sha256sum").chmod(0o755)
    ran = enter(driver, shell, project)
    assert ran.stderr == ""
    assert ran.seen["next"].status == "0"


@rows([each for each in SHELLS if each.name != "nu"], ["bash"])  # it has no one way to quote these
@pytest.mark.parametrize(
    "name", ["plain", "two words", "it's", 'a"b', "$HOME", "a;b", "back\\slash", "100%", "🌱", "!!"]
)
def test_the_printed_command_can_be_pasted(
    name: str, driver: Driver, shell: Shell, tmp_path: Path, ready_env: Path
) -> None:
    if name in shell.cannot:
        return
    project = make_sample(tmp_path.resolve() / name, ready_env)
    nothing_there(project)
    ran = driver.script(shell.enter(project.root), cwd=tmp_path)
    command = ran.stderr.splitlines()[-1].strip()
    ran = driver.script(
        shell.run.format(words=command),
        shell.enter(project.root),
        driver.probe("inside"),
        cwd=tmp_path,
    )
    assert ran.seen["inside"].python == project.python


@rows(POSIX[:1])
def test_a_plain_path_is_printed_without_quotes(
    driver: Driver, shell: Shell, tmp_path: Path, ready_env: Path
) -> None:
    project = make_sample(tmp_path.resolve() / "plain", ready_env)
    nothing_there(project)
    ran = driver.script(shell.enter("plain"), cwd=tmp_path)
    assert ran.stderr.endswith(f"\n    python3 {shlex.quote(str(project.root))}/tools/env sync\n")


@rows(POSIX[:1])
@pytest.mark.parametrize("first", ["none", "old", "not working"])
def test_python_stands_in_for_a_python3_that_will_not_do(
    first: str, driver: Driver, shell: Shell, project: Sample, tools: Path
) -> None:
    (tools / "python3").rename(tools / "python")
    if first != "none":
        # an old Python says so by its status; one that does not start has another
        (tools / "python3").write_text(f"#!/bin/sh\nexit {1 if first == 'old' else 127}\n")
        (tools / "python3").chmod(0o755)
    nothing_there(project)
    ran = enter(driver, shell, project)
    assert ran.stderr.endswith("\n    python tools/env sync\n")


@rows(POSIX[:1])
def test_it_says_so_when_there_is_no_python(
    driver: Driver, shell: Shell, project: Sample, tools: Path
) -> None:
    (tools / "python3").unlink()
    nothing_there(project)
    ran = enter(driver, shell, project)
    assert_refused(
        ran,
        shell,
        "There is no environment at .venv yet. "
        "Install Python 3.9 or newer first: neither python3 nor python is one.",
    )


@rows([each for each in SHELLS if not each.asks])
def test_a_ready_environment_is_entered_without_starting_python(
    driver: Driver, shell: Shell, project: Sample, tools: Path, tmp_path: Path
) -> None:
    started = tmp_path / "started"
    for python in (tools / "python3", tools / "python", project.env / "bin" / "python"):
        python.unlink(missing_ok=True)
        python.write_text(f"#!/bin/sh\n: > {shlex.quote(str(started))}\n")
        python.chmod(0o755)
    ran = enter(driver, shell, project)
    assert ran.seen["next"].status == "0"
    assert not started.exists()


@rows([each for each in SHELLS if each.goes_on], ["bash"])
def test_refusing_leaves_the_environment_that_is_active(
    driver: Driver, shell: Shell, project: Sample, tmp_path: Path, ready_env: Path
) -> None:
    other = make_sample(tmp_path.resolve() / "other", ready_env)
    nothing_there(project)
    ran = driver.script(
        driver.probe("before"),
        shell.enter(other.root),
        shell.enter(project.root),
        driver.probe("still"),
        shell.leave,
        driver.probe("after"),
        cwd=tmp_path,
    )
    assert ran.seen["still"].python == other.python
    assert ran.seen["after"].env["PATH"] == ran.seen["before"].env["PATH"]


def test_a_helper_taken_from_its_project_says_what_is_missing(
    driver: Driver, shell: Shell, project: Sample, tmp_path: Path
) -> None:
    shutil.copy(project.root / shell.helper, tmp_path)
    ran = enter(driver, shell, replace(project, root=tmp_path))
    assert_refused(
        ran,
        shell,
        "No tools/env.cfg beside this file. Go to the project first, then:  " + shell.typed,
    )
