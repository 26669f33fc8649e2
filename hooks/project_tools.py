"""What the hooks share with the tools that each project has: parts of template/tools.

The engine's modules, of which few updates need one, are imported where that is so.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "template" / "tools"))

import starter_fixes
from template_check import NOTE, lost, option, stopped_update, what_is_missing, without_login

TEMPLATE = Path(__file__).resolve().parent.parent
"""The clone of the template that Copier works from."""

LOCAL = Path("tools/env.local.cfg")
"""What holds on this machine only; git ignores it."""

TOOLS = ("tools/", "activate.")
"""Where the template's names begin that nothing else may have."""

__all__ = [
    "LOCAL",
    "NOTE",
    "TEMPLATE",
    "TOOLS",
    "lost",
    "option",
    "starter_fixes",
    "stopped_update",
    "what_is_missing",
    "without_login",
]
