# Owned by the template.
"""A worker's process, followed from inside Dask or Ray; nothing here needs another of our modules.

Both get this module by value: a worker's Python need not know where the project is.
"""

from __future__ import annotations

import contextlib
import platform
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence

PAUSE = 1.0
"""Seconds from one line that is told to the next: a thousand workers share one terminal."""

KEPT = 20
"""Of a worker that fails, so many lines are told."""


Ended = tuple[int, list[str]]
"""The exit code of a worker, and its last lines."""


def follow(
    command: Sequence[str],
    *,
    root: str,
    expected: str,
    say: Callable[[str], None],
    started: Callable[[int], None] = lambda pid: None,
) -> Ended:
    """Run a worker of the project in `root`; its exit code and last lines.

    `expected` is the launcher's environment, in JSON. `say` gets the newest line, now and then.
    """
    argv = [sys.executable, "tools/cluster", "worker", "-", "--", *command]
    try:
        worker = subprocess.Popen(
            argv,
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        return 3, [f"error: The project is not on {platform.node()}: {error}.", "Share it there."]
    assert worker.stdin
    assert worker.stdout
    last, told, unsaid = deque[str](maxlen=KEPT), 0.0, ""
    try:
        started(worker.pid)
        with contextlib.suppress(BrokenPipeError):  # it says why it went
            worker.stdin.write(expected + "\n")
            worker.stdin.flush()
        for line in worker.stdout:
            last.append(line.rstrip())
            unsaid = last[-1]
            if time.monotonic() - told >= PAUSE:
                say(unsaid)
                told, unsaid = time.monotonic(), ""
        if unsaid:
            say(unsaid)
    finally:
        with contextlib.suppress(BrokenPipeError):
            worker.stdin.close()
    return worker.wait(), list(last)
