"""Reading a lock: the subset of pip's requirements format that resolvers write.

https://pip.pypa.io/en/stable/reference/requirements-file-format/ with `name==version` or
`name @ REFERENCE`, an optional marker and `--hash` options a line. Comments carry no meaning but
for the notes at its top.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from .errors import EnvError
from .markers import applies
from .project import Project, read_text

HEADER = """\
# Every package of this project, exact and hashed, for all systems. Made by tools/env; do not edit.
# To change it: edit the dependencies in pyproject.toml, then run  python tools/env lock
"""
_PIN = re.compile(
    r"(-e\s+)?(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?"
    r"(\s*==\s*(?P<version>[^\s;\\]+)|\s*@\s*(?P<reference>\S+))"
    r"(\s*;\s*(?P<marker>.*))?"
)
_COMMIT = re.compile(r"git\+\S+@[0-9a-f]{40}(#\S*)?\Z")
_CONFLICT = re.compile(r"^(<{7}|={7}|>{7}|\|{7})( |$)", re.MULTILINE)


class Pin(NamedTuple):
    name: str
    """Normalized (PEP 503)."""

    version: str | None
    """As written, None beside a reference."""

    marker: str
    """As written, "" where the line is for every system."""

    hashes: tuple[str, ...]
    """As "sha256:..." of each file that may be installed."""

    text: str
    """The whole logical line."""

    source: str | None = None
    """Address of the index of its own that it comes from, None for the ordinary one."""

    reference: str | None = None
    """What follows `@` in a direct reference: the address of a wheel or an sdist,
    "git+ADDRESS@COMMIT", or a directory, relative to the project and with %20 for a space; None for
    what an index serves."""

    @property
    def requirement(self) -> str:
        """What asks for just this version, where its marker holds."""
        return f"{self.name}=={self.version}" + (f" ; {self.marker}" if self.marker else "")

    @property
    def here(self) -> str:
        """Its line without the marker, for a system on which that holds."""
        return re.sub(rf"\s*;\s*{re.escape(self.marker)}", "", self.text, count=1)

    @property
    def editable(self) -> bool:
        """Whether it is a directory that is edited in its place: its line begins with "-e "."""
        return self.text.startswith("-e ")

    @property
    def is_commit(self) -> bool:
        """Whether it is a repository at a commit."""
        return (self.reference or "").startswith("git+")

    @property
    def archive(self) -> bool:
        """Whether it is a source archive, which has to be built."""
        named = (self.reference or "").partition("#")[0].endswith(".whl")
        return self.reference is not None and self.hashable and not named

    @property
    def exact(self) -> str:
        """What is pinned: the version or the reference."""
        return self.reference or self.version or ""

    @property
    def hashable(self) -> bool:
        """Whether a hash can prove it: a commit proves itself, and a directory is as it is."""
        return self.reference is None or not (
            _COMMIT.match(self.reference) or is_directory(self.reference)
        )


class Notes(NamedTuple):
    """What a lock says of itself below its header, in comment lines; None for what it does not."""

    draft: str | None = None
    """There where nobody has resolved it yet."""

    exported: str | None = None
    """sha256 of the uv.lock that it was exported from."""

    asked: str | None = None
    """sha256 of what pyproject.toml asked for when it was resolved (pyproject.py)."""

    cutoff: str | None = None
    """The moment after which nothing was uploaded that is in it, as "2026-11-19T00:00:00Z"."""

    built: str | None = None
    """The packages that are built from source archives, with spaces between their names."""

    commits: str | None = None
    """The packages that come from repositories, each with a hash of what asked for it: "x=1a2b"."""

    indexes: str | None = None
    """The packages that come from an index of their own, as JSON: rows of its address, as uv takes
    it ("name=https://..."), the name of a package, and the marker of where that is so."""


_NOTES = Notes(
    "# Draft: ",
    "# Exported from uv.lock with the sha256 ",
    "# Asked: sha256 ",
    "# Cut-off: ",
    "# Built from source: ",
    "# Commits, each for what asked for it: ",
    "# From another index: ",
)


def notes(text: str) -> Notes:
    """The notes of a lock, which stand in its first comment lines."""
    head = re.match(r"(#.*\n|\s*\n)*", text).group()  # type: ignore[union-attr]
    found = (re.search(f"^{label}(.*)$", head, re.MULTILINE) for label in _NOTES)
    return Notes(*(each and each[1].strip() for each in found))


def with_notes(told: Notes, lines: str) -> str:
    """A whole lock out of its lines, its header and notes."""
    return HEADER + "".join(f"{a}{b}\n" for a, b in zip(_NOTES, told) if b is not None) + lines


def is_path(reference: str) -> bool:
    """Whether a direct reference is a directory or file, seen from the project, and no address."""
    return re.match(r"[a-z][a-z0-9+.-]+:", reference, re.IGNORECASE) is None


def is_directory(reference: str) -> bool:
    """Whether a direct reference is a directory, and no file or address."""
    return is_path(reference) and not re.search(r"\.(whl|zip|tar\.\w+|tgz)\Z", reference)


def normalize(name: str) -> str:
    """A distribution's name in the one spelling that compares equal (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def parse(text: str) -> list[Pin]:
    """The pins of a lock in their order.

    Raises ValueError, naming the line, for one that is not an exact pin: an env made from such a
    line could not be proven.
    """
    return list(_parsed(text))


