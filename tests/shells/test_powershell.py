"""activate.ps1 without a PowerShell: its grammar, and that it calls nothing unknown.

Where there is a PowerShell on Linux or macOS, it is a row of rows.py like the other shells. On
Windows both of its PowerShells enter and leave here.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import tree_sitter
import tree_sitter_powershell
from shells.driver import Driver
from shells.rows import POWERSHELL, Shell, rows
from shells.sample import TEMPLATE, Sample, make_sample
from shells.spoil import nothing_there

HELPER = TEMPLATE / "activate.ps1"
CMDLETS = {
    "convertfrom-json", "copy-item", "get-command", "get-item", "join-path", "remove-item",
    "remove-variable", "select-object", "set-item", "test-path", "where-object", "write-error",
    "write-host", "write-warning", "_old_virtual_prompt",
}  # fmt: skip
"""What every PowerShell from 5.1 on has, and the prompt that the helper keeps by this name."""


def nodes(node: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    yield node
    for child in node.children:
        yield from nodes(child)


def problems(source: bytes) -> list[str]:
    """What cannot be right, with its line."""
    language = tree_sitter.Language(tree_sitter_powershell.language())
    root = tree_sitter.Parser(language).parse(source).root_node
    found, called, defined = [], [], set(CMDLETS)
    for node in nodes(root):
        text, line = (node.text or b"").decode(), node.start_point[0] + 1
        if node.type == "ERROR" or node.is_missing:
            found.append(f"{line}: syntax")
        elif node.type == "function_name":
            defined.add(text.lower().rpartition(":")[2])
        elif node.type == "command_name" and not text.startswith("$"):
            called.append((text, line))
        elif node.type == "generic_token" and text.lstrip().startswith(("=", "&", "|", "!")):
            found.append(f"{line}: {text}")
    return found + [f"{at}: {name}" for name, at in called if name.lower() not in defined]


def test_the_helper_parses_and_calls_nothing_unknown() -> None:
    assert problems(HELPER.read_bytes()) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("$found = $answer |", "$found = ($answer |"),
        ("if (-not $python)", "if -not $python"),
        ("function say(", "functoin say("),
        ("Remove-Item ", "Remove-Itme "),
        ("} else {", "} else "),
        ("foreach ($each in", "foreach ($each im"),
        ("say 'No tools", "say 'No tools\n'"),
    ],
)
def test_a_slip_would_be_seen(right: str, wrong: str) -> None:
    source = HELPER.read_text(encoding="utf-8")
    assert right in source
    assert problems(source.replace(right, wrong).encode())


def test_it_is_plain_ascii() -> None:
    assert (
        HELPER.read_bytes().isascii()
    )  # 5.1 reads a file without a mark in the system's code page


if POWERSHELL:

    @rows(POWERSHELL[:1])
    def test_a_refusal_stops_a_script_that_stops_at_errors(
        driver: Driver, shell: Shell, project: Sample
    ) -> None:
        nothing_there(project)
        ran = driver.script(shell.strict, shell.enter("."), driver.probe("n"), cwd=project.root)
        assert ran.status != 0
        assert not ran.seen

    @rows(POWERSHELL[:1])
    def test_the_prompt_is_told_whether_the_last_command_failed(
        driver: Driver, shell: Shell, project: Sample
    ) -> None:
        ran = driver.script(
            'function global:prompt { "<<$?>>" }',
            shell.enter("."),
            "Get-Item ./nothing -ErrorAction Ignore",
            "prompt",
            "$null = 1",
            "prompt",
            cwd=project.root,
        )
        assert ran.stdout.splitlines() == ["(digits) <<False>>", "(digits) <<True>>"]


STORY = """\
$before = $env:PATH
. ./activate.ps1
python -c "import sys; print(sys.prefix)"
$env:VIRTUAL_ENV
deactivate
$env:PATH -eq $before
Test-Path Env:VIRTUAL_ENV
Test-Path Function:deactivate
"""

if os.name == "nt":

    @pytest.mark.parametrize("program", ["powershell", "pwsh"])
    def test_it_enters_and_leaves(program: str, tmp_path: Path, ready_env: Path) -> None:
        project = make_sample(tmp_path.resolve() / "my project & [1]", ready_env)
        (tmp_path / "story.ps1").write_text(STORY, encoding="ascii")
        done = subprocess.run(
            [program, "-NoProfile", "-ExecutionPolicy", "Bypass", "-File", tmp_path / "story.ps1"],
            cwd=project.root,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr == ""
        place = str(project.env)
        assert done.stdout.splitlines() == [place, place, "True", "False", "False"]
