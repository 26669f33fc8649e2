"""What is really in an environment: its distributions and the files they recorded.

https://packaging.python.org/en/latest/specifications/recording-installed-packages/
"""

from __future__ import annotations

import hashlib
import io
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from .requirements import normalize

# What an installer notes about itself or about this machine says nothing about the package.
_NOTES = re.compile(
    r"\.dist-info/(INSTALLER|REQUESTED|RECORD|direct_url\.json|uv_cache\.json|uv_build\.json)\Z"
)
_DEPTH = 2 if os.name == "nt" else 3
"""How many directories site-packages is below the environment: a path may climb no higher."""

_ROOTS = ("/", "\\", *(f"{letter}:" for letter in "cdefghCDEFGH" if os.name == "nt"))


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
    """As RECORD has it, "sha256=" and base64, or "" where the line has none."""

    size: str
    """In bytes, "" where the line has none."""

    @property
    def portable(self) -> bool:
        """Whether the file is the same on every machine: a script names its interpreter.

        Byte code is not: Python makes it, changes it and may lose it at any time.
        """
        inside = not self.path.startswith(("../", "/"))
        return inside and not self.path.endswith(".pyc") and not _NOTES.search(self.path)


class Record(NamedTuple):
    """A RECORD."""

    sha256: str
    """Of the file itself: equal as long as nothing was installed anew."""

    lines: list[Recorded]

    whole: bool
    """Whether an installer can go by it: each line is one, it names itself, and none leads out of
    the environment, where an installer would remove what is not the package's."""


class Claim(NamedTuple):
    """A line of a RECORD, and whose."""

    name: str
    line: Recorded


Lines = Mapping[str, Iterable[Recorded]]
"""The lines of the RECORD of each distribution, by its name."""

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

    clashes: Clashes

    @property
    def spoilt(self) -> list[Distribution]:
        """Those whose RECORD nobody can go by."""
        whole = {place for place, record in self.records.items() if record.whole}
        return [dist for dist in self.present if dist.directory not in whole]


def contents(site: Path) -> Contents:
    """Read all that is recorded in a site-packages directory."""
    present = scan(site)
    found = ((dist.directory, record(site, dist)) for dist in present)
    records = {directory: each for directory, each in found if each}
    lines: dict[str, list[Recorded]] = {}
    for dist in present:
        if dist.directory in records and records[dist.directory].whole:
            # A package that is there twice is told as such; one of its records is enough then.
            lines[dist.name] = records[dist.directory].lines
    paths = {line.path for each in lines.values() for line in each}
    all_different = len(paths) == sum(map(len, lines.values()))
    return Contents(site, present, records, lines, paths, {} if all_different else _clashes(lines))


def _clashes(lines: Lines) -> Clashes:
    claims: dict[str, list[Claim]] = defaultdict(list)
    for name, each in lines.items():
        for line in each:
            claims[line.path].append(Claim(name, line))
    return {
        path: some
        for path, some in claims.items()
        if len({claim.name for claim in some}) > 1 < len({claim.line.digest for claim in some})
    }


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
    # Not str.splitlines(): a name may hold what that takes for the end of a line, as U+2028.
    text = raw.decode("utf-8", "surrogateescape").replace("\r\n", "\n")
    own = f"\n{distribution.directory}/RECORD,"
    try:
        lines = [Recorded._make(row) for row in _rows(text)]
    except (ValueError, TypeError):  # a row has not three fields
        return Record(hashlib.sha256(raw).hexdigest(), [], whole=False)
    odd = (path for path, _, _ in lines if ".." in path or path.startswith(_ROOTS))
    whole = own in f"\n{text}" and "\0" not in text and not any(map(_leads_out, odd))
    return Record(hashlib.sha256(raw).hexdigest(), lines, whole)


def _rows(text: str) -> Iterable[list[str]]:
    if '"' not in text:
        return (line.split(",") for line in text.split("\n") if line)
    import csv  # late: it takes three times as long, and few names have a comma, a quote or a break

    try:
        return [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    except csv.Error as error:
        raise ValueError from error


def _leads_out(path: str) -> bool:
    climbs = os.path.normpath(path).split(os.sep)[: _DEPTH + 1]
    return os.path.isabs(path) or climbs == [".."] * (_DEPTH + 1)


def fingerprint(lines: list[Recorded]) -> str:
    """sha256 over what a distribution recorded; the same for every installer, path and machine."""
    portable = (line for line in lines if line.portable)
    texts = sorted(f"{line.path}\0{line.digest.partition('=')[2]}" for line in portable)
    return hashlib.sha256("\n".join(texts).encode("utf-8", "surrogateescape")).hexdigest()


def combined(fingerprints: dict[str, str]) -> str:
    """The environment's fingerprint out of those of its distributions, by "name==version"."""
    lines = sorted(f"{name} {value}" for name, value in fingerprints.items())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
