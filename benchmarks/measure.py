"""Runs commands against the clock, and measures folders."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

Way = Callable[[], float]
"""One way to do something: prepares what is not measured, does it, and returns its seconds."""


class Failed(Exception):
    """A command that was measured did not end well; the text says which, and what it printed."""


class Size(NamedTuple):
    files: int
    megabytes: float
    """Of content, in millions of bytes."""


def run(argv: Sequence[str | Path], cwd: Path, environ: Mapping[str, str]) -> float:
    """The seconds that a command takes. Raises Failed unless its exit code is 0."""
    words = [str(word) for word in argv]
    started = time.perf_counter()
    done = subprocess.run(
        words,
        cwd=cwd,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    took = time.perf_counter() - started
    if done.returncode != 0:
        printed = done.stdout.decode("utf-8", "replace").strip()
        raise Failed(f"`{' '.join(words)}` ended with {done.returncode}:\n{printed}")
    return took


def medians(ways: Mapping[str, Way], rounds: int) -> dict[str, float]:
    """Median seconds of each way, after one round that is not counted.

    The ways take turns, so that a busy minute of the machine is not charged to one of them.
    """
    for way in ways.values():
        way()
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            taken[name].append(way())
    return {name: median(seconds) for name, seconds in taken.items()}


def content(folder: Path) -> Size:
    """What a folder holds, without following symbolic links."""
    sizes = [entry.stat(follow_symlinks=False).st_size for entry in _files(folder)]
    return Size(len(sizes), sum(sizes) / 1e6)


def disk(folder: Path, counted: set[tuple[int, int]]) -> int:
    """Bytes of disk that a folder takes, leaving out files in `counted` and adding its own there.

    So a file with many hard links is charged to the first folder that is asked about, as by `du`.
    """
    taken = 0
    for entry in _files(folder):
        status = entry.stat(follow_symlinks=False)
        if (status.st_dev, status.st_ino) not in counted:
            counted.add((status.st_dev, status.st_ino))
            taken += status.st_blocks * 512
    return taken


def _files(folder: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _files(Path(entry.path))
            else:
                yield entry
