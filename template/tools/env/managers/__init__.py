"""The ways in which an environment comes to be: one module each.

Every module has a class `Manager`; that of venv.py is the plain case, and the others differ from it
where they must. A project has the module of its own manager, and that of venv.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import WRONG_USE, EnvError
from ..project import SETTINGS, Project

if TYPE_CHECKING:
    from .venv import Manager


def names() -> list[str]:
    """The managers that there are."""
    here = Path(__file__).parent  # the folder of one that is gone may have byte code in it
    modules, packages = here.glob("[!_]*.py"), here.glob("*/__init__.py")
    return sorted([*(path.stem for path in modules), *(path.parent.name for path in packages)])


def manager(project: Project) -> Manager:
    """The project's manager; EnvError where the settings name one that is not there."""
    if project.manager not in names():
        raise EnvError(
            f"{project.manager} is not a manager that this project's tools/env knows.",
            f"Set `manager` in {SETTINGS} to one of: {', '.join(names())}.",
            WRONG_USE,
        )
    found: Manager = import_module(f"{__name__}.{project.manager}").Manager()
    return found
