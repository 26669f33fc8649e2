"""Whether the files of an environment are still those that were recorded when they came.

A full look hashes each. A fast one trusts size and time, and hashes only what these make doubtful.
"""

from __future__ import annotations

import base64
import hashlib
import os
import stat
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from . import distributions
from .distributions import Distribution, Record, Recorded

MISSING, EDITED, LINKED = "missing", "edited", "linked"
"""What can be wrong with a file: the last is a symbolic link at its place."""

_CHUNK = 1 << 20
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
# What RECORD may use: https://packaging.python.org/en/latest/specifications/binary-distribution-format/
_PROOFS = {name for name in hashlib.algorithms_guaranteed if "shake" not in name} - {"md5", "sha1"}
# How many files are handed to a thread alone, and how many at a time of the others.
_SINGLY, _BATCH = 64, 1024


Lines = Mapping[str, Iterable[Recorded]]
"""The lines of the RECORD of each distribution, by its name."""


class Claim(NamedTuple):
    """A line of a RECORD, and whose."""

    name: str
    line: Recorded


Clashes = Mapping[str, list[Claim]]
"""The paths that several distributions recorded with different hashes. The last one that was
installed has put its file there, and whichever it is, it is right."""


class Contents(NamedTuple):
    """What is in a site-packages directory, read once."""

    site: Path
    present: list[Distribution]

    records: dict[str, Record]
    """By the directory of the distribution; those that have none are left out."""

    lines: dict[str, list[Recorded]]
    """By the name of the distribution, of the records that are whole."""

    paths: set[str]
    """All that they name."""

    clashes: dict[str, list[Claim]]


class Damage(NamedTuple):
    name: str
    """Of the distribution."""

    what: str
    """One of the three words above."""

    path: str


def contents(site: Path) -> Contents:
    """Read all that is recorded in a site-packages directory."""
    present = distributions.scan(site)
    found = ((dist.directory, distributions.record(site, dist)) for dist in present)
    records = {directory: record for directory, record in found if record}
    lines: dict[str, list[Recorded]] = {}
    for dist in present:
        if dist.directory in records and records[dist.directory].whole:
            # A package that is there twice is told as such; one of its records is enough then.
            lines[dist.name] = records[dist.directory].lines
    paths = {line.path for each in lines.values() for line in each}
    all_different = len(paths) == sum(map(len, lines.values()))
    return Contents(site, present, records, lines, paths, {} if all_different else _clashes(lines))


def _clashes(lines: Lines) -> dict[str, list[Claim]]:
    claims: dict[str, list[Claim]] = defaultdict(list)
    for name, each in lines.items():
        for line in each:
            claims[line.path].append(Claim(name, line))
    return {
        path: some
        for path, some in claims.items()
        if len({claim.name for claim in some}) > 1 < len({claim.line.digest for claim in some})
    }


def damaged(root: Path, lines: Lines, clashes: Clashes, newer_than: int | None) -> Iterator[Damage]:
    """The files that are not as recorded, byte code aside.

    `newer_than`, in nanoseconds, makes the look a fast one: a file of the recorded size that was
    last written before is taken as whole; any other is read and hashed.
    """
    top = os.path.join(root, "")
    since = newer_than or 0
    doubtful = []
    lstat = os.lstat  # of ten thousands of files, every look-up counts
    for name, each in lines.items():
        for line in each:
            path, digest, size = line
            if path.endswith(".pyc") or path in clashes:
                continue
            if newer_than is None and digest:
                doubtful.append(Claim(name, line))
                continue
            try:
                status = lstat(top + path)
                if (
                    status.st_mtime_ns <= since
                    and str(status.st_size) == size
                    and stat.S_ISREG(status.st_mode)
                ):
                    continue
            except OSError:
                pass
            what = _glanced(top, line, since)
            if what:
                yield Damage(name, what, path)
    for path, some in clashes.items():
        troubles = [_glanced(top, claim.line, since) for claim in some]
        if all(troubles):
            yield Damage(some[0].name, troubles[0], path)
    yield from _hashed(top, doubtful)


