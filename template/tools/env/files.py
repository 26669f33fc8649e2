"""Whether the files of an environment are still those that were recorded when they came.

A full look hashes each. A fast one trusts size and time, and hashes only what these make doubtful.
"""

from __future__ import annotations

import base64
import hashlib
import os
import stat
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from .difference import FILE_EDITED, FILE_MISSING, SYMBOLIC_LINK, Difference
from .distributions import Claim, Clashes, Contents, Lines, Recorded

_SAID = (
    (FILE_MISSING, "is gone", "are gone"),
    (FILE_EDITED, "was changed after it was installed", "were changed"),
    (SYMBOLIC_LINK, "is a symbolic link, and no package brings one", "are symbolic links"),
)
"""What can befall a file, of one and of many."""

_MANY = 10
"""As many files of one package are told one by one, and more in one sentence."""

_CHUNK = 1 << 20
# A pipe in a file's place is read as empty, and not waited for.
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
# What RECORD may use: https://packaging.python.org/en/latest/specifications/binary-distribution-format/
_PROOFS = {name for name in hashlib.algorithms_guaranteed if "shake" not in name} - {"md5", "sha1"}
# How many files are handed to a thread alone, and how many at a time of the others.
_SINGLY, _BATCH = 64, 1024


class Damage(NamedTuple):
    code: str
    """The first of a row of `_SAID`."""

    name: str
    """Of the distribution."""

    path: str


def differences(
    root: Path, lines: Lines, clashes: Clashes, *, since: int | None
) -> Iterator[Difference]:
    """`damaged` in sentences, one for many files of a package."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for damage in damaged(root, lines, clashes, since=since):
        found[damage.code][damage.name].append(damage.path)
    for code, of_one, of_many in _SAID:
        for name, paths in found[code].items():
            if len(paths) > _MANY:
                message = f"{len(paths)} files of {name} {of_many}, the first is {paths[0]}."
                yield Difference(code, message, name, paths[0])
                continue
            for path in paths:
                yield Difference(code, f"{path} of {name} {of_one}.", name, path)


def damaged(root: Path, lines: Lines, clashes: Clashes, *, since: int | None) -> Iterator[Damage]:
    """The files that are not as recorded, byte code aside.

    `since`, in nanoseconds, makes the look a fast one: a file of the recorded size that was last
    written before is taken as whole; any other is read and hashed. None hashes all.
    """
    top = os.path.join(root, "")
    written = since or 0
    doubtful = []
    lstat = os.lstat  # of ten thousands of files, every look-up counts
    for name, each in lines.items():
        for line in each:
            path, digest, size = line
            if path.endswith(".pyc") or path in clashes:
                continue
            if since is None and digest:
                doubtful.append(Claim(name, line))
                continue
            try:
                status = lstat(top + path)
                if (
                    status.st_mtime_ns <= written
                    and str(status.st_size) == size
                    and stat.S_ISREG(status.st_mode)
                ):
                    continue
            except OSError:
                pass
            code = _glanced(top, line, written)
            if code:
                yield Damage(code, name, path)
    for path, claims in clashes.items():
        codes = [_glanced(top, claim.line, written) for claim in claims]
        if codes[0] and all(codes):
            yield Damage(codes[0], claims[0].name, path)
    yield from _hashed(top, doubtful)


def tainted(contents: Contents, began: int) -> set[str]:
    """The distributions that a cache handed out with files which were changed there.

    uv links files out of its cache, so whoever edits one in an environment edits it in the cache.
    Such a file has more than one link, and was written after its package was unpacked; only those
    are hashed. WHEEL tells when that was: it is unpacked among the last, and nobody edits it. A
    RECORD without a WHEEL is none: it was damaged, and proves nothing. Where uv copies instead,
    nothing tells what was changed: what was written since `began`, in nanoseconds, is hashed.
    """
    top = os.path.join(contents.site, "")
    found = {dist.name for dist in contents.spoilt}
    copies = []
    for name, lines in contents.lines.items():
        paths = (line.path for line in lines if line.path.endswith(".dist-info/WHEEL"))
        try:
            unpacked = os.stat(top + next(paths, "no WHEEL")).st_mtime_ns
            for line in lines:
                if not line.digest or line.path.endswith(".pyc") or line.path in contents.clashes:
                    continue
                status = os.lstat(top + line.path)
                if status.st_nlink > 1 or stat.S_ISLNK(status.st_mode):
                    if _judged(top + line.path, line, status, unpacked):
                        found.add(name)
                        break
                elif status.st_ctime_ns >= began:
                    copies.append(Claim(name, line))
        except OSError:
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


def _glanced(top: str, line: Recorded, since: int) -> str | None:
    """What is wrong; a file is read only where its size or time makes one doubt."""
    place = top + line.path
    try:
        return _judged(place, line, os.lstat(place), since)
    except OSError:
        return FILE_MISSING


def _judged(place: str, line: Recorded, status: os.stat_result, since: int) -> str | None:
    if not line.digest:
        return None
    if stat.S_ISLNK(status.st_mode):
        if "archive-v" not in os.readlink(place):
            return SYMBOLIC_LINK
        status = os.stat(place)  # uv's own, into its cache: UV_LINK_MODE=symlink
    if line.size and str(status.st_size) != line.size:
        return FILE_EDITED
    if status.st_mtime_ns <= since:
        return None
    try:
        return None if _is_whole(place, line.digest, _READ) else FILE_EDITED
    except OSError:
        return FILE_EDITED


def _hashed(top: str, claims: list[Claim]) -> Iterator[Damage]:
    """Those whose hash is another one; several threads read, as hashing lets others run."""
    # The largest first, so that none of them is left to one thread at the end.
    claims.sort(key=lambda each: (len(each.line.size), each.line.size), reverse=True)
    batches = [[each] for each in claims[:_SINGLY]]
    rest = claims[_SINGLY:]
    batches += [rest[start : start + _BATCH] for start in range(0, len(rest), _BATCH)]

    def look(batch: list[Claim]) -> list[Damage]:
        found = ((_read(top, line), name, line.path) for name, line in batch)
        return [Damage(code, name, path) for code, name, path in found if code]

    if not rest:
        yield from look(claims)
        return
    from concurrent.futures import ThreadPoolExecutor  # late: it costs more than a fast look

    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
        for found in pool.map(look, batches):
            yield from found


def _read(top: str, line: Recorded) -> str | None:
    try:
        return None if _is_whole(top + line.path, line.digest, _READ | _NO_LINK) else FILE_EDITED
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
