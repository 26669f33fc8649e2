"""Versions that attackers put something into: none of them is ever locked or installed.

withdrawn.txt, which the template brings, names them in the form of a constraints file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from .errors import EnvError
from .markers import same_version

LIST = Path(__file__).with_name("withdrawn.txt")
CREDENTIALS = (
    "Take every password, token and key that it could reach as stolen: replace them from another "
    "machine, and bring no new one to this before it is mended."
)
_LINE = re.compile(r"(?P<name>[a-z0-9-]+)!=(?P<versions>\S+)  # (?P<why>.+)")
_FILE = re.compile(r"-(\d[^-/]*?)(-[^/]+\.whl|\.tar\.\w+|\.zip)(#.*)?\Z")


class Withdrawn(NamedTuple):
    name: str
    version: str
    why: str
    """The advisory, and what this version did."""

    def __str__(self) -> str:
        return f"{self.name} {self.version} was made by attackers ({self.why})"


def among(packages: Iterable[tuple[Any, ...]], file: Path = LIST) -> list[Withdrawn]:
    """Those that are withdrawn; each begins, as a Pin or Distribution, with name and version."""
    lines = map(_LINE.match, file.read_text(encoding="utf-8").splitlines())
    listed = {each["name"]: each for each in lines if each}
    found = [(_version(each), listed[each[0]]) for each in packages if each[0] in listed]
    return [
        Withdrawn(line["name"], version, line["why"])
        for version, line in found
        if any(same_version(version.partition("+")[0], x) for x in line["versions"].split(",!="))
    ]


def _version(package: tuple[Any, ...]) -> str:
    """Of a direct reference, the one in the name of its file."""
    file = _FILE.search(getattr(package, "reference", None) or "")
    return file[1] if file else package[1] or ""


def refuse(packages: Iterable[tuple[Any, ...]], mend: str) -> None:
    """Raises EnvError where one of them is withdrawn; `mend` is the command against that."""
    for taken in among(packages):
        raise EnvError(f"{taken}, and is not taken.", f"Be rid of it: {mend}")
