"""Where all that a lock holds has wheels: on each system, for each Python; and what has none there.

The resolver is told of them all, so it takes a version that serves them, or says that none does.
"""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Callable, Sequence
from itertools import product

from .errors import InstallerFailed
from .markers import SYSTEMS, applies, facts_of
from .project import Project
from .pyproject import Asked
from .requirements import normalize

_NAMES = {"linux": "Linux", "darwin": "macOS", "win32": "Windows"}
_NO_WHEEL_FOR = re.compile(
    r"(?P<name>[A-Za-z0-9][\w.-]*)[=<>!~]*\S* (?:has|have) no `(?P<marker>[^`]*)`-compatible wheels"
)
_NO_WHEEL = re.compile(r"Wheels are required for `(?P<name>[^`]+)`")

Place = tuple[tuple[str, str], str]
"""A system of SYSTEMS and a minor version of Python."""


def places(project: Project, asked: Asked) -> list[Place]:
    """Where everything is to have wheels: each system, with each Python of the lock.

    A build of PyTorch for GPUs is only for the systems that have it.
    """
    of_gpus = {"cu": (SYSTEMS[0], SYSTEMS[3]), "ro": SYSTEMS[:1]}
    systems = of_gpus.get(project.torch_build[:2], SYSTEMS)
    limits = asked.settings.get("environments", [""])
    return [
        (system, python)
        for python, system in product(pythons(project), systems)
        if any(applies(limit, facts_of(system, python)) for limit in limits)
    ]


def here(project: Project) -> list[Place]:
    """This machine, with the Python that the project asks for; none where no lock names it."""
    system = (sys.platform, platform.machine())
    return [(system, project.python)] if system in SYSTEMS else []


def pythons(project: Project) -> tuple[str, ...]:
    """The minor versions that the lock is for, as far as they are known."""
    return project.pythons or tuple(dict.fromkeys((project.python_minimum, project.python)))


def marker(place: Place) -> str:
    (system, machine), python = place
    words = {"sys_platform": system, "platform_machine": machine, "python_version": python}
    return " and ".join(f"{name} == '{value}'" for name, value in words.items())


def without_any(error: InstallerFailed) -> str:
    """The package that has no wheel at all, "" where uv tells of none."""
    return _told(_NO_WHEEL, error)


def without_some(error: InstallerFailed) -> str:
    """The package that has no wheel for some place, "" where uv tells of none."""
    return _told(_NO_WHEEL_FOR, error)


def brings(error: InstallerFailed, asked: Asked, name: str) -> str:
    """The direct dependency for which a package is there, as far as uv tells; else itself."""
    own = rf"{re.escape(normalize(asked.name))}(?::[\w.-]+)? depends on ([A-Za-z0-9][\w.-]*)"
    found = [normalize(each) for each in re.findall(own, _plain(error))]
    return name if name in found or not found else found[-1]


def _told(pattern: re.Pattern[str], error: InstallerFailed) -> str:
    found = pattern.search(_plain(error))
    return normalize(found[1]) if found else ""


def _plain(error: InstallerFailed) -> str:
    """What uv said, without line breaks and the place of a name, as in alpha{os_name == 'nt'}."""
    return re.sub(r"\{[^}]*\}", "", " ".join(error.output.split()))


def left_out(places: Sequence[Place], lacks: Callable[[Place], bool]) -> tuple[str, str]:
    """The systems or Pythons that lack something, in words, and the marker that leaves them out.

    Both are "" where all of them do.
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
    return ", ".join(words), " and ".join(markers)
