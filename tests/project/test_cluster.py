"""What starts a command on many workers: each is held to the launcher's environment."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from environment import differences
from follow import follow
from support.engine import Tiny
from support.template import ROOT
from support.wheels import wheel

ENGINE = """\
from follow import follow

def launch(command, *, workers, expected):
    say = lambda line: print(line, flush=True)
    return {
        number: follow([*command, str(number)], root=".", expected=expected, say=say)
        for number in range(workers)
    }
"""


@pytest.fixture
def place(ready: Tiny) -> Tiny:
    """A project with an environment, and what starts workers."""
    folder = ready.root / "tools" / "cluster"
    source = ROOT / "template" / "tools" / "{% if scale_out %}cluster{% endif %}"
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("{%*"))
    return ready


def cluster(project: Tiny, *words: str, **extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "tools/cluster", *words],
        cwd=project.root,
        env={**project.environ, **extra},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def published(project: Tiny, *words: str) -> dict[str, Any]:
    done = cluster(project, "publish", *words)
    assert done.returncode == 0, done.stderr
    facts: dict[str, Any] = json.loads(done.stdout)
    (project.root / "launcher.json").write_text(done.stdout, encoding="utf-8")
    return facts


def eventually(happened: Callable[[], bool]) -> None:
    """Wait for something that another process does; the test's own time limit is the end of it."""
    while not happened():
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended and was not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def followed(
    place: Tiny,
    command: list[str],
    expected: str,
    said: list[str],
    wanted: Callable[[], bool] = lambda: True,
) -> tuple[int, list[str]]:
    with patch.dict(os.environ, place.environ, clear=True):
        return follow(
            command, root=str(place.root), expected=expected, say=said.append, wanted=wanted
        )


def test_what_is_published_is_the_proven_fingerprint_and_all_packages(place: Tiny) -> None:
    facts = published(place)
    assert facts["fingerprint"] == place.info()["fingerprint"]
    assert {"alpha==1.0", "beta==2.0"} <= facts["packages"].keys()


def test_a_worker_like_the_launcher_becomes_its_command(place: Tiny) -> None:
    published(place)
    code = "import os, sys; print(os.getpid(), sys.prefix); sys.exit(7)"
    argv = [sys.executable, "tools/cluster", "worker", "launcher.json", "--", "python", "-c", code]
    with subprocess.Popen(
        argv, cwd=place.root, env=place.environ, stdout=subprocess.PIPE, text=True
    ) as worker:
        told, _ = worker.communicate()
    assert told.split() == [str(worker.pid), str(place.env)]  # so that signals reach it
    assert worker.returncode == 7


def edited(place: Tiny, wheelhouse: Path) -> None:
    with open(place.site / "alpha" / "data.txt", "a", encoding="utf-8") as file:
        file.write("more")


def touched(place: Tiny, wheelhouse: Path) -> None:
    """The same size and time: only a hash shows it."""
    file = place.site / "alpha" / "data.txt"
    status = file.stat()
    file.write_bytes(bytes(byte ^ 1 for byte in file.read_bytes()))
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def added(place: Tiny, wheelhouse: Path) -> None:
    (place.site / "late.pth").write_text("import os\n", encoding="utf-8")


def upgraded(place: Tiny, wheelhouse: Path) -> None:
    place.lock(wheel(wheelhouse, "alpha", "1.1"), wheel(wheelhouse, "beta", "2.0"))
    place.sync()


def built_anew(place: Tiny, wheelhouse: Path) -> None:
    """Another file of the same version in the lock."""
    place.lock(
        wheel(wheelhouse, "alpha", "1.0", files={"alpha/new.py": b"x = 1\n"}),
        wheel(wheelhouse, "beta", "2.0"),
    )
    shutil.rmtree(place.env)
    place.sync()


@pytest.mark.parametrize(
    ("change", "happened", "mend"),
    [
        (edited, "file-edited: alpha/data.txt", "Mend it with: "),
        (touched, "file-edited: alpha/data.txt", "sync --full"),
        (added, "stray-pth: ", "Mend it with: "),
        (
            upgraded,
            "alpha==1.0 is in the launcher's only.",
            "the launcher's commit",
        ),
        (built_anew, "alpha==1.0 was installed from another file.", "the launcher's commit"),
    ],
)
def test_a_worker_in_another_environment_says_what_differs_and_does_nothing(
    change: Callable[[Tiny, Path], None], happened: str, mend: str, place: Tiny, wheelhouse: Path
) -> None:
    published(place, *["--full"] * (change is touched))
    change(place, wheelhouse)
    done = cluster(place, "worker", "launcher.json", "--", "python", "-c", "open('ran', 'w')")
    assert done.returncode == 3
    first, second = done.stderr.splitlines()
    assert happened in first
    assert mend in second
    assert not (place.root / "ran").exists()


