"""Entering and leaving in shells that people have set up in their own way."""

from __future__ import annotations

import pytest
from shells.driver import Driver
from shells.rows import POSIX, Shell
from shells.sample import Sample
from shells.settings import SETTINGS

ROWS = [
    pytest.param(
        shell,
        setting,
        id=f"{shell.name}: {setting}",
        marks=() if shell.name == "bash" else pytest.mark.thorough,
    )
    for shell in POSIX
    for trait in shell.traits
    for setting in SETTINGS[trait]
]


@pytest.mark.parametrize(("shell", "setting"), ROWS, indirect=["shell"])
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
