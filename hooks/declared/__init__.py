"""What a repository that is to become a project asks for today, read and never run.

Each module reads one kind of file into a `Source`. What such a file pins is a preference for the
lock, since that is where versions stand from now on; all else is asked for as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

LOGIN = re.compile(r"(?<=://)[^/@\s]+@")
"""A name, password or token in an address."""

TO_DEVELOP = frozenset(("dev", "devel", "develop", "development", "test", "tests", "testing"))
"""Extras that are no part of the package, but what it is worked on with."""


class Unreadable(ValueError):
    """A file that is not what its name says; the text is the reason."""


@dataclass
class Source:
    """What one file asks for."""

    file: str
    """As it is shown: a path from the project's root, with its kind where that does not tell."""

    name: str | None = None
    version: str | None = None
    python: str | None = None
    """Which Pythons, as a specifier (PEP 440)."""

    tested: list[str] = field(default_factory=list)
    """The minor versions that its classifiers name."""

    dependencies: list[str] = field(default_factory=list)
    """Requirements (PEP 508), without pins."""

    groups: dict[str, list[str]] = field(default_factory=dict)
    """Those to develop with, by the group's name."""

    extras: dict[str, list[str]] = field(default_factory=dict)
    build: list[str] = field(default_factory=list)
    """What setup.py needs to run, besides setuptools of any version."""

    compiled: bool = False
    """Whether a resolver wrote it: where others say what is asked for, only its versions count."""

    pins: dict[str, str] = field(default_factory=dict)
    """Versions to keep, by canonical name."""

    paths: dict[str, str] = field(default_factory=dict)
    """Directories that packages come from, by name."""

    dynamic: set[str] = field(default_factory=set)
    """Other keys of [project] (PEP 621) that this file gives, and goes on to give."""

    read: set[str] = field(default_factory=set)
    """The requirements files that are in it: this one, and those that it includes."""

    untaken: list[str] = field(default_factory=list)
    """A sentence for each thing that is not taken."""

    def classify(self, classifiers: Iterable[str]) -> None:
        """Note the minor versions of Python that the trove classifiers of a project name.

        https://packaging.python.org/en/latest/specifications/core-metadata/#classifier-multiple-use
        """
        for each in classifiers:
            found = re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", each.strip())
            self.tested += [found[1]] if found else []

    def ask(self, text: str, *, into: list[str] | None = None) -> None:
        """Take a requirement, to run or `into` another list; its pin becomes a preference."""
        place = self.dependencies if into is None else into
        try:
            found = Requirement(text)
        except InvalidRequirement:
            self.leave(text, "is no requirement that others can install")
            return
        if found.url and (LOGIN.search(found.url) or "$" in found.url):
            self.leave(text, "has a login in its address, which would come into git")
            return
        if (found.url or "").startswith("file:"):  # as `pip freeze` has it of what conda built
            found.url = None
            self.leave("file:", "names a place on one machine; the package is taken by its name")
        pinned = re.fullmatch(r"={2,3}\s*([^*,]+)", str(found.specifier))
        # Nothing of an extra is in the lock, which could keep its version.
        if pinned and not any(place is each for each in self.extras.values()):
            self.pin(found.name, pinned[1])
            found.specifier = type(found.specifier)()
        line = str(found)
        if line not in place:
            place.append(line)

    def pin(self, name: str, version: str) -> None:
        """Keep a version, the newest of those that a file has for several Pythons or systems.

        A build's own mark (+cu118) is left out: indexes rarely have those.
        """
        key, version = canonicalize_name(name), version.strip().partition("+")[0]
        known = self.pins.get(key, version)
        with suppress(InvalidVersion):  # what `===` may name
            version = max(known, version, key=Version)
        self.pins[key] = version

    def leave(self, what: str, why: str) -> None:
        sentence = f"{self.file}: {LOGIN.sub('', what)} {why}."
        self.untaken += [sentence] if sentence not in self.untaken else []


def names(lines: list[str]) -> set[str]:
    """What requirements are for, each in the one spelling that compares equal."""
    return {canonicalize_name(Requirement(line).name) for line in lines}


def text_of(path: Path) -> str:
    """A file's text. Raises Unreadable where it has none."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        # What PowerShell's `pip freeze > requirements.txt` writes.
        if path.read_bytes()[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return path.read_text(encoding="utf-16")
        raise Unreadable("it is not written as UTF-8") from None
