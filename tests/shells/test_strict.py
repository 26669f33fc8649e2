"""Entering in scripts that stop at the first error."""

from __future__ import annotations

from shells.driver import Driver
from shells.rows import Shell, each_posix
from shells.sample import Sample


@each_posix
def test_a_script_that_stops_at_errors_goes_on(
    driver: Driver, shell: Shell, project: Sample
) -> None:
    ran = driver.script(
        shell.strict,
        shell.enter("."),
        shell.enter("."),
        shell.leave,
        driver.probe("after"),
        cwd=project.root,
    )
    assert ran.status == 0
    assert "after" in ran.seen
    assert ran.silent, ran


@each_posix
def test_a_refusal_stops_a_script_that_stops_at_errors(
    driver: Driver, shell: Shell, project: Sample
) -> None:
    (project.root / "tools" / "env.cfg").unlink()
    ran = driver.script(shell.strict, shell.enter("."), driver.probe("after"), cwd=project.root)
    assert ran.status == 1
    assert "after" not in ran.seen
    assert "No tools/env.cfg" in ran.stderr


@each_posix
def test_a_script_that_stops_at_errors_can_catch_a_refusal(
    driver: Driver, shell: Shell, project: Sample
) -> None:
    (project.root / "tools" / "env.cfg").unlink()
    ran = driver.script(
        shell.strict,
        shell.enter(".") + " || echo caught",
        driver.probe("after"),
        cwd=project.root,
    )
    assert "caught" in ran.stdout
    assert "after" in ran.seen
