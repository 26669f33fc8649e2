"""A ready project for each test, and a shell to enter it with."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from shells.driver import Driver, Terminal
from shells.rows import SHELLS, Shell
from shells.sample import Sample, make_sample

# The driver of the other files is for POSIX: on Windows, cmd is run and activate.ps1 is parsed.
if os.name == "nt":
    collect_ignore = [
        each.name
        for each in Path(__file__).parent.glob("test_*.py")
        if each.name not in ("test_cmd.py", "test_powershell.py")
    ]


@pytest.fixture(params=SHELLS, ids=lambda shell: shell.name)
def shell(request: pytest.FixtureRequest) -> Shell:
    """Each shell of the table; one that is absent is skipped, or fails under SEEDBED_ALL_SHELLS."""
    row: Shell = request.param
    if not shutil.which(row.script[0]):
        reason = f"{row.script[0]} is not installed"
        if os.environ.get("SEEDBED_ALL_SHELLS"):
            pytest.fail(reason)
        pytest.skip(reason)
    return row


@pytest.fixture(scope="session")
def base_python() -> Path:
    """The interpreter that this one was made from: it can be linked to from anywhere."""
    if os.name == "nt":
        return Path(sys.base_prefix) / "python.exe"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return (Path(sys.base_prefix) / "bin" / f"python{version}").resolve()


@pytest.fixture(scope="session")
def ready_env(tmp_path_factory: pytest.TempPathFactory, base_python: Path) -> Path:
    env = tmp_path_factory.mktemp("ready") / "env"
    subprocess.run([base_python, "-m", "venv", "--without-pip", env], check=True)
    return env


@pytest.fixture
def tools(tmp_path: Path, base_python: Path) -> Path:
    """A directory for PATH with all that the helper may use and nothing else of the machine."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "python3").symlink_to(base_python)
    for name in ("cat", "ls", "printf", "sed", "sha256sum", "shasum", "tail", "uname"):
        if found := shutil.which(name):
            (tools / name).symlink_to(found)
    return tools


@pytest.fixture
def project(tmp_path: Path, ready_env: Path) -> Sample:
    # a name that is wrong wherever somebody forgot a pair of quotes
    return make_sample(tmp_path.resolve() / "my project [1]", ready_env)


@pytest.fixture
def driver(shell: Shell, tmp_path: Path, tools: Path) -> Driver:
    return Driver(shell, tmp_path, str(tools))


@pytest.fixture
def terminal(shell: Shell, tmp_path: Path, tools: Path) -> Iterator[Terminal]:
    opened = Terminal(shell, tmp_path, str(tools))
    yield opened
    opened.close()
