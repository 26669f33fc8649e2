"""What the newest Python at hand warns of is gone before the next one breaks it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from support.engine import MINOR, Tiny, other_pythons
from support.template import ROOT

STRICT = ["-W", "error::DeprecationWarning", "-W", "error::PendingDeprecationWarning"]
COMMANDS = (["sync"], ["check"], ["check", "--fast"], ["info", "--pythons"], ["freeze"], ["lock"])


def newest() -> str:
    pythons = {**other_pythons(), MINOR: sys.executable}
    return pythons[max(pythons, key=lambda minor: int(minor.partition(".")[2]))]


@pytest.fixture
def asking(project: Tiny) -> Tiny:
    text = '[project]\nname = "tiny"\nversion = "1"\nrequires-python = ">=3.9"\n'
    text += 'dependencies = ["beta"]\n'
    (project.root / "pyproject.toml").write_text(text)
    return project


@pytest.mark.thorough
def test_no_command_of_the_engine_uses_what_will_go_away(asking: Tiny) -> None:
    for words in COMMANDS:
        argv = [newest(), *STRICT, "tools/env", *words]
        done = subprocess.run(
            argv, cwd=asking.root, env=asking.environ, capture_output=True, text=True, check=False
        )
        assert "Warning" not in done.stderr, words
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("folder", ["hooks", "template/tools"])
def test_no_file_is_written_in_a_way_that_will_go_away(folder: str) -> None:
    code = (
        "import pathlib, sys\n"
        "for path in pathlib.Path(sys.argv[1]).rglob('*.py'):\n"
        "    compile(path.read_bytes(), str(path), 'exec')\n"
    )
    argv = [newest(), *STRICT, "-W", "error::SyntaxWarning", "-c", code, str(ROOT / folder)]
    assert subprocess.run(argv, capture_output=True, text=True, check=False).stderr == ""
