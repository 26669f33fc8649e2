"""The programs that put packages into an environment: uv, and pip where uv cannot be had.

uv is not asked of anybody: where it is not on the machine, the uv of the project's own lock is put
into the environment by pip, with its hash checked, and does the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from ..ambient import say
from ..errors import InstallerFailed
from ..probe import Interpreter
from ..project import Project
from ..requirements import Pin
from .pip import Pip
from .uv import Uv, find_uv, uv_at

__all__ = ["Installer", "Pip", "Uv", "choose", "find_uv"]


class Installer(Protocol):
    """Acts on one environment. Every method raises InstallerFailed where the program fails."""

    name: str
    """With its version, as "uv 0.13.9"."""

    def install(self, requirements: Path, again: Sequence[str], offline: bool) -> None:
        """Install the lines of a lock, hashes enforced, nothing built, no dependency followed.

        The distributions named in `again` get all of their files anew, from a source that an edited
        file elsewhere on this machine cannot have reached.
        """

    def uninstall(self, names: Sequence[str]) -> None:
        """Remove distributions."""

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
