# Owned by the template.
"""The file with all that is known of a search's trials: one record a line, by all its workers.

It is Optuna's, and so other tools of Optuna read it, too. A disk that is full, a machine that is
lost and some network file systems leave records torn. Optuna stops at the first of them:
https://github.com/optuna/optuna/issues/5138
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock


class _Lock(JournalFileOpenLock):
    """Cuts off the rest of a torn record, which the next one would go on with."""

    def __init__(self, journal: Path) -> None:
        super().__init__(str(journal))
        self._journal = journal

    def acquire(self) -> bool:
        super().acquire()
        with self._journal.open("rb+") as file:
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                if file.read() != b"\n":
                    file.seek(0)
                    file.truncate(file.read().rfind(b"\n") + 1)
        return True


def open_journal(path: Path) -> JournalStorage:
    """The storage of a search, new or begun. Says so if there were torn records, and keeps them."""
    lock = _Lock(path)
    backend = JournalFileBackend(str(path), lock_obj=lock)
    lock.acquire()
    try:
        _drop_torn(path)
    finally:
        lock.release()
    return JournalStorage(backend)


def _drop_torn(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    whole = [line for line in lines if _is_record(line)]
    if torn := len(lines) - len(whole):
        kept, new = path.with_name("journal-torn.log"), path.with_name("journal-new.log")
        kept.write_bytes(b"".join(lines))
        new.write_bytes(b"".join(whole))
        new.replace(path)
        print(f"{path}: dropped {torn} torn records; the file as it was is {kept.name}", flush=True)


def _is_record(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
