"""The Pythons of this machine: asked what they are, and found for what a project wants.

Only CPython counts: the lock's wheels are for it. None is handed out in place of another unasked.
discovery.py knows where Pythons are.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from .discovery import candidates, is_shim
from .errors import WRONG_USE, EnvError
from .markers import release, satisfies
from .processes import capture
from .project import Project

# Printed by the interpreter itself, as JSON: nobody else knows it for sure.
_PROBE = """
import importlib.util, json, os, platform, re, sys, sysconfig
pip = importlib.util.find_spec("pip")
# Read, not imported: importlib.metadata alone would double the time of this program.
text = open(pip.origin, encoding="utf-8").read() if pip and pip.origin else ""
version = re.search(r"^__version__ = ['\\"](.+?)['\\"]", text, re.MULTILINE)
v = sys.implementation.version
tag = "" if v.releaselevel == "final" else v.releaselevel[0] + str(v.serial)
print(json.dumps({
    "path": getattr(sys, "_base_executable", None) or sys.executable,
    "platform": sysconfig.get_platform(),
    "site_packages": os.path.realpath(sysconfig.get_path("purelib")),
    "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    "pip": version.group(1) if version else None,
    "has_ensurepip": importlib.util.find_spec("ensurepip") is not None,
    "markers": {
        "implementation_name": sys.implementation.name,
        "implementation_version": "%d.%d.%d%s" % (v.major, v.minor, v.micro, tag),
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        "platform_release": platform.release(),
        "platform_system": platform.system(),
        "platform_version": platform.version(),
        "python_full_version": platform.python_version(),
        "python_version": ".".join(platform.python_version_tuple()[:2]),
        "sys_platform": sys.platform,
    },
}))
"""


LOAD = "module load NAME"
"""What brings a library on a cluster: its Pythons are modules, and only work while loaded."""


class Interpreter(NamedTuple):
    path: Path
    """Executable of the base interpreter, also where a virtual environment's was asked."""

    platform: str
    """sysconfig's platform tag, as "linux-x86_64"."""

    site_packages: Path
    """Where this very interpreter (not its base) has its packages; symbolic links resolved."""

    pip: str | None
    """Version of its pip, None where it has none."""

    has_ensurepip: bool
    markers: Mapping[str, str]
    """What environment markers (PEP 508) are decided by."""

    @property
    def version(self) -> str:
        """Full version, as "3.12.1"."""
        return self.markers["python_full_version"]

    @property
    def minor(self) -> str:
        return self.markers["python_version"]


class Unfit(NamedTuple):
    """A Python, or what should be one, that serves no project."""

    path: str
    why: str
    """Goes on after its path, as "is the free-threaded build"."""


def probe(argv: list[str], environ: Mapping[str, str]) -> Interpreter | None:
    """What the command `argv` starts, or None where that is not a standard CPython build."""
    found = examine(argv, environ)
    return found if isinstance(found, Interpreter) else None


def examine(argv: list[str], environ: Mapping[str, str]) -> Interpreter | Unfit:
    """The same, with the reason where it is none."""
    # In the root directory: a shim answers by the files of the current one (.tool-versions).
    root = os.path.abspath(os.sep)
    code, output, errors = capture([*argv, "-I", "-c", _PROBE], environ, cwd=root)
    try:
        facts = json.loads(output) if code == 0 else None
    except ValueError:
        facts = None
    if facts is None:
        said = [line.strip() for line in errors.splitlines() if line.strip()]
        return Unfit(argv[0], f"does not start: {said[-1]}" if said else "does not start")
    markers = facts["markers"]
    if markers["implementation_name"] != "cpython":
        kind = markers["platform_python_implementation"]
        return Unfit(argv[0], f"is {kind} {markers['implementation_version']}")
    if facts.pop("free_threaded"):
        version = markers["python_full_version"]
        return Unfit(argv[0], f"is the free-threaded build of {version}")
    facts.update(path=Path(facts["path"]), site_packages=Path(facts["site_packages"]))
    return Interpreter(**facts)


def missing_library(python: Path, environ: Mapping[str, str]) -> str | None:
    """The shared library that a Python lacks to start, None where that is not its trouble."""
    done = capture([str(python), "-I", "-S", "-c", ""], environ)
    found = re.search(r"loading shared libraries: ([^:\s]+)", done.errors)
    return found[1] if found and done.code else None


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
    named = examine([os.path.abspath(shutil.which(wanted) or wanted)], environ)
    if isinstance(named, Unfit):
        raise EnvError(
            f"{wanted} is no CPython for a project: it {named.why}.",
            "Name a version or a path: " + project.command("sync", "--python", project.python),
            WRONG_USE,
        )
    return _for_the_lock(project, named)


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
