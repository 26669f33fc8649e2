"""Where packages have wheels, told from their names: for which systems and Pythons."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Collection, Iterator, Mapping, Set
from pathlib import Path
from typing import Any

from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms
from packaging.utils import parse_wheel_filename

sys.path.append(str(Path(__file__).resolve().parent.parent / "template" / "tools"))

from env.markers import facts_of

SYSTEMS = {
    "Linux": ("linux", "x86_64"),
    "Linux arm64": ("linux", "aarch64"),
    "macOS arm64": ("darwin", "arm64"),
    "macOS Intel": ("darwin", "x86_64"),
    "Windows": ("win32", "AMD64"),
    "Windows arm64": ("win32", "ARM64"),
}
"""Every system a lock is for, by the name that people read: sys_platform and platform_machine."""

REQUIRED = {"Linux", "Linux arm64", "macOS arm64", "Windows"}
"""Where every library must have wheels. Elsewhere the prompt says which ones do not."""

Place = tuple[str, str]
"""A system of SYSTEMS and a minor version of Python."""

_GLIBC = range(28, 4, -1)  # manylinux_2_28 is what Debian 10, Ubuntu 18.10 and RHEL 8 can run
_MACOS = (14, 0)


def without_wheels(pylock: str, pythons: list[str]) -> dict[str, set[Place]]:
    """For each "name==version" of a pylock.toml (PEP 751) the places that lack a wheel for it."""
    packages = {
        f"{package['name']}=={package['version']}": _offered(package)
        for package in tomllib.loads(pylock)["packages"]
    }
    gaps: dict[str, set[Place]] = {pin: set() for pin in packages}
    for system in SYSTEMS:
        for python in pythons:
            tags = set(_tags(system, python))
            for pin, offered in packages.items():
                if not offered & tags:
                    gaps[pin].add((system, python))
    return {pin: places for pin, places in gaps.items() if places}


def sizes(pylock: str, pythons: list[str]) -> dict[str, Any]:
    """The bytes of the wheel that is installed, for each "name==version" of a pylock.toml.

    A number where all places have the same, else by system, and there by minor version of Python
    where they differ. A place without a wheel is left out; None where there is no wheel at all.
    """
    found = {}
    tags = {(each, python): list(_tags(each, python)) for each in SYSTEMS for python in pythons}
    for package in tomllib.loads(pylock)["packages"]:
        bytes_of = {tag: wheel["size"] for wheel in package.get("wheels", []) for tag in _of(wheel)}
        by_system: dict[str, Any] = {}
        for (system, python), order in tags.items():
            size = next((bytes_of[tag] for tag in order if tag in bytes_of), None)
            if size is not None:
                by_system.setdefault(system, {})[python] = size
        by_system = {system: _alike(each, pythons) for system, each in by_system.items()}
        found[f"{package['name']}=={package['version']}"] = _alike(by_system, SYSTEMS)
    return found


def _alike(values: dict[str, Any], keys: Collection[str]) -> Any:
    """The one value that all keys have, else the values."""
    first = next(iter(values.values()), None)
    return first if [values.get(key) for key in keys] == [first] * len(keys) else values


def environment(system: str, python: str) -> dict[str, str]:
    """The values of environment markers (PEP 508) on a system, for a minor version of CPython."""
    return {**facts_of(SYSTEMS[system], python), "extra": ""}


def _offered(package: Mapping[str, Any]) -> set[Tag]:
    return {tag for wheel in package.get("wheels", []) for tag in _of(wheel)}


def _of(wheel: Mapping[str, Any]) -> Set[Tag]:
    name = wheel["url"].rpartition("/")[2]
    return parse_wheel_filename(name.replace("%2B", "+"))[3]


def _tags(system: str, python: str) -> Iterator[Tag]:
    platform, machine = SYSTEMS[system]
    version = tuple(int(part) for part in python.split("."))
    if platform == "linux":
        platforms = [f"manylinux_2_{minor}_{machine}" for minor in _GLIBC]
        platforms += [f"manylinux2014_{machine}", f"manylinux2010_{machine}"]
        platforms += [f"manylinux1_{machine}"]
    elif platform == "darwin":
        platforms = list(mac_platforms(_MACOS, machine))
    else:
        platforms = [f"win_{machine.lower()}"]
    yield from cpython_tags(version, platforms=platforms)
    yield from compatible_tags(version, f"cp{python.replace('.', '')}", platforms)
