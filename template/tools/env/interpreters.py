"""Finds the Python that was asked for, and never hands out another one unasked.

Only CPython counts: the lock's wheels are for it. discovery.py knows where Pythons are.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping, Sequence

from .discovery import candidates, is_shim
from .errors import WRONG_USE, EnvError
from .markers import release, satisfies
from .probe import Interpreter, Unfit, examine, probe
from .project import Project


class NoInterpreter(EnvError):
    """The Python that was asked for is not on this machine; `serving` are those that will do."""

    def __init__(self, happened: str, mend: str, serving: Sequence[Interpreter]) -> None:
        super().__init__(happened, mend)
        self.serving = serving


_OLDEST, _NEWEST = 6, 21
"""The minor versions of Python 3 that are looked for where all of them count."""


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
    return survey(project, environ)[0]


def survey(project: Project, environ: Mapping[str, str]) -> tuple[list[Interpreter], list[Unfit]]:
    """All Pythons of this machine: those that `usable` gives, and the others with the reason."""
    serving: dict[str, Interpreter] = {}
    others: dict[str, Unfit] = {}
    for minor in (f"3.{number}" for number in range(_OLDEST, _NEWEST)):
        for argv in candidates(minor, environ):
            found = examine(argv, environ)
            if isinstance(found, Unfit):
                if is_shim(found.path):
                    continue  # it says no in many words, and is no Python
                others.setdefault(os.path.realpath(found.path), found)
            elif found.minor != minor:
                continue  # `python3` of another minor version, which has its turn
            elif not _covered(project, found):
                why = f"is {found.version}, which the lock does not cover"
                others.setdefault(str(found.path), Unfit(str(found.path), why))
            else:
                serving.setdefault(minor, found)
    return list(serving.values()), list(others.values())


def _covered(project: Project, found: Interpreter) -> bool:
    too_old = release(found.version) < release(project.python_minimum)
    return not too_old and (not project.pythons or found.minor in project.pythons)


def _for_the_lock(project: Project, found: Interpreter) -> Interpreter:
    if not _covered(project, found):
        covered = ", ".join(project.pythons) or f"{project.python_minimum} and newer"
        raise EnvError(
            f"The lock is for Python {covered}, and {found.path} is {found.version}.",
            "Choose another one: " + project.command("sync", "--python", project.python),
            WRONG_USE,
        )
    return found


def _not_found(project: Project, wanted: str, environ: Mapping[str, str]) -> NoInterpreter:
    found, others = survey(project, environ)
    have = ", ".join(interpreter.version for interpreter in found) or "none"
    unfit = "".join(f"; {each.path} {each.why}" for each in others)
    newest = found[-1].minor if found else "VERSION"
    asked = [] if wanted == project.python else ["--python", wanted]
    return NoInterpreter(
        f"Python {wanted} is not on this machine (found: {have}{unfit}).",
        f"Install it; or let uv fetch it: {project.command('sync', *asked, '--fetch')}; "
        f"or use another one here: {project.command('sync', '--python', newest)}",
        found,
    )
