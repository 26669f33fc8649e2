"""Finds the Python that was asked for, and never hands out another one unasked.

Looked for in this order: the Python that runs the engine, PATH, pyenv, the Pythons that uv manages,
and the `py` launcher of Windows. Only CPython counts: the lock's wheels are for it.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from .errors import WRONG_USE, EnvError, NoInterpreter
from .markers import release
from .probe import Interpreter, probe
from .project import Project
from .state import satisfies


def find(project: Project, wanted: str, environ: Mapping[str, str]) -> Interpreter:
    """The interpreter for `wanted`: a version ("3.12", "3.12.1"), a command or a path.

    Raises NoInterpreter where there is none of that version, EnvError where a named one cannot
    serve this project.
    """
    if is_version(wanted):
        for argv in candidates(wanted, environ):
            found = probe(argv, environ)
            if found is not None and satisfies(found.version, wanted):
                return _for_the_lock(project, found)
        raise _not_found(project, wanted, environ)
    found = probe([shutil.which(wanted) or wanted], environ)
    if found is None:
        raise EnvError(
            f"{wanted} is not a CPython that runs here.",
            "Name a version or a path: " + project.command("sync", "--python", project.python),
            WRONG_USE,
        )
    return _for_the_lock(project, found)


def is_version(wanted: str) -> bool:
    """Whether a request is a version number and not a command or path."""
    return re.fullmatch(r"3(\.\d+){1,2}", wanted) is not None


def usable(project: Project, environ: Mapping[str, str]) -> list[Interpreter]:
    """The Pythons of this machine that the lock covers, one a minor version, oldest first."""
    found = []
    minors = [f"3.{minor}" for minor in range(release(project.python_minimum)[1], 20)]
    for minor in project.pythons or minors:
        for argv in candidates(minor, environ):
            interpreter = probe(argv, environ)
            if interpreter is not None and interpreter.minor == minor:
                found.append(interpreter)
                break
    return found


def candidates(version: str, environ: Mapping[str, str]) -> Iterator[list[str]]:
    """Commands that may start a Python of `version`, best first; none is started here."""
    if satisfies(".".join(map(str, sys.version_info[:3])), version):
        yield [sys.executable]
    minor = ".".join(version.split(".")[:2])
    path = environ.get("PATH", os.defpath)
    for name in (f"python{minor}", "python3", "python"):
        command = shutil.which(name, path=path)
        if command and not _only_points_on(Path(command)):
            yield [command]
    for pattern in _managed(environ):
        for executable in _newest_first(pattern.format(version=version), Path(pattern).anchor):
            yield [str(executable)]
    launcher = shutil.which("py", path=path) if os.name == "nt" else None
    if launcher:
        yield [launcher, f"-{minor}"]


def _managed(environ: Mapping[str, str]) -> list[str]:
    """Glob patterns of the Pythons that pyenv and uv keep."""
    home = os.path.expanduser("~")
    if os.name == "nt":
        pyenv = environ.get("PYENV_ROOT") or os.path.join(home, ".pyenv", "pyenv-win")
        data = environ.get("APPDATA") or os.path.join(home, "AppData", "Roaming")
        tail = "python.exe"
    else:
        pyenv = environ.get("PYENV_ROOT") or os.path.join(home, ".pyenv")
        data = environ.get("XDG_DATA_HOME") or os.path.join(home, ".local", "share")
        tail = os.path.join("bin", "python")
    uv = environ.get("UV_PYTHON_INSTALL_DIR") or os.path.join(data, "uv", "python")
    return [
        os.path.join(_escape(pyenv), "versions", "{version}*", tail),
        os.path.join(_escape(uv), "cpython-{version}*", tail),
    ]


def _escape(directory: str) -> str:
    """A directory's own brackets and braces must reach neither glob nor format."""
    return re.sub(r"([*?[])", r"[\1]", directory).replace("{", "{{").replace("}", "}}")


def _newest_first(pattern: str, anchor: str) -> list[Path]:
    found = list(Path(anchor).glob(os.path.relpath(pattern, anchor))) if anchor else []
    numbers = re.compile(r"(\d+(?:\.\d+)+)")

    def version(path: Path) -> tuple[int, ...]:
        match = numbers.search(path.parts[-3 if path.parent.name == "bin" else -2])
        return release(match.group()) if match else ()

    return sorted(found, key=version, reverse=True)


def _only_points_on(command: Path) -> bool:
    """Whether it is no Python itself: the shop's stub of Windows, or a shim of pyenv.

    A shim costs a tenth of a second, mostly to say no; pyenv's own Pythons are looked at anyway.
    """
    return command.parent.name.lower() in ("windowsapps", "shims")


def _for_the_lock(project: Project, found: Interpreter) -> Interpreter:
    too_old = release(found.version) < release(project.python_minimum)
    if too_old or (project.pythons and found.minor not in project.pythons):
        covered = ", ".join(project.pythons) or f"{project.python_minimum} and newer"
        raise EnvError(
            f"The lock is for Python {covered}, and {found.path} is {found.version}.",
            "Choose another one: " + project.command("sync", "--python", project.python),
            WRONG_USE,
        )
    return found


def _not_found(project: Project, wanted: str, environ: Mapping[str, str]) -> NoInterpreter:
    found = usable(project, environ)
    have = ", ".join(interpreter.version for interpreter in found) or "none"
    newest = found[-1].minor if found else "VERSION"
    asked = [] if wanted == project.python else ["--python", wanted]
    return NoInterpreter(
        f"Python {wanted} is not on this machine (found: {have}).",
        f"Install it; or let uv fetch it: {project.command('sync', *asked, '--fetch')}; "
        f"or use another one here: {project.command('sync', '--python', newest)}",
    )
