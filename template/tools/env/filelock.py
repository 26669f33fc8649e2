"""One at a time: two commands that change an environment or its lock take turns."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import BinaryIO

from . import transaction
from .processes import say
from .project import Project

FILE = "tools/.env-turn"
"""Empty, ignored by git and never removed: who waits for a file must not wait for another one."""


@contextmanager
def turn(project: Project) -> Iterator[None]:
    """Hold the project's turn; waits for another command that has it, and says so.

    The system's own lock on FILE, opened for writing as network disks want it: a dead holder holds
    nothing. But what it had started may live on and still write, after a SIGKILL: that inherits the
    turn. Where there is no lock to be had (a project that cannot be written to, a disk without
    locks), that is said and the work goes on. What a command that was stopped had decided to write
    is written first.
    """
    with ExitStack() as held:
        try:
            file = held.enter_context(open(project.root / FILE, "ab"))
            if not _take(file, wait=False):
                say(f"{project.env_label}: another tools/env is at work here, waiting for it")
                _take(file, wait=True)
            os.set_inheritable(file.fileno(), True)
        except OSError as error:
            say(f"{project.env_label}: it cannot be locked ({error}), so run one at a time")
        transaction.finish(project.root)
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
            file.seek(0)
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
