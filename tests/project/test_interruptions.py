"""Whenever and however a command is stopped, nothing is lost and the next one goes on."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.engine import Tiny, loopback_environ, tiny
from support.index import serve
from support.managers import make
from support.wheels import wheel

FILES = ("pyproject.toml", "requirements.txt", "requirements-dev.txt")
STOPS = {signal.SIGKILL: -9, signal.SIGINT: 130, signal.SIGTERM: 143}
MOMENTS = [part / 7 for part in range(8)]
pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")


@dataclass(frozen=True)
class Story:
    """A command that was seen through to its end once."""

    words: list[str]
    seconds: float
    before: dict[str, bytes]
    after: dict[str, bytes]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stories")


@pytest.fixture(scope="module")
def base(place: Path) -> Iterator[Tiny]:
    """A project that is locked and has its environment; copies of it get the commands."""
    wheelhouse = place / "wheels"
    wheelhouse.mkdir()
    (place / "home").mkdir()
    with serve(wheelhouse) as index:
        project = make("venv", place / "base", wheelhouse, loopback_environ(place, index))
        assert project.run("lock").returncode == 0
        project.sync()
        wheel(wheelhouse, "alpha", "1.1")
        wheel(wheelhouse, "delta", "1.0")
        yield project


@pytest.fixture(scope="module")
def stories(base: Tiny, place: Path) -> dict[str, Story]:
    found = {}
    for words in (["sync"], ["lock", "--upgrade"], ["add", "delta"], ["remove", "beta"]):
        project = _copy(base, place / f"story of {words[0]}")
        before = _files(project)
        started = time.monotonic()
        assert project.run(*words).returncode == 0
        seconds = time.monotonic() - started
        found[words[0]] = Story(words, seconds, before, _files(project))
    return found


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda part: f"{part:.0%}")
@pytest.mark.parametrize("number", STOPS, ids=lambda number: number.name)
@pytest.mark.parametrize("command", ["sync", "add"])
def test_a_command_that_is_stopped_leaves_all_or_nothing(
    base: Tiny,
    stories: dict[str, Story],
    tmp_path: Path,
    command: str,
    number: signal.Signals,
    moment: float,
) -> None:
    _stop_and_go_on(base, stories[command], tmp_path / "project", number, moment)


@pytest.mark.parametrize("moment", MOMENTS[3:7], ids=lambda part: f"{part:.0%}")
@pytest.mark.parametrize("command", ["lock", "remove"])
def test_the_other_commands_too(
    base: Tiny, stories: dict[str, Story], tmp_path: Path, command: str, moment: float
) -> None:
    _stop_and_go_on(base, stories[command], tmp_path / "project", signal.SIGKILL, moment)


def test_what_was_decided_is_carried_out_by_the_next_command(base: Tiny, tmp_path: Path) -> None:
    project = _copy(base, tmp_path / "project")
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "sys.path.insert(0, 'tools')\n"
        "from env import together\n"
        "replace, root = os.replace, Path.cwd()\n"
        "os.replace = lambda *paths: (replace(*paths), os._exit(9))\n"
        "together.replace(root, {root / name: f'{name} anew' for name in sys.argv[1:]})"
    )
    argv = [sys.executable, "-c", code, "requirements.txt", "pyproject.toml"]
    assert subprocess.run(argv, cwd=project.root, check=False).returncode == 9
    assert (project.root / "requirements.txt").read_text() == "requirements.txt anew"
    assert "anew" not in (project.root / "pyproject.toml").read_text()
    project.run("delete", "--yes")
    assert (project.root / "pyproject.toml").read_text() == "pyproject.toml anew"
    assert {path.name for path in (project.root / "tools").iterdir()} == {"env", "env.cfg"}


def test_a_file_that_was_changed_meanwhile_is_not_overwritten(base: Tiny, tmp_path: Path) -> None:
    project = _copy(base, tmp_path / "project")
    decided = project.root / "tools" / ".env-decided"
    decided.mkdir()
    (decided / "plan.json").write_text('[["pyproject.toml", "of another text"]]')
    (decided / "0").write_text("an old draft")
    before = _files(project)
    done = project.run("delete", "--yes")
    assert "pyproject.toml was changed after a command was stopped" in done.stderr
    assert _files(project) == before
    assert not decided.exists()


def _stop_and_go_on(
    base: Tiny, story: Story, root: Path, number: signal.Signals, moment: float
) -> None:
    project = _copy(base, root)
    code, text = _stopped(project, story.words, number, story.seconds * moment)
    assert "Traceback" not in text
    if code == -number != -signal.SIGKILL:  # all was done, and Python itself was about to end
        assert f"{project.env.name}: ready" in text
    else:
        assert code in (0, STOPS[number])
    if code > 0:
        assert text.endswith("the same command goes on from here\n")
    for name, content in _files(project).items():
        assert content in (story.before[name], story.after[name]), f"{name} is half written"
    project.sync()
    assert _files(project) in (story.before, story.after)
    assert project.info()["state"] == "ready"
    assert project.codes() == []
    assert {path.name for path in root.iterdir()} == {*FILES, ".venv", "tools"}
    assert {path.name for path in (root / "tools").iterdir()} == {"env", "env.cfg"}


def _stopped(
    project: Tiny, words: list[str], number: signal.Signals, seconds: float
) -> tuple[int, str]:
    """Exit code and standard error of a command that gets a signal so long after its start.

    SIGKILL goes to all of its processes, the others to itself: then its children must end too.
    """
    argv = [sys.executable, "-B", str(project.root / "tools" / "env"), *words]
    child = subprocess.Popen(
        argv,
        cwd=project.root,
        env=project.environ,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    _wait_for_its_handlers(child)
    try:
        _, text = child.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        send = os.killpg if number == signal.SIGKILL else os.kill
        send(child.pid, number)
        _, text = child.communicate(timeout=60)
        if number != signal.SIGKILL:
            assert not _running(child.pid)
    return child.returncode, text


def _running(group: int) -> list[str]:
    """What still runs in a process group; a program that was told to end gets a moment for it."""
    for _ in range(100):
        found = [name for name, state, pgid in _processes() if pgid == group and state != "Z"]
        if not found:
            break
        time.sleep(0.1)
    return found


def _processes() -> Iterator[tuple[str, str, int]]:
    """Name, state and group of every process; of none where the system has no /proc."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            name, _, rest = path.read_text().rpartition(") ")
            state, _, pgid = rest.split()[:3]
            yield name, state, int(pgid)


def _wait_for_its_handlers(child: subprocess.Popen[str]) -> None:
    """Before that, it is Python that is stopped, and not yet the command."""
    status = Path(f"/proc/{child.pid}/status")
    while status.exists() and child.poll() is None:
        caught = status.read_text().partition("SigCgt:")[2].split()[0]
        if int(caught, 16) >> (signal.SIGTERM - 1) & 1:
            return
        time.sleep(0.005)


def _copy(base: Tiny, root: Path) -> Tiny:
    """A copy of the project without its environment."""
    project = tiny(root, base.environ, lock="requirements-dev.txt", python_minimum="3.11")
    for name in FILES:
        shutil.copy(base.root / name, root / name)
    return project


def _files(project: Tiny) -> dict[str, bytes]:
    return {name: (project.root / name).read_bytes() for name in FILES}
