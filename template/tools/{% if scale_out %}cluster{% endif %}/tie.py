# Owned by the template.
"""Ends a process and all that it started once standard input is closed: a process of its own.

Whoever holds the other end may be killed at any moment, and so may a worker: Ray kills the
processes that one of its own has started, and what those have started it leaves running.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time

PATIENCE = 30
"""Seconds to write a checkpoint in, for what was told to end."""


def tie(pid: int) -> subprocess.Popen[bytes]:
    """Let the group of this process end with our standard input."""
    return subprocess.Popen(
        [sys.executable, "-I", __file__, str(pid)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def end(pid: int, name: str = "SIGTERM") -> None:
    """Send a signal to a process and all that it started; where there are no groups, kill it."""
    with contextlib.suppress(OSError):  # it is gone
        if os.name == "nt":
            os.kill(pid, signal.SIGTERM)
        else:
            os.killpg(pid, getattr(signal, name))


def main(pid: int) -> None:
    while os.read(0, 1024):
        pass
    end(pid)
    time.sleep(PATIENCE)
    end(pid, "SIGKILL")


if __name__ == "__main__":
    main(int(sys.argv[1]))
