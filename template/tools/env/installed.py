"""What is really in an environment: its distributions and the files they recorded.

https://packaging.python.org/en/latest/specifications/recording-installed-packages/
"""

from __future__ import annotations

import base64
import csv
import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from .requirements import normalize

# What an installer notes about itself or about this machine says nothing about the package.
_NOTES = re.compile(
    r"\.dist-info/(INSTALLER|REQUESTED|RECORD|direct_url\.json|uv_cache\.json|uv_build\.json)\Z"
)

_CHUNK = 1 << 20
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0)
# How many files are handed to a thread alone, and how many at a time of the others.
_SINGLY, _BATCH = 64, 1024


class Distribution(NamedTuple):
    name: str
    """Normalized (PEP 503)."""

    version: str
    directory: str
    """Its .dist-info (or .egg-info) in site-packages."""


class Recorded(NamedTuple):
    """One line of a RECORD."""

    path: str
    """Relative to site-packages, with forward slashes."""

    digest: str
    """sha256, base64 as in RECORD, or "" where the line has none."""

    size: str
    """In bytes, "" where the line has none."""

    @property
    def compiled(self) -> bool:
        """Byte code: Python makes it, changes it and may lose it at any time."""
        return self.path.endswith(".pyc")

    @property
    def portable(self) -> bool:
        """Whether the file is the same on every machine: a script names its interpreter."""
        inside = not self.path.startswith(("../", "/"))
        return inside and not self.compiled and not _NOTES.search(self.path)


class Record(NamedTuple):
    """A whole RECORD."""

    sha256: str
    """Of the file itself: equal as long as nothing was installed anew."""

    lines: list[Recorded]


def scan(site: Path) -> list[Distribution]:
    """The distributions in a site-packages directory, by name; a missing directory has none."""
    found = []
    try:
        names = os.listdir(site)
    except OSError:
        return []
    for directory in names:
        stem, suffix = os.path.splitext(directory)
        # A leading "~" is what pip leaves of a package it could not remove.
        if suffix in (".dist-info", ".egg-info") and not directory.startswith("~"):
            name, _, version = stem.partition("-")
            found.append(Distribution(normalize(name), version.split("-py")[0], directory))
    return sorted(found, key=lambda dist: (dist.name, dist.version))


def record(site: Path, distribution: Distribution) -> Record | None:
    """A distribution's RECORD, or None where it has none."""
    try:
        with open(site / distribution.directory / "RECORD", "rb") as file:
            raw = file.read()
    except OSError:
        return None
    text = raw.decode("utf-8", "replace")
    # csv costs three times as much, and only a path with a comma needs it
    rows = csv.reader(text.splitlines()) if '"' in text else map(_cut, text.splitlines())
    lines = [
        Recorded(path, digest[7:] if digest.startswith("sha256=") else "", size)
        for path, digest, size in (row for row in rows if len(row) == 3)
    ]
    return Record(hashlib.sha256(raw).hexdigest(), lines)


def _cut(line: str) -> list[str]:
    return line.split(",")


def fingerprint(lines: list[Recorded]) -> str:
    """sha256 over what a distribution recorded; the same for every installer, path and machine."""
    portable = sorted(f"{line.path}\0{line.digest}" for line in lines if line.portable)
    return hashlib.sha256("\n".join(portable).encode()).hexdigest()


def combined(fingerprints: dict[str, str]) -> str:
    """The environment's fingerprint out of those of its distributions, by "name==version"."""
    lines = sorted(f"{name} {value}" for name, value in fingerprints.items())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def damaged(
    site: Path, records: dict[str, list[Recorded]], newer_than: int | None
) -> Iterator[tuple[str, str, str]]:
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


def _glanced(root: str, line: Recorded, newer_than: int) -> str:
    """ "missing", "edited" or ""; a file is read only where its size or time makes one doubt."""
    try:
        status = os.stat(root + line.path)
        if line.size and str(status.st_size) != line.size:
            return "edited"
        whole = status.st_mtime_ns <= newer_than or _digest(root + line.path) == line.digest
    except OSError:
        return "missing"
    return "" if whole else "edited"


def _hashed(root: str, records: dict[str, list[Recorded]]) -> Iterator[tuple[str, str, str]]:
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
