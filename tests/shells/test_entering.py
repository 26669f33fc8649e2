"""Going into a ready environment."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from shells.driver import Driver
from shells.rows import SHELLS, Shell, deep_posix, each_posix
from shells.sample import Sample, make_sample

STRANGE = (
    "two words",
    "zażółć 数字",
    "🌱",
    "it's",
    'say "hi"',
    "a;b&c|d",
    "$HOME",
    "`id`$(id)",
    "100%",
    "%x%n",
    "back\\slash",
    "tail\\",
    "-P",
    "[a-z]*?",
    "#1!",
    "~",
    "{a,b}",
    "=ls",
    " lead",
)


def test_a_relative_path_enters_from_any_directory(
    driver: Driver, shell: Shell, project: Sample
) -> None:
    ran = driver.script(
        driver.probe("before"),
        shell.enter(".."),
        driver.probe("inside", status=True),
        cwd=project.root / "src",
    )
    before, inside = ran.seen["before"], ran.seen["inside"]
    assert inside.status == "0"
    assert inside.python == project.python
    assert inside.cwd == before.cwd
    assert inside.env["VIRTUAL_ENV"] == str(project.env)
    assert inside.env["VIRTUAL_ENV_PROMPT"] == shell.prompt_env.format("digits")
    assert inside.env["PATH"] == f"{project.bin}:{before.env['PATH']}"
    assert ran.silent, ran


def test_an_absolute_path_enters_from_the_top_directory(
    driver: Driver, shell: Shell, project: Sample
) -> None:
    ran = driver.script(shell.enter(project.root), driver.probe("inside"), cwd=Path("/"))
    assert ran.seen["inside"].python == project.python


def test_the_project_can_be_reached_through_a_symbolic_link(
    driver: Driver, shell: Shell, project: Sample, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(project.root)
    ran = driver.script(shell.enter("link"), driver.probe("inside", status=True), cwd=tmp_path)
    assert ran.seen["inside"].status == "0"
    assert ran.seen["inside"].python == project.python
    assert ran.silent, ran


def test_a_program_that_the_shell_remembers_is_looked_up_anew(
    driver: Driver, shell: Shell, project: Sample, tools: Path
) -> None:
    for name, place in (("outer", tools), ("inner", project.env / "bin")):
        (place / "tool").write_text(f"#!/bin/sh\necho {name}\n")
        (place / "tool").chmod(0o755)
    tool = shell.run.format(words="tool")
    ran = driver.script(tool, shell.enter("."), tool, shell.leave, tool, cwd=project.root)
    assert ran.stdout.split() == ["outer", "inner", "outer"]


@deep_posix
def test_cdpath_does_not_lead_to_a_directory_of_the_same_name(
    driver: Driver, shell: Shell, project: Sample, tmp_path: Path, ready_env: Path
) -> None:
    other = make_sample(tmp_path / "other" / project.root.name, ready_env)
    ran = driver.script(
        shell.export("CDPATH", other.root.parent),
        shell.enter(project.root.name),
        driver.probe("inside"),
        cwd=tmp_path,
    )
    assert ran.seen["inside"].python == project.python


@pytest.mark.parametrize(
    ("shell", "name"),
    [
        pytest.param(
            shell,
            name,
            id=f"{shell.name}: {name}",
            marks=() if shell.name == "bash" else pytest.mark.thorough,
        )
        for shell in SHELLS
        for name in STRANGE
        if name not in shell.cannot
    ],
    indirect=["shell"],
)
def test_a_directory_may_have_any_name(
    name: str, driver: Driver, shell: Shell, tmp_path: Path, ready_env: Path
) -> None:
    project = make_sample(tmp_path.resolve() / name, ready_env)
    ran = driver.script(
        driver.probe("before"),
        shell.enter(project.root),
        driver.probe("inside", status=True),
        shell.leave,
        driver.probe("after"),
        cwd=tmp_path,
    )
    assert ran.seen["inside"].status == "0"
    assert ran.seen["inside"].python == project.python
    assert ran.seen["after"].env["PATH"] == ran.seen["before"].env["PATH"]
    assert ran.silent, ran


@each_posix
def test_the_prompt_is_left_alone_on_request(driver: Driver, shell: Shell, project: Sample) -> None:
    ran = driver.script(
        shell.export("PS1", "$ "),
        shell.export("VIRTUAL_ENV_DISABLE_PROMPT", "1"),
        shell.enter("."),
        driver.probe("inside"),
        cwd=project.root,
    )
    assert ran.seen["inside"].env["PS1"] == "$ "
    assert ran.seen["inside"].env["VIRTUAL_ENV_PROMPT"] == "digits"


@deep_posix
@pytest.mark.parametrize("name", ["$(id)", "`id`", "%n", "a b", "\\u", ""])
def test_a_name_that_a_prompt_would_expand_is_not_shown(
    name: str, driver: Driver, shell: Shell, project: Sample
) -> None:
    project.configure(name=name)
    ran = driver.script(
        shell.export("PS1", "$ "),
        shell.enter("."),
        driver.probe("inside"),
        cwd=project.root,
    )
    assert ran.seen["inside"].env["PS1"] == "(env) $ "


@deep_posix
@pytest.mark.parametrize("how", ["activate.sh", "./activate.sh", "{root}/activate.sh"])
def test_started_as_a_program_it_says_that_it_must_be_sourced(
    how: str, driver: Driver, shell: Shell, project: Sample
) -> None:
    done = subprocess.run(
        [*shell.script, how.format(root=project.root)],
        env={**driver.environ, "PATH": f"{driver.environ['PATH']}:/usr/bin:/bin"},
        cwd=project.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        "activate.sh: A program cannot change the shell that starts it. "
        "Source this file:  . ./activate.sh\n"
    )
