# Owned by the template.
"""A worker's process, followed from inside Dask or Ray; nothing here needs another of our modules.

Both get this module by value: a worker's Python need not know where the project is.
"""

from __future__ import annotations

import contextlib
import platform
import subprocess
import sys
import threading
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
    wanted: Callable[[], bool] = lambda: True,
) -> Ended:
    """Run a worker of the project in `root`; its exit code and last lines.

    `expected` is the launcher's environment, in JSON. `say` gets the newest line, now and then.
    Once nobody has `wanted` it any more, and when this process ends, the worker is told to end.
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
            start_new_session=True,  # a Ctrl-C is for the launcher
        )
    except OSError as error:
        return 3, [f"error: The project is not on {platform.node()}: {error}.", "Share it there."]
    last, told, unsaid = deque[str](maxlen=KEPT), 0.0, ""
    with worker:
        assert worker.stdin
        assert worker.stdout
        commands = worker.stdin

        def watch() -> None:
            while worker.poll() is None and wanted():
                time.sleep(PAUSE)
            commands.close()

        with contextlib.suppress(BrokenPipeError):  # it says why it went
            commands.write(expected + "\n")
            commands.flush()
        threading.Thread(target=watch, daemon=True).start()
        for line in worker.stdout:
            last.append(line.rstrip())
            unsaid = last[-1]
            if time.monotonic() - told >= PAUSE:
                say(unsaid)
                told, unsaid = time.monotonic(), ""
        if unsaid:
            say(unsaid)
    return worker.wait(), list(last)
