"""The ways in which an environment comes to be: one module each, named by a row of table.json.

The template's question offers the rows of that table too. Every module has a class `Manager`; that
of venv.py is the plain case, and the others differ from it where they must.
"""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import WRONG_USE, EnvError
from ..project import SETTINGS, Project

if TYPE_CHECKING:
    from .venv import Manager

_TABLE = Path(__file__).with_name("table.json")


def names() -> list[str]:
    """The managers that there are."""
    return list(json.loads(_TABLE.read_text(encoding="utf-8")))


def manager(project: Project) -> Manager:
    """The project's manager; EnvError where the settings name an unknown one."""
    if project.manager not in names():
        raise EnvError(
            f"{project.manager} is not a manager that this project's tools/env knows.",
            f"Set `manager` in {SETTINGS} to one of: {', '.join(names())}.",
            WRONG_USE,
        )
    found: Manager = import_module(f"{__name__}.{project.manager}").Manager()
    return found
