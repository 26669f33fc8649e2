"""Why there is no lock: what uv says where it finds no solution, and the command that mends it.

uv says it for people alone, so its words are looked at. Where they are unknown here, its reasons
stand in the lines above the error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from .errors import EnvError, InstallerFailed
from .pyproject import FILE, Asked
from .requirements import normalize

NO_REQUIREMENT = "building source distributions is disabled"
"""What uv says where a requirement cannot be read: it takes the project for one to be built."""

_ABSENT = re.compile(
    r"Because (?:\S+ was not found in the package registry|there (?:is|are) no versions? of [^,]+?"
    r"|only [^,]+? (?:is|are) available[^,]*?) and (?P<who>your project|\S+)"
    r" depends on (?P<what>[^\s{]+?)(?:\{[^}]*\})?,? we can conclude"
)
_NO_WHEEL_FOR = re.compile(
    r"(?P<name>[A-Za-z0-9][\w.-]*)[=<>!~]*\S* (?:has|have) no `[^`]*`-compatible wheels"
)
_NO_WHEEL = re.compile(r"Wheels are required for `(?P<name>[^`]+)`")
_NAMES = {"linux": "Linux", "darwin": "macOS", "win32": "Windows"}

Place = tuple[tuple[str, str], str]
"""A system of SYSTEMS and a minor version of Python."""


def explained(error: InstallerFailed, retry: str) -> EnvError:
    """For whatever has no reason of its own."""
    mend = f"Mend that (nothing was changed) and run again: {retry}"
    found = _ABSENT.search(" ".join(error.output.split()))
    if found and not error.refused:
        absent, package = found["what"], found["who"]
        return EnvError(
            f"The index has no {absent}, which {package} asks for.",
            f"Mend the name or version, in {FILE} or in the command (nothing was changed), then "
            f"run again: {retry}",
        )
    if error.unreachable and not error.tells("no solution found"):
        return EnvError("The index to resolve with was not reached; the lines above say why.", mend)
    return EnvError("The dependencies could not be resolved; the lines above say why.", mend)


def without_any(error: InstallerFailed) -> str | None:
    """The package that has no wheel at all, None where uv tells of none."""
    return _told(_NO_WHEEL, error)


def without_some(error: InstallerFailed) -> str | None:
    """The package that has no wheel for some place, None where uv tells of none."""
    return _told(_NO_WHEEL_FOR, error)


def brings(error: InstallerFailed, asked: Asked, name: str) -> str:
    """The direct dependency for which a package is there, as far as uv tells; else itself."""
    own = rf"{re.escape(normalize(asked.name))}(?::[\w.-]+)? depends on ([A-Za-z0-9][\w.-]*)"
    found = [normalize(each) for each in re.findall(own, _plain(error))]
    return name if name in found or not found else found[-1]


def left_out(places: Sequence[Place], lacks: Callable[[Place], bool]) -> tuple[str, str] | None:
    """The systems or Pythons that lack something, in words, and the marker that leaves them out.

    None where all of them do.
    """
    first, oldest = places[0]
    systems = {system: lacks((system, oldest)) for system, python in places if python == oldest}
    minors = {python: lacks((first, python)) for system, python in places if system == first}
    words, markers = [], []
    if not all(systems.values()):  # else it is that Python which it has nothing for
        lacking = [system for system in systems if systems[system]]
        words += [f"{_NAMES[kind]} ({machine})" for kind, machine in lacking]
        for kind in dict.fromkeys(kind for kind, _ in lacking):
            kept = [system for system in systems if system[0] == kind and not systems[system]]
            gone = [machine for each, machine in lacking if each == kind]
            markers += [f"platform_machine != '{each}'" for each in gone if kept]
            markers += [f"sys_platform != '{kind}'"] * (not kept)
    if not all(minors.values()):
        gone = [python for python in minors if minors[python]]
        words += [f"Python {python}" for python in gone]
        markers += [f"python_version != '{python}'" for python in gone]
    return (", ".join(words), " and ".join(markers)) if words else None


def _told(pattern: re.Pattern[str], error: InstallerFailed) -> str | None:
    found = pattern.search(_plain(error))
    return normalize(found["name"]) if found else None


def _plain(error: InstallerFailed) -> str:
    """What uv said, without line breaks and the place of a name, as in alpha{os_name == 'nt'}."""
    return re.sub(r"\{[^}]*\}", "", " ".join(error.output.split()))
