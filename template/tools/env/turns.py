"""One at a time: two commands that change an environment or its lock take turns."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from . import together
from .ambient import say
from .project import SETTINGS, Project


@contextmanager
def turn(project: Project) -> Iterator[None]:
    """Hold the project's turn; waits for another command that has it, and says so.

    The system's own lock on tools/env.cfg: nothing is written, and a dead holder holds nothing. But
    what it had started may live on and still write, after a SIGKILL: that inherits the turn.
    Where the file system has no locks (some network disks), that is said and the work goes on.
    What a command that was stopped had decided to write is written first.
    """
    with open(project.root / SETTINGS, "rb") as file:
        try:
            if not _take(file, wait=False):
                say(f"{project.env_label}: another tools/env is at work here, waiting for it")
                _take(file, wait=True)
        except OSError as error:
            say(f"{project.env_label}: this disk has no locks ({error}), so run one at a time")
        os.set_inheritable(file.fileno(), True)
        together.finish(project.root)
        yield


if sys.platform == "win32":
    import msvcrt
    import time

    def _take(file: BinaryIO, wait: bool) -> bool:
        while not _taken(file):
            if not wait:
                return False
            time.sleep(0.1)
        return True

    def _taken(file: BinaryIO) -> bool:
        try:
            file.seek(1 << 30)  # a byte beyond the text, since this lock keeps readers out too
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

else:
    import fcntl

    def _take(file: BinaryIO, wait: bool) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        return True
