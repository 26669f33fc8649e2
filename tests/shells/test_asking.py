"""What the engine answers to activation helpers: words of each shell, and cmd's code page."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from shells.driver import Driver
from shells.rows import NU, Shell, rows
from shells.sample import Sample
from shells.spoil import nothing_there

from env import shells


def ask(project: Sample, *words: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-IS", project.root / "tools" / "env", "shell", *words],
        cwd=project.root,
        env={"PATH": os.environ["PATH"]},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("shell", "text", "typed"),
    [
        ("powershell", "a/b.c", "a/b.c"),
        ("powershell", "two words", "'two words'"),
        ("powershell", "it's", "'it''s'"),
        ("powershell", "it\u2019s \u201bso", "'it\u2019\u2019s \u201b\u201bso'"),
        ("powershell", "$HOME`", "'$HOME`'"),
        ("cmd", "a & b", '"a & b"'),
        ("xonsh", "it's", '"it\'s"'),
        ("xonsh", "$HOME", "'$HOME'"),
        ("nu", "it's", "r#'it's'#"),
        ("nu", "a'#b", "r##'a'#b'##"),
    ],
)
def test_a_word_is_written_as_the_shell_reads_it(shell: str, text: str, typed: str) -> None:
    assert shells.SHELLS[shell].word(text) == typed


@pytest.mark.parametrize("shell", ["nu", "powershell", "xonsh"])
def test_a_ready_environment_is_told_in_ascii_json(shell: str, project: Sample) -> None:
    place = project.root.with_name("za\u017c\u00f3\u0142\u0107")
    project.root.rename(place)
    project = Sample(place, place / ".venv")
    project.stamp()
    code, stdout, stderr = ask(project, shell)
    assert (code, stderr) == (0, "")
    assert stdout.isascii()
    assert json.loads(stdout) == {
        "path": [project.bin],
        "variables": {
            "VIRTUAL_ENV": str(project.env),
            "VIRTUAL_ENV_PROMPT": "digits",
            "PYTHONHOME": None,
        },
        "enter": [],
        "leave": [],
    }


def test_a_conda_prefix_and_its_scripts_are_told(project: Sample) -> None:
    prefix = project.env / "conda"
    (prefix / "conda-meta").mkdir(parents=True)
    for name in ("activate.d/b.ps1", "activate.d/a.ps1", "activate.d/a.sh", "deactivate.d/a.ps1"):
        script = prefix / "etc" / "conda" / name
        script.parent.mkdir(parents=True, exist_ok=True)
        script.touch()
    told = json.loads(ask(project, "powershell")[1])
    assert told["path"] == [project.bin, str(prefix / "bin")]
    assert told["variables"]["CONDA_PREFIX"] == str(prefix)
    assert told["variables"]["CONDA_DEFAULT_ENV"] == "digits"
    assert [Path(each).name for each in told["enter"]] == ["a.ps1", "b.ps1"]
    assert [Path(each).name for each in told["leave"]] == ["a.ps1"]


@pytest.mark.parametrize(("shell", "told"), [("cmd", "CODE=1\n"), ("powershell", "")])
def test_a_refusal_is_said_and_leaves_nothing_to_do(shell: str, told: str, project: Sample) -> None:
    nothing_there(project)
    code, stdout, stderr = ask(project, shell)
    assert (code, stdout) == (1, told)
    assert stderr.startswith(
        f"{shells.SHELLS[shell].helper}: There is no environment at .venv yet."
    )


def test_what_is_wrong_with_the_project_is_a_refusal(project: Sample) -> None:
    (project.root / "tools" / "env.cfg").write_text("name = x\n")
    code, stdout, stderr = ask(project, "powershell")
    assert (code, stdout) == (1, "")
    assert stderr.startswith("activate.ps1: tools/env.cfg in ")


def test_an_unknown_shell_is_wrong_use(project: Sample) -> None:
    assert ask(project, "elvish")[0] == 2


ANSWER = {
    "path": ["C:\\\u0142", "C:\\b"],
    "variables": {"VIRTUAL_ENV": "C:\\\u0142", "PYTHONHOME": None},
}


def test_cmd_gets_lines_in_its_code_page() -> None:
    lines = shells.lines(ANSWER, "cp852").decode("cp852").splitlines()
    path = os.pathsep.join(ANSWER["path"])
    assert lines == ["CODE=0", f"PATH={path}", "VIRTUAL_ENV=C:\\\u0142", "PYTHONHOME="]


def test_a_letter_that_the_code_page_lacks_is_named() -> None:
    with pytest.raises(shells.Refused) as refused:
        shells.lines(ANSWER, "cp437")
    assert str(refused.value) == (
        "This console's code page (cp437) has no '\u0142', which is in C:\\\u0142. "
        "Take one that has, then enter:\n    chcp 65001"
    )


def imported(project: Sample) -> Iterator[str]:
    argv = [sys.executable, "-IS", "-X", "importtime", str(project.root / "tools" / "env")]
    done = subprocess.run([*argv, "shell", "nu"], capture_output=True, text=True, check=True)
    for line in done.stderr.splitlines():
        if line.startswith("import time:"):
            yield line.rpartition("|")[2].strip()


def test_a_ready_environment_imports_little_of_the_engine(project: Sample) -> None:
    found = set(imported(project))
    assert {name for name in found if name.startswith("env.")} == {
        "env.shells", "env.errors", "env.project", "env.state", "env.manifest", "env.markers",
    }  # fmt: skip
    assert not found & {"argparse", "subprocess", "tempfile", "ctypes"}


@rows([NU])
def test_nushell_on_windows_enters_by_the_engines_answer(
    driver: Driver, shell: Shell, project: Sample, tools: Path
) -> None:
    """The branch for Windows, taken here: what it asks and does is the same."""
    helper = project.root / shell.helper
    text = helper.read_text(encoding="utf-8")
    assert "$nu.os-info.name == 'windows'" in text
    helper.write_text(text.replace("$nu.os-info.name == 'windows'", "true"), encoding="utf-8")
    (tools / "python3").rename(tools / "py")
    ran = driver.script(shell.enter("."), driver.probe("inside"), cwd=project.root)
    assert ran.seen["inside"].python == project.python
    nothing_there(project)
    ran = driver.script(shell.enter("."), driver.probe("next"), cwd=project.root)
    assert not ran.seen
    assert "activate.nu: There is no environment at .venv yet." in ran.stderr
