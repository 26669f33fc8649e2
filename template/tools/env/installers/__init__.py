"""What resolves and installs: uv, and no other program.

uv is not asked of anybody: where it is not on the machine, pip fetches the uv of the project's own
lock, its hash checked. Where there is none for a system there is no environment, and that is said.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from ..errors import EnvError, InstallerFailed
from ..probe import Interpreter
from ..processes import say
from ..project import Project
from ..requirements import locked, sha256
from .pip import fetch
from .uv import Uv, fetched_to, find_uv

__all__ = ["Uv", "find_uv", "forget_fetched", "install_privately", "uv_for"]


def uv_for(
    project: Project, interpreter: Interpreter, environ: Mapping[str, str], offline: bool
) -> Uv:
    """The uv of this machine, else the one of the lock, fetched beside the environment's packages.

    Says which way was taken. Raises InstallerFailed, and EnvError where there is none to be had.
    """
    uv = find_uv(project, environ)
    if uv is not None:
        return uv
    pin = locked(project.lock, project.command("lock"), interpreter.markers).get("uv")
    if pin is None:
        raise EnvError(
            "There is no uv on this machine and none in the lock.",
            "Install it (https://docs.astral.sh/uv/), then run: " + project.command("sync"),
        )
    say(f"{project.env_label}: no uv on this machine, pip fetches the locked one")
    forget_fetched(project)
    try:
        fetch(pin, fetched_to(project), project, interpreter, environ, offline)
    except InstallerFailed as error:
        # pip says the same of an index that it cannot reach, and that is another trouble.
        if error.unreachable or offline or "No matching distribution" not in error.output:
            raise
    uv = find_uv(project, environ)
    if uv is None:
        raise EnvError(
            f"The package index has no uv {pin.version} for this system, or not for you; without "
            "it there is no environment.",
            "Look at its address and login, or work on Linux, macOS or Windows (x86-64 or arm64), "
            f"then run: {project.command('sync')}",
        )
    return uv


def forget_fetched(project: Project) -> None:
    """Remove the uv that was fetched, once the environment has the one of the lock."""
    shutil.rmtree(fetched_to(project), ignore_errors=True)


def install_privately(
    library: Path,
    requirements: Path,
    project: Project,
    interpreter: Interpreter,
    environ: Mapping[str, str],
    offline: bool,
) -> None:
    """Make `library` a directory with the packages of a lock, for programs run by `interpreter`.

    One that is there already is kept as long as lock and Python are the same. Raises
    InstallerFailed, and EnvError where there is no uv to be had.
    """
    mark, made_from = library / "made-from", f"{sha256(requirements)} {interpreter.version}\n"
    if mark.exists() and mark.read_text(encoding="utf-8") == made_from:
        return
    if library.exists():
        shutil.rmtree(library)
    uv = uv_for(project, interpreter, environ, offline)
    uv.install_beside(library, requirements, interpreter, offline)
    mark.write_text(made_from, encoding="utf-8")
