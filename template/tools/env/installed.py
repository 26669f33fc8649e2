"""What is really in an environment: its distributions and the files they recorded.

https://packaging.python.org/en/latest/specifications/recording-installed-packages/
"""

from __future__ import annotations

import csv
import hashlib
import os
import re
from pathlib import Path
from typing import NamedTuple

from .requirements import normalize

# What an installer notes about itself or about this machine says nothing about the package.
_NOTES = re.compile(
    r"\.dist-info/(INSTALLER|REQUESTED|RECORD|direct_url\.json|uv_cache\.json|uv_build\.json)\Z"
)


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


def removable(site: Path, distribution: Distribution) -> bool:
    """Whether an installer can replace or remove it: its RECORD is there and whole."""
    try:
        text = (site / distribution.directory / "RECORD").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    rows = list(csv.reader(text.splitlines()))
    return bool(rows) and all(len(row) == 3 for row in rows)


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
