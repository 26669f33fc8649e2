"""One command at a time changes an environment and its files, and all of its files or none.

Files are replaced together: everything is written in full into a directory beside the settings.
Renaming that directory decides; from then on the work is carried out, by this command or by the
next one.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from .processes import say
from .project import Project, sha256

FILE = "tools/.env-turn"
"""Empty, ignored by git and never removed: who waits for a file must not wait for another one."""
_BEGUN = Path("tools", ".env-begun")
_DECIDED = Path("tools", ".env-decided")
_PLAN = "plan.json"


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
        finish(project.root)
        yield


def replace(root: Path, drafts: Mapping[Path, str]) -> list[Path]:
    """Put the drafts in place of the files of the project at `root`, in their order.

    Returns those that changed. An empty draft removes its file. Raises OSError, with all files as
    they were, where something cannot be written.
    """
    changed = {path: draft for path, draft in drafts.items() if not _holds(path, draft)}
    if not changed:
        return []
    begun = root / _BEGUN
    try:
        begun.mkdir()
        (begun / ".gitignore").write_text("*\n", encoding="utf-8")
        plan: list[tuple[str, str]] = []
        for path, draft in changed.items():
            written = begun / str(len(plan))
            # Whoever writes a draft has line endings of its own, and a person's stay.
            crlf = path.exists() and b"\r\n" in path.read_bytes()
            written.write_bytes((draft.replace("\n", "\r\n") if crlf else draft).encode())
            if path.exists():
                shutil.copymode(path, written)
            plan.append((str(path.relative_to(root)), sha256(path)))
        (begun / _PLAN).write_text(json.dumps(plan), encoding="utf-8")
        os.rename(begun, root / _DECIDED)
    except BaseException:
        shutil.rmtree(begun, ignore_errors=True)
        raise
    finish(root)
    return list(changed)


def finish(root: Path) -> None:
    """Carry out a replacement that was decided before its command was stopped.

    A file that somebody changed since then is left as it is, and that is said.
    """
    shutil.rmtree(root / _BEGUN, ignore_errors=True)
    decided = root / _DECIDED
    if not decided.exists():
        return
    for number, (name, before) in enumerate(json.loads((decided / _PLAN).read_bytes())):
        written, path = decided / str(number), root / name
        if not written.exists():
            continue
        if path.exists() and sha256(path) != before:
            say(f"note: {name} was changed after a command was stopped, and is left as it is")
        elif written.stat().st_size:
            os.replace(written, path)
        elif path.exists():
            path.unlink()
    shutil.rmtree(decided)


def _holds(path: Path, draft: str) -> bool:
    """Whether a file has this text already, whatever its line endings."""
    try:
        text = path.read_bytes().decode("utf-8", "replace")
    except OSError:
        return not draft
    return text.replace("\r\n", "\n") == draft.replace("\r\n", "\n") and bool(draft)


if sys.platform == "win32":
    import msvcrt
    import time

    def _take(file: BinaryIO, *, wait: bool) -> bool:
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

    def _take(file: BinaryIO, *, wait: bool) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        return True
