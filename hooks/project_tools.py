"""What the hooks share with the tools that each project has: parts of template/tools."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "template" / "tools"))

import starter_fixes
from template_check import NOTE, lost, option, stopped_update, what_is_missing, without_login

from env import withdrawn
from env.requirements import notes

TEMPLATE = Path(__file__).resolve().parent.parent
"""The clone of the template that Copier works from."""

__all__ = [
    "NOTE",
    "TEMPLATE",
    "lost",
    "notes",
    "option",
    "starter_fixes",
    "stopped_update",
    "what_is_missing",
    "withdrawn",
    "without_login",
]
