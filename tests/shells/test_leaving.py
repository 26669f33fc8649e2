"""Leaving puts everything back, and nothing of the helper stays."""

from __future__ import annotations

import re

import pytest
from shells.driver import Driver
from shells.rows import Shell, deep, deep_posix, each_posix
from shells.sample import Sample

# at the start of a line: `_` holds the last word, and the body of deactivate names the others
OURS = re.compile(r"^(_seedbed_\w+|_OLD_VIRTUAL_\w+|deactivate)\b", re.MULTILINE)


@deep
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PS1", "%n\\u$ "),
        ("PYTHONHOME", "/some/where"),
        ("VIRTUAL_ENV", "/of/a/parent shell"),
        ("VIRTUAL_ENV_PROMPT", "parent"),
        ("UV_PROJECT_ENVIRONMENT", ".venv/"),
    ],
)
def test_leaving_restores_every_variable(
    name: str, value: str, driver: Driver, shell: Shell, project: Sample
) -> None:
    ran = driver.script(
        shell.export(name, value),
        driver.probe("before"),
        shell.enter("."),
        driver.probe("inside"),
        shell.leave,
        driver.probe("after", status=True),
        cwd=project.root,
    )
    assert ran.seen["inside"].python == project.python
    assert "PYTHONHOME" not in ran.seen["inside"].env
    assert ran.seen["after"].status == "0"
    assert ran.seen["after"].lasting == ran.seen["before"].lasting


@deep
@pytest.mark.parametrize("path", ["{}", ":{}", "{}:", "{}::/x", "/x::{}:"])
def test_leaving_restores_a_path_with_empty_entries(
    path: str, driver: Driver, shell: Shell, project: Sample
) -> None:
    driver.environ["PATH"] = path.format(driver.environ["PATH"])
    ran = driver.script(
        driver.probe("before"),
        shell.enter("."),
        shell.leave,
        driver.probe("after"),
        cwd=project.root,
    )
    # fish writes an empty entry as a dot
    assert ran.seen["after"].env["PATH"] == ran.seen["before"].env["PATH"]


@each_posix
def test_leaving_keeps_what_was_added_to_path_and_prompt_inside(
    driver: Driver, shell: Shell, project: Sample
) -> None:
    tools = driver.environ["PATH"]
    ran = driver.script(
        shell.export("PS1", "$ "),
        shell.enter("."),
        shell.export("PATH", f"/first:{project.bin}:{tools}:/last"),
        shell.export("PS1", "new (digits) $ "),
        shell.leave,
        driver.probe("after"),
        cwd=project.root,
    )
    assert ran.seen["after"].env["PATH"] == f"/first:{tools}:/last"
    assert ran.seen["after"].env["PS1"] == "new $ "


@deep
def test_no_name_stays_behind(driver: Driver, shell: Shell, project: Sample) -> None:
    ran = driver.script(shell.enter("."), shell.leave, shell.names, cwd=project.root)
    assert not OURS.findall(ran.stdout)


@deep_posix
def test_inside_only_what_leaving_needs_is_defined(
    driver: Driver, shell: Shell, project: Sample
) -> None:
    ran = driver.script(shell.enter("."), shell.names, cwd=project.root)
    # some have a PS1 in a script, too
    assert set(OURS.findall(ran.stdout)) - {"_OLD_VIRTUAL_PS1"} == {
        "deactivate",
        "_OLD_VIRTUAL_PATH",
        "_seedbed_bin",
        "_seedbed_ps1",
        "_seedbed_outer",
        "_seedbed_outer_prompt",
    }


@deep
def test_a_refusal_leaves_no_name_behind(driver: Driver, shell: Shell, project: Sample) -> None:
    (project.root / "tools" / "env.cfg").unlink()
    ran = driver.script(shell.enter("."), shell.names, cwd=project.root)
    assert "No tools/env.cfg" in ran.stderr
    assert not OURS.findall(ran.stdout)
