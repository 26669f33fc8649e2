"""The plain manager: the standard library's venv, on a Python of this machine.

https://docs.python.org/3/library/venv.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..difference import OTHER_PYTHON, Difference
from ..errors import EnvError
from ..interpreters import Interpreter, find
from ..processes import activated, say, stream
from ..project import Project

if TYPE_CHECKING:
    from ..uv import Uv

_KEY = "include-system-site-packages"
_BASE = re.compile(rf"^[ \t]*{_KEY}[ \t]*=[ \t]*(\S*)[ \t]*\n?", re.MULTILINE | re.IGNORECASE)


class Manager:
    """Makes environments, and answers for what they hold besides the packages of the lock."""

    def accept_python(self, project: Project) -> None:
        """EnvError where a Python cannot be chosen by hand or fetched by uv (`sync --python`)."""

    def pin_python(self, project: Project, version: str) -> bool:
        """Write the Python that was chosen by hand where the manager's own tools look for it.

        False where there is no such place: then the choice is this environment's alone.
        """
        return False

    def prepare(self, project: Project, wanted: str, environ: Mapping[str, str]) -> Interpreter:
        """The Python to begin with, and all else that must be had before anything is replaced.

        `wanted` is a version, command or path. Raises EnvError where something cannot be had.
        """
        return find(project, wanted, environ)

    def create(self, project: Project, begin: Interpreter, environ: Mapping[str, str]) -> None:
        """Make the environment; `project.env` may exist and hold the engine's own folder.

        `begin` is what `prepare` gave. Raises EnvError.
        """
        make_venv(project, begin, environ)

    def fits(self, project: Project) -> bool:
        """Whether the environment that is there can have been made this way."""
        return not project.prefix.exists()

    def adopts(self, project: Project) -> bool:
        """Whether a directory without our stamp is this project's own environment all the same."""
        return False

    def refresh(self, project: Project, newer_than: int | None, environ: Mapping[str, str]) -> bool:
        """Bring what an existing environment stands on to its lock; whether anything was done.

        `newer_than` as in `files.damaged`. Raises EnvError.
        """
        packages = self.lets_through(project)
        if _sees_base(project) == bool(packages):
            return False
        if packages:
            shown = ", ".join(packages)
            say(f"{project.env_label}: importable from the Python underneath: {shown}")
        path = project.env / "pyvenv.cfg"
        kept = _BASE.sub("", path.read_text(encoding="utf-8"))
        path.write_text(f"{kept}{_KEY} = {str(bool(packages)).lower()}\n", encoding="utf-8")
        return True

    def derive(self, project: Project, uv: Uv, *, missing_too: bool = True) -> None:
        """Write the requirements anew where they follow from another lock that was changed.

        That one is made too where it is missing, unless `missing_too` is false. Raises EnvError or
        InstallerFailed.
        """

    def complete(
        self,
        project: Project,
        uv: Uv,
        source: Path,
        drafts: dict[Path, str],
        upgrade: Sequence[str] | None,
    ) -> None:
        """Add what else `lock` has to write to `drafts`, texts by path.

        `source` is a directory with the pyproject.toml that counts; `upgrade` as `lock.write` takes
        it. Raises EnvError or InstallerFailed.
        """

    def unlocked(self, project: Project) -> str | None:
        """A sentence where what a person edits has changed since it was locked."""
        return None

    def differences(self, project: Project, newer_than: int | None) -> Iterator[Difference]:
        """What is wrong underneath the environment; `newer_than` as in `files.damaged`."""
        packages = self.lets_through(project)
        if _sees_base(project) == bool(packages):
            return
        if packages:
            shown = ", ".join(packages)
            message = f"{project.env_label} does not see {shown} of the Python underneath it."
        else:
            message = f"{project.env_label} sees the packages of the Python underneath it."
        yield Difference(OTHER_PYTHON, message)

    def lets_through(self, project: Project) -> list[str]:
        """The packages beneath the environment for which all that is there can be imported."""
        return []

    def prints(self, project: Project) -> dict[str, str]:
        """A hash for each thing that the environment stands on, by its name and version."""
        return {}

    def entered(self, project: Project, environ: Mapping[str, str]) -> dict[str, str]:
        """`environ` as it is in the active environment."""
        return activated(environ, project)


def make_venv(project: Project, interpreter: Interpreter, environ: Mapping[str, str]) -> None:
    """Without pip: ensurepip takes seconds, is missing on Debian's Python, and the lock brings one.

    Raises EnvError where venv fails.
    """
    say(f"{project.env_label}: making it with Python {interpreter.version} ({interpreter.path})")
    argv = [str(interpreter.path), "-I", "-m", "venv", "--without-pip", str(project.env)]
    done = stream([*argv, "--prompt", project.name], environ, project.root, lambda line: True)
    if done.code != 0 or not project.python_path.exists():
        raise EnvError(
            f"{interpreter.path} could not make an environment at {project.env_label}.",
            f"Look at the lines above, then run: {project.command('sync')}",
        )


def _sees_base(project: Project) -> bool:
    """As the standard library's site.py decides it: the last line counts, and none means yes."""
    try:
        text = (project.env / "pyvenv.cfg").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False  # told as a state
    values: list[str] = ["true", *_BASE.findall(text)]
    return values[-1].lower() == "true"
