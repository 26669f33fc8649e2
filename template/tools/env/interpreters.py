"""Finds the Python that was asked for, and never hands out another one unasked.

Only CPython counts: the lock's wheels are for it. discovery.py knows where Pythons are.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping

from .discovery import candidates
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
    found = probe([os.path.abspath(shutil.which(wanted) or wanted)], environ)
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
