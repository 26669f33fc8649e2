"""Entering where an environment is active already."""

from __future__ import annotations

from pathlib import Path

from shells.driver import Driver
from shells.rows import Shell
from shells.sample import Sample, make_sample


def test_entering_twice_is_entering_once(driver: Driver, shell: Shell, project: Sample) -> None:
    ran = driver.script(
        shell.export("PS1", "$ "),
        driver.probe("before"),
        shell.enter("./activate.sh"),
        driver.probe("once"),
        shell.enter("./activate.sh"),
        driver.probe("twice"),
        shell.leave,
        driver.probe("after"),
        cwd=project.root,
    )
    assert ran.seen["twice"].lasting == ran.seen["once"].lasting
    assert ran.seen["after"].lasting == ran.seen["before"].lasting
    assert ran.silent, ran


def test_a_child_shell_of_an_entered_one_can_enter_and_leave(
    driver: Driver, shell: Shell, project: Sample
) -> None:
    tools = driver.environ["PATH"]
    ran = driver.script(  # what a child shell inherits: variables, and no function
        shell.export("PATH", f"{project.bin}:{tools}"),
        shell.export("VIRTUAL_ENV", project.env),
        shell.export("VIRTUAL_ENV_PROMPT", "digits"),
        shell.export("PS1", "(digits) $ "),
        shell.enter("./activate.sh"),
        driver.probe("inside"),
        shell.leave,
        driver.probe("after"),
        cwd=project.root,
    )
    inside, after = ran.seen["inside"].env, ran.seen["after"].env
    assert inside["PATH"] == f"{project.bin}:{tools}"
    assert inside["PS1"] == "(digits) $ "
    assert after["PATH"] == tools
    assert after["PS1"] == "$ "
    assert "VIRTUAL_ENV" not in after


def test_the_environment_of_another_project_is_left_first(
    driver: Driver, shell: Shell, project: Sample, tmp_path: Path, ready_env: Path
) -> None:
    other = make_sample(tmp_path.resolve() / "other", ready_env)
    ran = driver.script(
        driver.probe("before"),
        shell.enter(other.root / "activate.sh"),
        shell.enter(project.root / "activate.sh"),
        driver.probe("inside"),
        shell.leave,
        driver.probe("after"),
        cwd=tmp_path,
    )
    before, inside, after = (ran.seen[tag].lasting for tag in ("before", "inside", "after"))
    assert inside["PATH"] == f"{project.bin}:{before['PATH']}"
    assert after == before


def test_a_venv_entered_by_its_own_script_is_left_first(
    driver: Driver, shell: Shell, project: Sample, ready_env: Path
) -> None:
    ran = driver.script(
        shell.export("PS1", "$ "),
        driver.probe("before"),
        shell.enter(ready_env / "bin" / "activate"),
        shell.enter("./activate.sh"),
        driver.probe("inside"),
        shell.leave,
        driver.probe("after"),
        cwd=project.root,
    )
    before, inside, after = (ran.seen[tag].lasting for tag in ("before", "inside", "after"))
    assert inside["PATH"] == f"{project.bin}:{before['PATH']}"
    assert inside["PS1"] == "(digits) $ "
    assert after == before


def test_the_script_of_another_venv_leaves_ours_first(
    driver: Driver, shell: Shell, project: Sample, ready_env: Path
) -> None:
    ran = driver.script(
        shell.export("PS1", "$ "),
        driver.probe("before"),
        shell.enter("./activate.sh"),
        shell.enter(ready_env / "bin" / "activate"),
        driver.probe("inside"),
        shell.leave,
        driver.probe("after"),
        cwd=project.root,
    )
    before, inside, after = (ran.seen[tag].lasting for tag in ("before", "inside", "after"))
    assert project.bin not in inside["PATH"]
    assert after == before