def tainted(root: Path, lines: Lines, clashes: Clashes, began: int) -> set[str]:
    """The distributions that a cache handed out with files which were changed there.

    uv links files out of its cache, so whoever edits one in an environment edits it in the cache.
    Such a file has more than one link, and was written after its package was unpacked; only those
    are hashed. WHEEL tells when that was: it is unpacked among the last, and nobody edits it. A
    RECORD without a WHEEL is none: it was damaged, and proves nothing. Where uv copies instead,
    nothing tells what was changed: what was written since `began`, in nanoseconds, is hashed.
    """
    top = os.path.join(root, "")
    found = set()
    copies = []
    for name, each in lines.items():
        wheel = next((line.path for line in each if line.path.endswith(".dist-info/WHEEL")), "")
        unpacked = _written(top + wheel)
        for line in each:
            if not wheel or name in found:
                break
            if not line.digest or line.path.endswith(".pyc") or line.path in clashes:
                continue
            place = top + line.path
            try:
                status = os.lstat(place)
                if status.st_nlink > 1 or stat.S_ISLNK(status.st_mode):
                    if _judged(place, line, status, unpacked):
                        found.add(name)
                elif status.st_ctime_ns >= began:
                    copies.append(Claim(name, line))
            except OSError:
                found.add(name)
        if not wheel:
            found.add(name)
    return found | {damage.name for damage in _hashed(top, copies)}


def not_executable(scripts: Path, contents: Contents) -> list[str]:
    """The programs of packages in the directory `scripts` that nobody may start."""
    if os.name == "nt":
        return []
    site = os.path.realpath(contents.site)
    start = os.path.relpath(os.path.realpath(scripts), site)
    return [
        f"{start}/{entry.name}"
        for entry in os.scandir(scripts)
        if f"{start}/{entry.name}" in contents.paths
        and entry.is_file(follow_symlinks=False)
        and not entry.stat().st_mode & 0o111
    ]


def make_executable(scripts: Path, contents: Contents) -> None:
    """Give the programs that nobody may start their permission back, for all who may read them."""
    for path in not_executable(scripts, contents):
        place = contents.site / path
        mode = stat.S_IMODE(os.lstat(place).st_mode)
        os.chmod(place, mode | (mode & 0o444) >> 2)


def _written(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


def _glanced(top: str, line: Recorded, newer_than: int) -> str:
    """What is wrong, or ""; a file is read only where its size or time makes one doubt."""
    place = top + line.path
    try:
        return _judged(place, line, os.lstat(place), newer_than)
    except OSError:
        return MISSING


def _judged(place: str, line: Recorded, status: os.stat_result, newer_than: int) -> str:
    if not line.digest:
        return ""
    if stat.S_ISLNK(status.st_mode):
        if "archive-v" not in os.readlink(place):
            return LINKED
        status = os.stat(place)  # uv's own, into its cache: UV_LINK_MODE=symlink
    if line.size and str(status.st_size) != line.size:
        return EDITED
    if status.st_mtime_ns <= newer_than:
        return ""
    try:
        return "" if _is_whole(place, line.digest, _READ) else EDITED
    except OSError:
        return EDITED


def _hashed(top: str, files: list[Claim]) -> Iterator[Damage]:
    """Those whose hash is another one; several threads read, as hashing lets others run."""
    # The largest first, so that none of them is left to one thread at the end.
    files.sort(key=lambda each: (len(each.line.size), each.line.size), reverse=True)
    batches = [[each] for each in files[:_SINGLY]]
    rest = files[_SINGLY:]
    batches += [rest[start : start + _BATCH] for start in range(0, len(rest), _BATCH)]

    def look(batch: list[Claim]) -> list[Damage]:
        found = (Damage(name, _read(top, line), line.path) for name, line in batch)
        return [each for each in found if each.what]

    if not rest:
        yield from look(files)
        return
    from concurrent.futures import ThreadPoolExecutor  # late: it costs more than a fast look

    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
        for found in pool.map(look, batches):
            yield from found


def _read(top: str, line: Recorded) -> str:
    try:
        return "" if _is_whole(top + line.path, line.digest, _READ | _NO_LINK) else EDITED
    except OSError:
        return _glanced(top, line, -1)  # it says why


def _is_whole(place: str, recorded: str, how: int) -> bool:
    """Whether a file has the hash that RECORD gives it; one that proves nothing passes."""
    algorithm, _, value = recorded.partition("=")
    file = os.open(place, how)  # for thousands of small files, open() itself takes longest
    try:
        if algorithm not in _PROOFS:
            return True
        digest = getattr(hashlib, algorithm)()
        while chunk := os.read(file, _CHUNK):
            digest.update(chunk)
            if len(chunk) < _CHUNK:
                break
    finally:
        os.close(file)
    return base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode() == value.rstrip("=")
