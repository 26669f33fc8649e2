"""Entering where an environment is active already."""

from __future__ import annotations

from pathlib import Path

from shells.driver import Driver
from shells.rows import Shell, deep, deep_posix, each_posix
from shells.sample import Sample, make_sample


def test_entering_twice_is_entering_once(driver: Driver, shell: Shell, project: Sample) -> None:
    ran = driver.script(
        driver.probe("before"),
        shell.enter("."),
        driver.probe("once"),
        shell.enter("."),
        driver.probe("twice"),
        shell.leave,
        driver.probe("after"),
        cwd=project.root,
    )
    assert ran.seen["twice"].lasting == ran.seen["once"].lasting
    assert ran.seen["after"].lasting == ran.seen["before"].lasting
    assert ran.silent, ran


@deep
def test_a_child_shell_of_an_entered_one_can_enter_and_leave(
    driver: Driver, shell: Shell, project: Sample
) -> None:
    tools = driver.environ["PATH"]
    driver.environ |= {  # what a child shell inherits: variables, and no function
        "PATH": f"{project.bin}:{tools}",
        "VIRTUAL_ENV": str(project.env),
        "VIRTUAL_ENV_PROMPT": "digits",
    }
    ran = driver.script(
        driver.probe("before"),
        shell.enter("."),
        driver.probe("inside"),
        shell.leave,
        driver.probe("after"),
        cwd=project.root,
    )
    before, inside, after = (ran.seen[tag].env for tag in ("before", "inside", "after"))
    # PowerShell has put its own directory before all others
    rest = [each for each in before["PATH"].split(":") if each != project.bin]
    assert inside["PATH"] == ":".join([project.bin, *rest])
    assert inside["VIRTUAL_ENV"] == str(project.env)
    if shell.inherits:
        assert after["PATH"] == ":".join(rest)
        assert "VIRTUAL_ENV" not in after


@each_posix
def test_a_child_shell_shows_the_name_once_and_then_not_at_all(
    driver: Driver, shell: Shell, project: Sample
) -> None:
    ran = driver.script(
        shell.export("PATH", f"{project.bin}:{driver.environ['PATH']}"),
        shell.export("VIRTUAL_ENV", project.env),
        shell.export("PS1", "(digits) $ "),
        shell.enter("."),
        driver.probe("inside"),
        shell.leave,
        driver.probe("after"),
        cwd=project.root,
    )
    assert ran.seen["inside"].env["PS1"] == "(digits) $ "
    assert ran.seen["after"].env["PS1"] == "$ "


def test_the_environment_of_another_project_is_left_first(
    driver: Driver, shell: Shell, project: Sample, tmp_path: Path, ready_env: Path
) -> None:
    other = make_sample(tmp_path.resolve() / "other", ready_env)
    ran = driver.script(
        driver.probe("before"),
        shell.enter(other.root),
        shell.enter(project.root),
        driver.probe("inside"),
        shell.leave,
        driver.probe("after"),
        cwd=tmp_path,
    )
    before, inside, after = (ran.seen[tag].lasting for tag in ("before", "inside", "after"))
    assert inside["PATH"] == f"{project.bin}:{before['PATH']}"
    assert after == before


@deep_posix
def test_a_venv_entered_by_its_own_script_is_left_first(
    driver: Driver, shell: Shell, project: Sample, ready_env: Path
) -> None:
    ran = driver.script(
        shell.export("PS1", "$ "),
        driver.probe("before"),
        shell.read(ready_env / "bin" / "activate"),
        shell.enter("."),
        driver.probe("inside"),
        shell.leave,
        driver.probe("after"),
        cwd=project.root,
    )
    before, inside, after = (ran.seen[tag].lasting for tag in ("before", "inside", "after"))
    assert inside["PATH"] == f"{project.bin}:{before['PATH']}"
    assert inside["PS1"] == "(digits) $ "
    assert after == before


@deep_posix
def test_the_script_of_another_venv_leaves_ours_first(
    driver: Driver, shell: Shell, project: Sample, ready_env: Path
) -> None:
    ran = driver.script(
        shell.export("PS1", "$ "),
        driver.probe("before"),
        shell.enter("."),
        shell.read(ready_env / "bin" / "activate"),
        driver.probe("inside"),
        shell.leave,
        driver.probe("after"),
        cwd=project.root,
    )
    before, inside, after = (ran.seen[tag].lasting for tag in ("before", "inside", "after"))
    assert project.bin not in inside["PATH"]
    assert after == before
