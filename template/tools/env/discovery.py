"""Where Pythons are kept: the commands that may start one, best first. None is started here.

What a person put on PATH goes before what is only on the disk. A shim, as mise, asdf and pyenv put
on PATH, comes last: it answers by the current directory, mostly to say no.
"""

from __future__ import annotations

import glob
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import NamedTuple

from .indexes import is_on


class Place(NamedTuple):
    """A directory in which somebody keeps Pythons."""

    keeper: str
    variable: str | None
    """Names the directory, where it is set."""

    default: str
    """The directory otherwise; {home}, {data} and {local} are those of the user."""

    pattern: str
    """What a Python in it is called; {version} may go on, as 3.12 does with .1, and {minor} not."""


_POSIX = (
    Place("pyenv", "PYENV_ROOT", "{home}/.pyenv", "versions/{version}*/bin/python"),
    Place("mise", "MISE_DATA_DIR", "{data}/mise", "installs/python/{version}*/bin/python"),
    Place("asdf", "ASDF_DATA_DIR", "{home}/.asdf", "installs/python/{version}*/bin/python"),
    Place("uv", "UV_PYTHON_INSTALL_DIR", "{data}/uv/python", "cpython-{version}*/bin/python"),
    Place("Homebrew", "HOMEBREW_PREFIX", "/opt/homebrew", "opt/python@{minor}/bin/python{minor}"),
    Place("Homebrew", None, "/usr/local", "opt/python@{minor}/bin/python{minor}"),
    Place("Homebrew", None, "/home/linuxbrew/.linuxbrew", "opt/python@{minor}/bin/python{minor}"),
    Place(
        "python.org",
        None,
        "/Library/Frameworks/Python.framework/Versions",
        "{minor}/bin/python{minor}",
    ),
    Place("the system", None, "/usr/local/bin", "python{minor}"),
    Place("the system", None, "/usr/bin", "python{minor}"),
    Place("conda", "MAMBA_ROOT_PREFIX", "{home}/miniforge3", "bin/python"),
    Place("conda", None, "{home}/miniconda3", "bin/python"),
    Place("conda", None, "{home}/anaconda3", "bin/python"),
    Place("conda", None, "/opt/conda", "bin/python"),
)
_WINDOWS = (
    Place("pyenv-win", "PYENV_ROOT", "{home}/.pyenv/pyenv-win", "versions/{version}*/python.exe"),
    Place("mise", "MISE_DATA_DIR", "{local}/mise", "installs/python/{version}*/python.exe"),
    Place("uv", "UV_PYTHON_INSTALL_DIR", "{data}/uv/python", "cpython-{version}*/python.exe"),
    Place("the install manager", None, "{local}/Python", "pythoncore-{minor}-*/python.exe"),
    Place("conda", "MAMBA_ROOT_PREFIX", "{home}/miniforge3", "python.exe"),
    Place("conda", None, "{home}/miniconda3", "python.exe"),
    Place("conda", None, "{home}/anaconda3", "python.exe"),
)


def places(system: str = os.name) -> tuple[Place, ...]:
    """The directories of a system, "nt" or another one."""
    return _WINDOWS if system == "nt" else _POSIX


def candidates(version: str, environ: Mapping[str, str]) -> Iterator[list[str]]:
    """Commands that may start a Python of `version`, as "3.12" or "3.12.1"; each file once."""
    seen = set()
    for argv in _all(version, environ):
        found = os.path.realpath(argv[0])
        if found not in seen:
            seen.add(found)
            yield argv


def _all(version: str, environ: Mapping[str, str]) -> Iterator[list[str]]:
    running = ".".join(map(str, sys.version_info[:3])) + "."
    if running.startswith(f"{version}."):
        yield [sys.executable]
    minor = ".".join(version.split(".")[:2])
    names = (f"python{minor}", "python3", "python")
    folders = environ.get("PATH", os.defpath).split(os.pathsep)
    plain = os.pathsep.join(each for each in folders if not _points_on(each))
    for name in names:
        command = shutil.which(name, path=plain)
        if command:
            yield [command]
    forbidden = {"uv"} if is_on(environ.get("UV_NO_MANAGED_PYTHON")) else set()
    for place in (each for each in places() if each.keeper not in forbidden):
        for path in _kept(place, version, environ):
            yield [path]
    launcher = shutil.which("py", path=environ.get("PATH")) if os.name == "nt" else None
    if launcher:  # it knows the registry (PEP 514) and what came from the Store
        yield [launcher, f"-{minor}"]
    for folder in filter(_is_shims, folders):
        command = shutil.which(names[0], path=folder)
        if command:
            yield [command]


def _kept(place: Place, version: str, environ: Mapping[str, str]) -> list[str]:
    """The Pythons of a place, the newest first."""
    home = os.path.expanduser("~")
    local = environ.get("LOCALAPPDATA") or os.path.join(home, "AppData", "Local")
    if os.name == "nt":
        data = environ.get("APPDATA") or os.path.join(home, "AppData", "Roaming")
    else:
        data = environ.get("XDG_DATA_HOME") or os.path.join(home, ".local", "share")
    named = environ.get(place.variable, "") if place.variable else ""
    folder = named or place.default.format(home=home, data=data, local=local)
    minor = ".".join(version.split(".")[:2])
    pattern = place.pattern.format(version=version, minor=minor)
    found = glob.glob(os.path.join(glob.escape(folder), *pattern.split("/")))
    return sorted(found, key=_numbers, reverse=True)


def _numbers(path: str) -> tuple[int, ...]:
    """The last version in a path, for ordering: of 3.9.1 and 3.10.0 the second one is newer."""
    found = re.findall(r"\d+(?:\.\d+)+", os.path.dirname(path))
    return tuple(map(int, found[-1].split("."))) if found else ()


def is_shim(command: str) -> bool:
    """Whether a command is one of those that only start another one."""
    return _is_shims(os.path.dirname(command))


def _points_on(folder: str) -> bool:
    """Whether what is in it is no Python itself: a shim, or the stub that opens the Store."""
    return _is_shims(folder) or PurePath(folder).name.lower() == "windowsapps"


def _is_shims(folder: str) -> bool:
    return PurePath(folder).name.lower() == "shims"
