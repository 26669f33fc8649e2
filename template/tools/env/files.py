"""Whether the files of an environment are still those that were recorded when they came.

A full look hashes each. A fast one trusts size and time, and hashes only what these make doubtful.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from .installed import Recorded

_CHUNK = 1 << 20
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0)
# How many files are handed to a thread alone, and how many at a time of the others.
_SINGLY, _BATCH = 64, 1024

Records = Mapping[str, list[Recorded]]
"""The lines of the RECORD of each distribution, by its name."""


def damaged(site: Path, records: Records, newer_than: int | None) -> Iterator[tuple[str, str, str]]:
    """Files that are not as recorded: distribution, "missing" or "edited", path.

    `newer_than`, in nanoseconds, makes the look a fast one: a file of the recorded size that was
    last written before is taken as whole; any other is read and hashed.
    """
    root = os.path.join(site, "")
    if newer_than is None:
        yield from _hashed(root, records)
        return
    for name, lines in records.items():
        for line in lines:
            if line.digest and not line.path.endswith(".pyc"):
                what = _glanced(root, line, newer_than)
                if what:
                    yield name, what, line.path


def tainted(site: Path, records: Records) -> list[str]:
    """The distributions that a cache handed out with files which were changed there.

    uv links files out of its cache, so whoever edits one in an environment edits it in the cache.
    Such a file has more than one link, and was written after its package was unpacked; only those
    are hashed. WHEEL tells when that was: it is unpacked among the last, and nobody edits it. A
    RECORD without a WHEEL is none: it was damaged, and proves nothing.
    """
    root = os.path.join(site, "")
    found = []
    for name, lines in records.items():
        wheel = next((line.path for line in lines if line.path.endswith(".dist-info/WHEEL")), "")
        unpacked = _written(root + wheel)
        if not wheel or any(_changed_in_cache(root, line, unpacked) for line in lines):
            found.append(name)
    return found


def _written(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


def _changed_in_cache(root: str, line: Recorded, unpacked: int) -> bool:
    if not line.digest or line.compiled:
        return False
    return _glanced(root, line, unpacked, links=2) != ""


def _glanced(root: str, line: Recorded, newer_than: int, links: int = 1) -> str:
    """ "missing", "edited" or ""; a file is read only where its size or time makes one doubt.

    One with fewer `links` is taken as whole.
    """
    try:
        status = os.stat(root + line.path)
        if status.st_nlink < links:
            return ""
        if line.size and str(status.st_size) != line.size:
            return "edited"
        whole = status.st_mtime_ns <= newer_than or _digest(root + line.path) == line.digest
    except OSError:
        return "missing"
    return "" if whole else "edited"


def _hashed(root: str, records: Records) -> Iterator[tuple[str, str, str]]:
    """The files whose hash is another one; several threads read, as hashing lets others run."""
    from concurrent.futures import ThreadPoolExecutor  # late: it costs more than a fast look

    files = [
        (name, line)
        for name, lines in records.items()
        for line in lines
        if line.digest and not line.path.endswith(".pyc")
    ]
    # The largest first, so that none of them is left to one thread at the end.
    files.sort(key=lambda each: -int(each[1].size or 0))
    batches = [[each] for each in files[:_SINGLY]]
    rest = files[_SINGLY:]
    batches += [rest[start : start + _BATCH] for start in range(0, len(rest), _BATCH)]

    def look(batch: list[tuple[str, Recorded]]) -> list[tuple[str, str, str]]:
        found = ((name, _read(root + line.path, line.digest), line.path) for name, line in batch)
        return [each for each in found if each[1]]

    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
        for found in pool.map(look, batches):
            yield from found


def _read(path: str, digest: str) -> str:
    try:
        return "" if _digest(path) == digest else "edited"
    except OSError:
        return "missing"


def _digest(path: str) -> str:
    """sha256 of a file, as RECORD writes it."""
    file = os.open(path, _READ)  # for thousands of small files, open() itself takes longest
    try:
        digest = hashlib.sha256()
        while chunk := os.read(file, _CHUNK):
            digest.update(chunk)
            if len(chunk) < _CHUNK:
                break
    finally:
        os.close(file)
    return base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
