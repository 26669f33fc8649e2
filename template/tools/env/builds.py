"""Which build of the packages an environment gets, where the project has several.

Each has its lock, and is named by its accelerator: "cpu", "cuda", "rocm". The first is the one for
any machine.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from .errors import EnvError
from .manifest import read_stamp

VARIABLE = "SEEDBED_BUILD"
_SYSTEMS = {"cuda": ("linux", "win32"), "rocm": ("linux",)}
"""The values of sys.platform for which there is such a build; all where none are named."""

_DRIVERS = {
    # The last is where Windows lends its driver to Linux (WSL).
    "cuda": ("proc/driver/nvidia/version", "usr/lib/wsl/lib/libcuda.so.1"),
    "rocm": ("dev/kfd",),
}


class Choice(NamedTuple):
    build: str
    why: str
    """As it goes on after "build cuda, ", a part of a sentence."""


def chosen(
    builds: Sequence[str], said: Mapping[str, str | None], env: Path, environ: Mapping[str, str]
) -> Choice:
    """The build for this machine. Raises EnvError where one is asked for that there is not."""
    stamp = read_stamp(env)
    return choose(builds, said, stamp and stamp.build, sys.platform, driver(Path("/"), environ))


def choose(
    builds: Sequence[str],
    said: Mapping[str, str | None],
    before: str | None,
    system: str,
    driver: str | None,
) -> Choice:
    """What is `said` counts, by the place where that is; else the build that was there `before`.

    The last to decide is the `driver` that the machine has. So an environment that two machines
    share, one with a GPU, does not go to and fro. Raises EnvError.
    """
    for place, build in said.items():
        if not build:
            continue
        if build not in builds:
            raise EnvError(
                f"{place} asks for the build {build}, and this project has {', '.join(builds)}.",
                f"Name one of these there, or nothing. Others are had by an update: "
                f"uvx copier update --trust -d 'accelerator=[{builds[0]}, NAME]'",
            )
        if system not in _SYSTEMS.get(build, (system,)):
            why = f"since {build}, which {place} asks for, is not there for this system"
            return Choice(builds[0], why)
        return Choice(build, f"since {place} says so")
    if before and before in builds:
        return Choice(before, "as before")
    if driver and driver in builds and system in _SYSTEMS.get(driver, (system,)):
        return Choice(driver, f"since this machine has a driver for {driver}")
    return Choice(builds[0], "since this machine has no driver for another")


def driver(root: Path, environ: Mapping[str, str]) -> str | None:
    """The build that the drivers of a machine are for, None without one; `root` is its "/"."""
    if os.name == "nt":
        system = Path(environ.get("SYSTEMROOT", r"C:\Windows")) / "System32"
        return "cuda" if (system / "nvcuda.dll").exists() else None
    for build, files in _DRIVERS.items():
        if any((root / file).exists() for file in files):
            return build
    return None


def apart(locks: Mapping[str, Iterable[tuple[str, str]]]) -> dict[str, dict[str, str]]:
    """The packages of which two locks have different versions: those by the name of the lock.

    Given are the names and versions (or addresses) in each.
    Local parts ("2.9+cpu") are left out: they tell the builds of one version apart.
    """
    versions: dict[str, dict[str, set[str]]] = {}
    for lock, pins in locks.items():
        for name, exact in pins:
            public = exact if "/" in exact else exact.partition("+")[0]
            versions.setdefault(name, {}).setdefault(lock, set()).add(public)
    found = {}
    for name, by_lock in sorted(versions.items()):
        most = max(by_lock.values(), key=len)
        if not all(some <= most for some in by_lock.values()):
            found[name] = {lock: " or ".join(sorted(some)) for lock, some in by_lock.items()}
    return found
