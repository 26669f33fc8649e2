"""Runs under way: each in a hidden folder until it is complete, where a stopped one can go on."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from errno import EACCES, EAGAIN
from itertools import count
from pathlib import Path
from secrets import token_hex
from shutil import rmtree
from typing import IO, Any

from .errors import UserError
from .files import shown
from .runs import INFO, read_json, write_json

ASKED, CHECKPOINT, LOCK = "asked.json", "checkpoint", "lock"
PREFIX = ".unfinished-"


@dataclass(frozen=True)
class Unfinished:
    """A run that this process works on."""

    folder: Path
    asked: dict[str, Any]
    """What decides its result: the configuration, the data and the environment."""
    lock: IO[str] | None

    @property
    def checkpoint(self) -> Path:
        """The file that training goes on from; it is there after the first epoch."""
        return self.folder / CHECKPOINT


@contextmanager
def begin(root: Path, asked: dict[str, Any]) -> Iterator[Unfinished]:
    """A new folder to fill. Unless `finish` has given it its name, a failure removes it.

    Ctrl-C or a kill leaves it, once it has a checkpoint, under a name that nothing takes for a run.
    """
    folder = root / "runs" / f"{PREFIX}{token_hex(4)}"
    folder.mkdir(parents=True)
    run = Unfinished(folder, asked, _hold(folder))
    try:
        write_json(folder / ASKED, asked)
        yield run
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) and run.checkpoint.exists():
            raise KeyboardInterrupt(_kept(folder, root)) from None
        _let_go(run)
        rmtree(folder, ignore_errors=True)
        raise
    finally:
        _let_go(run)


@contextmanager
def resume(root: Path) -> Iterator[Unfinished]:
    """The newest run that was stopped. Unless it is finished now, its folder stays.

    Raises UserError when there is none, or when it cannot be read.
    """
    for folder in reversed(stopped(root)):
        lock = _hold(folder)
        if lock is not None:
            break
    else:
        raise UserError("There is no stopped run to go on with.", "Start one with `poe train`.")
    try:
        yield Unfinished(folder, read_json(folder / ASKED, root), lock)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(_kept(folder, root)) from None
    finally:
        lock.close()


def stopped(root: Path) -> list[Path]:
    """The folders of runs that can go on and that no process works on, the newest last."""
    found = [f for f in (root / "runs").glob(f"{PREFIX}*") if (f / CHECKPOINT).is_file()]
    free = []
    for folder in found:
        lock = _hold(folder)
        if lock is not None:
            lock.close()
            free.append(folder)
    return sorted(free, key=lambda folder: (folder / CHECKPOINT).stat().st_mtime_ns)


def finish(run: Unfinished, started: time.struct_time, info: Mapping[str, Any]) -> Path:
    """Writes run.json and gives the folder its id (time, seed, and a number when that is taken).

    Returns the folder's new path. What is only for going on is removed last: a kill in between
    leaves a complete run.
    """
    base = f"{time.strftime('%Y%m%d-%H%M%S', started)}-seed{info['seed']}"
    _let_go(run)  # Windows moves no folder with an open file in it
    for number in count(1):
        target = run.folder.with_name(base if number == 1 else f"{base}-{number}")
        if target.exists():
            continue
        write_json(run.folder / INFO, {"id": target.name, **info})
        try:
            run.folder.rename(target)
        except OSError:
            if not target.exists():  # else another run took the name in this moment
                raise
            continue
        for name in (ASKED, CHECKPOINT, LOCK):
            (target / name).unlink(missing_ok=True)
        return target
    raise AssertionError("count() does not end")


def _kept(folder: Path, root: Path) -> str:
    return f"`poe train --resume` goes on from the last epoch ({shown(folder, root)})"


def _hold(folder: Path) -> IO[str] | None:
    """An open file that the system locks until this process ends; None while another holds it."""
    stream = (folder / LOCK).open("a", encoding="utf-8")
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (EACCES, EAGAIN):
            stream.close()
            return None
        # A file system without locks: then nobody is kept out.
    return stream


def _let_go(run: Unfinished) -> None:
    if run.lock is not None:
        run.lock.close()
