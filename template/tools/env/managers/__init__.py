"""The ways in which an environment comes to be: one module each, and the table that names them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..errors import WRONG_USE, EnvError
from ..probe import Interpreter
from ..project import SETTINGS, Project
from . import venv

Create = Callable[[Project, Interpreter, Mapping[str, str]], None]
"""Makes an environment without packages at `project.env`, from an interpreter; raises EnvError."""

MANAGERS: dict[str, Create] = {"venv": venv.create}


def manager(project: Project) -> Create:
    """The function for the project's manager; EnvError where the settings name an unknown one."""
    try:
        return MANAGERS[project.manager]
    except KeyError:
        raise EnvError(
            f"{project.manager} is not a manager that this project's tools/env knows.",
            f"Set `manager` in {SETTINGS} to one of: {', '.join(MANAGERS)}.",
            WRONG_USE,
        ) from None