def test_a_launcher_whose_environment_is_not_its_lock_starts_nothing(
    place: Tiny, wheelhouse: Path
) -> None:
    (place.root / "tools" / "cluster" / "on_slurm.py").write_text(ENGINE, encoding="utf-8")
    edited(place, wheelhouse)
    done = cluster(place, "launch", "--on", "slurm", "--", "python", "-c", "open('ran', 'w')")
    assert done.returncode == 3
    assert "file-edited" in done.stderr
    assert not (place.root / "ran").exists()


SAME: dict[str, Any] = {
    "lock": "a",
    "python": "3.13.1",
    "platform": "linux-x86_64",
    "packages": {"x==1": "f"},
}


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ({}, []),
        ({"python": "3.12.2"}, ["Python is 3.13.1, the launcher's is 3.12.2."]),
        ({"platform": "macos"}, ["The platform is linux-x86_64, the launcher's is macos."]),
        ({"lock": "b"}, ["The lock is another one."]),
        ({"packages": {"x==1": "g"}}, ["x==1 was installed from another file."]),
        (
            {"packages": {"x==2": "f"}},
            ["x==1 is not in the launcher's.", "x==2 is in the launcher's only."],
        ),
    ],
)
def test_each_difference_is_a_sentence(other: dict[str, Any], expected: list[str]) -> None:
    assert differences(SAME, {**SAME, **other}) == expected


def test_a_worker_ends_with_all_that_it_started_when_whoever_started_it_is_gone(
    place: Tiny,
) -> None:
    code = (
        "import os, subprocess, sys, time\n"
        "inner = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print(os.getpid(), inner.pid, flush=True)\n"
        "time.sleep(600)"
    )
    argv = [sys.executable, "tools/cluster", "worker", "-", "--", "python", "-c", code]
    with subprocess.Popen(
        argv,
        cwd=place.root,
        env=place.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as worker:
        assert worker.stdin
        assert worker.stdout
        worker.stdin.write(json.dumps(published(place)) + "\n")
        worker.stdin.flush()
        started = [int(pid) for pid in worker.stdout.readline().split()]
        assert all(map(alive, started))
        worker.stdin.close()
        assert worker.wait() == 128 + signal.SIGTERM
    eventually(lambda: not any(map(alive, started)))


def test_a_command_that_is_told_to_end_may_finish_what_it_writes(place: Tiny) -> None:
    code = (
        "import signal, sys, time\n"
        "def stop(*_):\n"
        "    open('checkpoint', 'w').close()\n"
        "    sys.exit(5)\n"
        "signal.signal(signal.SIGTERM, stop)\n"
        "print('ready', flush=True)\n"
        "time.sleep(600)"
    )
    expected = json.dumps(published(place))
    ready: list[str] = []
    ended = followed(place, ["python", "-c", code], expected, ready, lambda: not ready)
    assert ended == (5, ["ready"])
    assert (place.root / "checkpoint").exists()


def test_of_what_a_worker_prints_the_first_and_the_last_lines_are_told(place: Tiny) -> None:
    said: list[str] = []
    code = "import sys\nfor number in range(50): print(number)\nsys.exit(4)"
    ended = followed(place, ["python", "-c", code], json.dumps(published(place)), said)
    assert ended == (4, [str(number) for number in range(30, 50)])
    assert (said[0], said[-1]) == ("0", "49")
    assert len(said) < 50


def test_a_project_that_a_machine_does_not_see_is_said(tmp_path: Path) -> None:
    code, lines = follow(["x"], root=str(tmp_path / "gone"), expected="{}", say=print)
    assert code == 3
    assert "The project is not on " in lines[0]


def test_a_launch_says_which_worker_failed_and_how(place: Tiny) -> None:
    (place.root / "tools" / "cluster" / "on_slurm.py").write_text(ENGINE, encoding="utf-8")
    code = "import sys; print('hello', sys.argv[1]); sys.exit(9 * int(sys.argv[1]))"
    done = cluster(place, "launch", "--on", "slurm", "--workers", "2", "--", "python", "-c", code)
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "hello 0",
        "hello 1",
        "worker 1 failed, exit code 9:",
        "  hello 1",
        "1 of 2 workers ended well",
    ]


def test_an_engine_that_was_not_chosen_is_said_with_the_answer_that_brings_it(
    place: Tiny,
) -> None:
    done = cluster(place, "launch", "--on", "ray", "--", "x")
    assert done.returncode == 3
    assert "no launcher for ray" in done.stderr
    assert "scale_out" in done.stderr
