"""What is printed after a copy is for the shell in use, whatever $SHELL says."""

from __future__ import annotations

import sys
from pathlib import Path

import entering
import pytest
from shells.driver import Driver
from shells.rows import Shell
from shells.sample import Sample

HOOKS = Path(entering.__file__).parent
ASK = f"import os, sys; sys.path[:0] = [{str(HOOKS)!r}]; import entering; " + (
    "print(entering.command(os.environ))"
)


def test_the_shell_in_use_is_found(driver: Driver, shell: Shell, project: Sample) -> None:
    driver.environ |= {"SHELL": "/bin/none", "PATH": f"{driver.environ['PATH']}:/usr/bin:/bin"}
    ask = shell.call(sys.executable, "-B", "-c", ASK)
    ran = driver.script(ask, ask, cwd=project.root)  # two: some give their place to the last one
    assert ran.stdout.splitlines()[0] == shell.typed, ran.stderr


@pytest.mark.parametrize(
    ("environ", "name"),
    [({"PROMPT": "$P$G", "PSModulePath": "x"}, "cmd"), ({"PSModulePath": "x"}, "powershell")],
)
def test_windows_shells_are_told_apart(environ: dict[str, str], name: str) -> None:
    assert entering.on_windows(environ) == name


def test_a_shell_without_a_helper_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entering, "ancestors", lambda pid: iter(["python", "make", "elvish"]))
    assert entering.command({"SHELL": "/usr/bin/elvish"}) == ""


def test_a_shell_whose_helper_was_not_chosen_gets_none(
    monkeypatch: pytest.MonkeyPatch, project: Sample
) -> None:
    monkeypatch.setattr(entering, "ancestors", lambda pid: iter(["python", "tcsh"]))
    monkeypatch.chdir(project.root)
    assert entering.command({}) == "source activate.csh"
    (project.root / "activate.csh").unlink()
    assert entering.command({}) == ""
