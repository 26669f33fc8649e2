"""Entering and leaving in shells that people have set up in their own way."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from shells.driver import Driver
from shells.rows import FISH, POSIX, POWERSHELL, TCSH, XONSH, Shell
from shells.sample import Sample
from shells.settings import SETTINGS


def under_settings(shells: Iterable[Shell]) -> pytest.MarkDecorator:
    rows = [
        pytest.param(
            shell,
            setting,
            id=f"{shell.name}: {setting}",
            marks=() if shell.name == "bash" else pytest.mark.thorough,
        )
        for shell in shells
        for trait in shell.traits
        for setting in SETTINGS[trait]
    ]
    return pytest.mark.parametrize(("shell", "setting"), rows, indirect=["shell"])


@under_settings(POSIX)
def test_entering_and_leaving_work_under_any_setting(
    setting: str, driver: Driver, shell: Shell, project: Sample
) -> None:
    ran = driver.script(
        setting,
        'printf \'%s\\n\' "path $PATH" "ifs ${IFS-unset}" "options $-"',
        driver.probe("before"),
        shell.enter(".."),
        driver.probe("inside", status=True),
        shell.enter(".."),
        shell.leave,
        driver.probe("after"),
        'printf \'%s\\n\' "path $PATH" "ifs ${IFS-unset}" "options $-"',
        cwd=project.root / "src",
    )
    assert ran.stderr == ""
    assert ran.seen["inside"].status == "0"
    assert ran.seen["inside"].python == project.python
    before, rest = ran.stdout.split("<<before>>\n")
    inside, after = rest.split("<<after>>\n")
    assert inside == "<<inside>>\n"
    assert after == before
    gone = {"VIRTUAL_ENV"} if "deactivate()" in setting else set()
    assert ran.seen["after"].env.keys() >= ran.seen["before"].env.keys() - gone
    assert "VIRTUAL_ENV_PROMPT" not in ran.seen["after"].env


@under_settings([FISH, TCSH, XONSH, *POWERSHELL[:1]])
def test_they_do_so_in_other_shells_too(
    setting: str, driver: Driver, shell: Shell, project: Sample
) -> None:
    ran = driver.script(
        setting,
        driver.probe("before"),
        shell.enter(".."),
        driver.probe("inside"),
        shell.enter(".."),
        shell.leave,
        driver.probe("after"),
        cwd=project.root / "src",
    )
    assert ran.stderr == ""
    assert ran.seen["inside"].python == project.python
    assert "PYTHONHOME" not in ran.seen["inside"].env
    assert ran.seen["after"].env["PATH"] == ran.seen["before"].env["PATH"]
    assert ran.seen["after"].env.get("PYTHONHOME") == ran.seen["before"].env.get("PYTHONHOME")
