"""An environment made by the standard library's venv."""

from __future__ import annotations

from collections.abc import Mapping

from ..ambient import say, stream
from ..errors import EnvError
from ..probe import Interpreter
from ..project import Project


def create(project: Project, interpreter: Interpreter, environ: Mapping[str, str]) -> None:
    """Make the environment; `project.env` may exist and hold the engine's own folder.

    Without pip: ensurepip takes seconds, is missing on Debian's Python, and the lock brings a pip.
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
