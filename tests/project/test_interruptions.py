"""Whenever and however a command is stopped, nothing is lost and the next one goes on."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.engine import Tiny, loopback_environ, tiny
from support.index import serve
from support.managers import make
from support.wheels import wheel

FILES = ("pyproject.toml", "requirements.txt", "requirements-dev.txt")
ONCE = [signal.SIGKILL, signal.SIGINT, signal.SIGTERM]
MOMENTS = [part / 7 for part in range(8)]
MORE = [
    pytest.param(part, marks=pytest.mark.thorough if number % 4 else ())
    for number, part in enumerate(MOMENTS)
]
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


@pytest.mark.parametrize("moment", MORE, ids=lambda part: f"{part:.0%}")
@pytest.mark.parametrize("number", ONCE, ids=lambda number: number.name)
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


@pytest.mark.parametrize("moment", MORE[2::2], ids=lambda part: f"{part:.0%}")
@pytest.mark.parametrize(
    ("command", "number"),
    [
        ("lock", signal.SIGKILL),
        ("lock", signal.SIGINT),
        ("lock", signal.SIGTERM),
        ("remove", signal.SIGKILL),
        ("sync", signal.SIGHUP),
    ],
    ids=lambda each: each if isinstance(each, str) else each.name,
)
def test_the_other_commands_too(
    base: Tiny,
    stories: dict[str, Story],
    tmp_path: Path,
    command: str,
    number: signal.Signals,
    moment: float,
) -> None:
    _stop_and_go_on(base, stories[command], tmp_path / "project", number, moment)


@pytest.mark.parametrize("moment", MOMENTS[2:6], ids=lambda part: f"{part:.0%}")
def test_ctrl_c_on_a_terminal_hits_all_processes_and_may_come_twice(
    base: Tiny, stories: dict[str, Story], tmp_path: Path, moment: float
) -> None:
    story = stories["sync"]
    project = _copy(base, tmp_path / "project")
    with _begun(project, story.words) as child:
        _wait_for_its_handlers(child)
        time.sleep(story.seconds * moment)
        for _ in range(2):
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGINT)
            time.sleep(0.01)
        _, text = child.communicate(timeout=60)
    assert "Traceback" not in text
    if f"{project.env.name}: ready" not in text:
        assert child.returncode == -signal.SIGINT
        assert text.count("stopped; what is done is kept") == 1
        assert not _running(child.pid)
    _goes_on(project, story)


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash here")
def test_ctrl_c_ends_the_script_that_runs_it_too(base: Tiny, tmp_path: Path) -> None:
    project = _copy(base, tmp_path / "project")
    script = ["bash", "-c", '"$@"; echo and on it went', "script", *_argv(project, ["sync"])]
    with _started(project, script) as child:
        assert child.stderr is not None
        assert "making it" in child.stderr.readline()
        os.killpg(child.pid, signal.SIGINT)
        printed, _ = child.communicate(timeout=60)
    assert (child.returncode, printed) == (-signal.SIGINT, "")


def test_ctrl_c_before_anything_has_begun_ends_it_without_a_word(
    base: Tiny, tmp_path: Path
) -> None:
    for attempt in range(10):  # the moment is short, and a busy machine may look past it
        project = _copy(base, tmp_path / f"project {attempt}")
        with _begun(project, ["sync"]) as child:
            _wait_until(child, lambda: _catches(child, signal.SIGINT))  # Python is up,
            _wait_until(child, lambda: not _catches(child, signal.SIGINT))  # and the engine's turn
            child.send_signal(signal.SIGINT)
            _, text = child.communicate(timeout=60)
        if child.returncode != 0:
            break
    assert (child.returncode, text) == (-signal.SIGINT, "")


@pytest.mark.parametrize("moment", MOMENTS[2:6:2], ids=lambda part: f"{part:.0%}")
def test_freezing_can_be_killed_and_run_again(base: Tiny, tmp_path: Path, moment: float) -> None:
    project = _copy(base, tmp_path / "project")
    project.sync()
    before = _files(project)
    argv = [project.environ["UV"], "pip", "install", "--python", str(project.env), "delta"]
    subprocess.run(argv, cwd=project.root, env=project.environ, check=True, capture_output=True)
    _stopped(project, ["freeze"], signal.SIGKILL, 0.6 * moment)
    changed = [name for name, content in _files(project).items() if content != before[name]]
    done = project.run("freeze")
    if done.returncode:  # it had come to the last step, the installing
        assert "run: " in done.stderr or "Mend it with: " in done.stderr
        assert set(changed) <= set(FILES)
    project.sync()
    assert b"delta" in (project.root / "pyproject.toml").read_bytes()
    assert _files(project)["requirements.txt"].count(b"delta==1.0") == 1
    assert project.codes() == []


def test_deleting_can_be_killed_and_gone_on_with(base: Tiny, tmp_path: Path) -> None:
    project = _copy(base, tmp_path / "project")
    for milliseconds in (5, 15, 25):
        project.sync()
        _stopped(project, ["delete", "--yes"], signal.SIGKILL, milliseconds / 1000)
        assert project.info()["state"] in ("ready", "incomplete", "missing")
    project.sync()
    assert project.codes() == []


def test_what_was_decided_is_carried_out_by_the_next_command(base: Tiny, tmp_path: Path) -> None:
    project = _copy(base, tmp_path / "project")
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "sys.path.insert(0, 'tools')\n"
        "from env import transaction\n"
        "replace, root = os.replace, Path.cwd()\n"
        "os.replace = lambda *paths: (replace(*paths), os._exit(9))\n"
        "transaction.replace(root, {root / name: f'{name} anew' for name in sys.argv[1:]})"
    )
    argv = [sys.executable, "-c", code, "requirements.txt", "pyproject.toml"]
    assert subprocess.run(argv, cwd=project.root, check=False).returncode == 9
    assert (project.root / "requirements.txt").read_text() == "requirements.txt anew"
    assert "anew" not in (project.root / "pyproject.toml").read_text()
    project.run("delete", "--yes")
    assert (project.root / "pyproject.toml").read_text() == "pyproject.toml anew"
    assert {path.name for path in (project.root / "tools").iterdir()} == {
        "env",
        "env.cfg",
        ".env-turn",
    }


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
    assert code in (0, -number)
    if code and number != signal.SIGKILL and not text.endswith("goes on from here\n"):
        # all was done, and Python itself was about to end
        assert f"{project.env.name}: ready" in text or "Install it with: " in text
    for name, content in _files(project).items():
        assert content in (story.before[name], story.after[name]), f"{name} is half written"
    if number != signal.SIGKILL:
        assert not list(_scratch(project).glob("lock-*"))  # uv keeps a lock of its own there
    _goes_on(project, story)


def _goes_on(project: Tiny, story: Story) -> None:
    project.sync()
    assert _files(project) in (story.before, story.after)
    assert project.info()["state"] == "ready"
    assert project.codes() == []
    assert {path.name for path in project.root.iterdir()} == {*FILES, ".venv", "tools"}
    assert {path.name for path in (project.root / "tools").iterdir()} == {
        "env",
        "env.cfg",
        ".env-turn",
    }


def _stopped(
    project: Tiny, words: list[str], number: signal.Signals, seconds: float
) -> tuple[int, str]:
    """Exit code and standard error of a command that gets a signal so long after its start.

    SIGKILL goes to all of its processes, the others to itself: then its children must end too.
    """
    child = _begun(project, words)
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


def _begun(project: Tiny, words: list[str]) -> subprocess.Popen[str]:
    return _started(project, _argv(project, words))


def _argv(project: Tiny, words: list[str]) -> list[str]:
    return [sys.executable, "-B", str(project.root / "tools" / "env"), *words]


def _started(project: Tiny, argv: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        argv,
        cwd=project.root,
        env={**project.environ, "TMPDIR": str(_scratch(project))},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _scratch(project: Tiny) -> Path:
    """Where its commands put what is temporary."""
    folder = project.root.with_name(f"{project.root.name} scratch")
    folder.mkdir(exist_ok=True)
    return folder


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
    _wait_until(child, lambda: _catches(child, signal.SIGHUP))  # the last one to be set


def _wait_until(child: subprocess.Popen[str], true: Callable[[], bool]) -> None:
    while Path("/proc/self/status").exists() and child.poll() is None and not true():
        time.sleep(0.001)


def _catches(child: subprocess.Popen[str], number: signal.Signals) -> bool:
    """Whether a process has a handler for a signal."""
    try:
        text = Path(f"/proc/{child.pid}/status").read_text()
    except OSError:
        return False
    return int(text.partition("SigCgt:")[2].split()[0], 16) >> (number - 1) & 1 == 1


def _copy(base: Tiny, root: Path) -> Tiny:
    """A copy of the project without its environment."""
    project = tiny(root, base.environ, lock="requirements-dev.txt", python_minimum="3.11")
    for name in FILES:
        shutil.copy(base.root / name, root / name)
    return project


def _files(project: Tiny) -> dict[str, bytes]:
    return {name: (project.root / name).read_bytes() for name in FILES}


def test_what_a_killed_command_had_started_still_has_its_turn(base: Tiny, tmp_path: Path) -> None:
    """SIGKILL reaches the engine and not its uv, which goes on to write."""
    project = _copy(base, tmp_path / "project")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        index = f"http://127.0.0.1:{silent.getsockname()[1]}/simple"
        environ = {**project.environ, "UV_DEFAULT_INDEX": index, "UV_CACHE_DIR": str(tmp_path)}
        argv = [sys.executable, "tools/env", "lock", "--upgrade"]
        killed = subprocess.Popen(
            argv, cwd=project.root, env=environ, stderr=subprocess.DEVNULL, start_new_session=True
        )
        with silent.accept()[0]:  # its uv has asked, and waits
            killed.kill()
            killed.wait()
            argv = [sys.executable, "-u", "tools/env", "lock"]
            with subprocess.Popen(
                argv, cwd=project.root, env=project.environ, stderr=subprocess.PIPE, text=True
            ) as waiting:
                assert waiting.stderr
                assert "another tools/env is at work here" in waiting.stderr.readline()
                os.killpg(killed.pid, signal.SIGKILL)  # now what it had started, too
                waiting.communicate(timeout=60)
    assert waiting.returncode == 0