@lru_cache(maxsize=2)  # a lock is looked at more than once, and is long
def _parsed(text: str) -> tuple[Pin, ...]:
    if len(sides(text)) > 1:
        raise ValueError("git left both sides of a conflict in it")
    return tuple(map(_pin, _logical(text)))


def _pin(line: str) -> Pin:
    """What one logical line pins; ValueError where that is nothing exact."""
    words = line.split()
    hashes = tuple(word[7:] for word in words if word.startswith("--hash="))
    line = " ".join(words)
    found = _PIN.fullmatch(" ".join(words[: len(words) - len(hashes)]))
    if found is None:
        raise ValueError(f"{line} is not an exact version")
    reference = found["reference"]
    if reference and reference.startswith("git+") and not _COMMIT.match(reference):
        raise ValueError(f"{line} names no whole commit")
    return Pin(
        name=normalize(found["name"]),
        version=found["version"],
        marker=found["marker"] or "",
        hashes=hashes,
        text=line,
        reference=reference,
    )


def proven(text: str) -> list[Pin]:
    """The pins of a lock; ValueError, as `parse`, also for one that nothing proves."""
    pins = parse(text)
    bare = [pin.name for pin in pins if pin.hashable and not pin.hashes]
    if bare:
        raise ValueError(f"it has no hash for {', '.join(bare)}")
    return pins


def sides(text: str) -> list[str]:
    """The two texts that git left in one file with conflict markers; the text where it did not."""
    if "<<<<<<< " not in text:
        return [text]
    ours, theirs, at = [], [], "both"
    for line in text.split("\n"):
        mark = _CONFLICT.match(line)
        if mark:
            at = {"<": "ours", "|": "base", "=": "theirs", ">": "both"}[line[0]]
            continue
        ours += [line] * (at in ("both", "ours"))
        theirs += [line] * (at in ("both", "theirs"))
    return ["\n".join(ours), "\n".join(theirs)]


def pins_of(text: str) -> list[Pin]:
    """The pins of a lock as far as its lines are any, of both sides where it holds a conflict."""
    return [pin for side in sides(text) for pin in _pins_in(side)]


def _pins_in(text: str) -> Iterator[Pin]:
    try:
        yield from parse(text)
    except ValueError:
        for line in _logical(text):
            with suppress(ValueError):
                yield _pin(line)


def text_of(path: Path) -> str:
    """The text of a lock, "" where there is none; what is no text in it is left out."""
    try:
        return read_text(path)
    except ValueError:  # a letter in a comment, say: its pins are none the worse for it
        return path.read_bytes().decode("ascii", "ignore").replace("\r\n", "\n")
    except OSError:
        return ""


def _logical(text: str) -> list[str]:
    """The lines that count, each in one piece."""
    joined = text.replace("\r\n", "\n").replace("\\\n", " ")
    lines = (re.sub(r"(^|\s)#.*", "", x) if "#" in x else x for x in joined.split("\n"))
    return [line for line in lines if line.strip()]


def read(project: Project) -> list[Pin]:
    """The pins of the project's lock.

    Raises EnvError where it is missing, not a lock, or a line has no hash that needs one.
    """
    try:
        return proven(read_text(project.lock))
    except FileNotFoundError:
        mend = f"Make it anew with: {project.command('lock')}"
        raise EnvError(f"The lock {project.lock.name} is missing.", mend) from None
    except (OSError, ValueError) as error:
        raise _no_lock(project, error) from None


def locked(project: Project, facts: Mapping[str, str]) -> dict[str, Pin]:
    """`read` and `for_this_system` in one, with the indexes; raises EnvError as `read` does."""
    pins = read(project)
    try:
        found = for_this_system(pins, facts)
        for index, name, marker in json.loads(notes(text_of(project.lock)).indexes or "[]"):
            if name in found and applies(marker, facts):
                found[name] = found[name]._replace(source=index)
    except ValueError as error:
        raise _no_lock(project, error) from None
    return found


def _no_lock(project: Project, reason: object) -> EnvError:
    return EnvError(
        f"{project.lock.name} cannot be read as a lock: {reason}.",
        f"Make it anew with: {project.command('lock')}",
    )


def for_this_system(pins: list[Pin], facts: Mapping[str, str]) -> dict[str, Pin]:
    """The pins whose markers hold, by name.

    Raises ValueError for a marker that is none, and for two that are for one package.
    """
    found: dict[str, Pin] = {}
    for pin in pins:
        if applies(pin.marker, facts) and found.setdefault(pin.name, pin).exact != pin.exact:
            raise ValueError(f"{pin.name} is in it twice, {found[pin.name].exact} and {pin.exact}")
    return found
