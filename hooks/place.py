"""Where the environment lives: an update can choose another place, and the old one stays behind."""

from __future__ import annotations

import os
import re
import shlex
import sys

from engine import command, facts
from relock import text
from repository import committed

SETTINGS = "tools/env.cfg"


def report_the_place_before() -> None:
    """Where the environment has moved, the old one is left where it is: say how to delete it."""
    before = place_before()
    if before in ("", place(text(SETTINGS))):
        return
    old = facts(environment=before)
    if old.get("state") in (None, "missing", "foreign"):
        return
    print(f"\nThe old environment at {old['path']} is not used any more.", file=sys.stderr)
    setting = f"UV_PROJECT_ENVIRONMENT={shlex.quote(before)}"
    print(f"Delete it with: {setting} {command('delete')}", file=sys.stderr)


def is_made(environment: str) -> bool:
    """Whether there is an environment at a place; the engine is asked where there is something."""
    if environment and "$" not in environment and not os.path.lexists(environment):
        return False
    return facts(environment=environment).get("state") != "missing"


def place_before() -> str:
    """The environment's place before the update."""
    return place((committed(SETTINGS) or b"").decode("utf-8", "replace"))


def place(settings: str) -> str:
    """The environment's place in the text of tools/env.cfg, "" where it names none."""
    found = re.search(r"^env = (.+)$", settings, re.MULTILINE)
    return found[1].strip() if found else ""
