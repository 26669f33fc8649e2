"""The programs that put packages into an environment: uv, and pip where uv cannot be had.

uv is not asked of anybody: where it is not on the machine, the uv of the project's own lock is put
into the environment by pip, with its hash checked, and does the rest.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from ..ambient import say
from ..builds import Part
from ..errors import InstallerFailed
from ..probe import Interpreter
from ..project import Project
from ..requirements import Pin, sha256
from .pip import Pip, install_beside
from .uv import Uv, find_uv, uv_at

__all__ = ["Installer", "Pip", "Uv", "choose", "find_uv", "install_privately"]


class Installer(Protocol):
    """Acts on one environment. Every method raises InstallerFailed where the program fails."""

    name: str
    """With its version, as "uv 0.13.9"."""

    @property
    def needs(self) -> tuple[str, ...]:
        """The distributions of the environment that it runs on itself."""

    def install(self, part: Part, offline: bool) -> None:
        """Install the lines of a lock, hashes enforced, nothing built, no dependency followed.

        What is to be fetched `again` gets all of its files anew, from a source that an edited file
        elsewhere on this machine cannot have reached.
        """

    def uninstall(self, names: Sequence[str]) -> None:
        """Remove distributions; nothing to do where `names` is empty."""

    def install_project(self, offline: bool) -> None:
        """Install the project itself, editable, with the build backend that the lock brought."""


def choose(
    project: Project,
    interpreter: Interpreter,
    pins: Mapping[str, Pin],
    environ: Mapping[str, str],
    offline: bool,
) -> Installer:
    """The installer for this machine, uv wherever it can be had; says which way was taken.

    `pins` are the lock's lines for this system: the one of uv is the uv that is fetched.
    """
    uv = find_uv(project, environ)
    if uv is not None:
        return uv
    pip = Pip(project, interpreter, environ)
    pin = pins.get("uv")
    if pin is None:
        say(f"{project.env_label}: no uv on this machine or in the lock, so {pip.name} installs")
        return pip
    say(f"{project.env_label}: no uv on this machine, {pip.name} fetches the locked one")
    try:
        pip.install_pin(pin, offline)
    except InstallerFailed as error:
        # pip says the same of an index that it cannot reach, and that is another trouble.
        if error.unreachable or "No matching distribution" not in error.output:
            raise
        say(f"{project.env_label}: there is no uv for this system, so {pip.name} installs (slower)")
        return pip
    fetched = uv_at(project.scripts, project, environ)
    if fetched is None:
        say(f"{project.env_label}: that uv does not run here, so {pip.name} installs (slower)")
        return pip
    return fetched


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
    InstallerFailed, and EnvError where there is neither uv nor pip.
    """
    mark, made_from = library / "made-from", f"{sha256(requirements)} {interpreter.version}\n"
    if mark.exists() and mark.read_text(encoding="utf-8") == made_from:
        return
    if library.exists():
        shutil.rmtree(library)
    uv = find_uv(project, environ)
    if uv is not None:
        uv.install_beside(library, requirements, interpreter, offline)
    else:
        install_beside(library, requirements, project, interpreter, environ, offline)
    mark.write_text(made_from, encoding="utf-8")
