"""The lock after an update: resolved again, never merged.

Where the template's pins or the direct dependencies have changed, attackers made a version that is
locked, or the lock does not say what it was made for, the engine's `lock` gets the template's pins
as preferences: whatever the user added or pinned stays.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pristine import computed, jinja, unchanged
from repository import changed, git

DIRECT = ("pyproject.toml", "environment.yml")
LOCK = "requirements-dev.txt"


def preferred(template: Path, before: Mapping[str, Any], chosen: Mapping[str, Any]) -> Path | None:
    """A file with the blessed pins, None where the lock has them and nothing else is asked for.

    It is in git's own folder, so that a person can lock with it when a conflict is resolved.
    """
    from env.requirements import notes

    today = text(LOCK)
    told = notes(today)
    dated = told.asked is None and told.draft is None  # of an engine that did not note it
    other = before.get("accelerator") != chosen.get("accelerator")
    due = changed(*DIRECT) or bool(taken(today)) or dated or other
    if not due and unchanged(template, "catalogue", before, chosen):
        return None
    blessed = pristine_lock(template, chosen)
    if not due and pins(blessed) <= pins(today):
        return None
    path = Path(os.fsdecode(git("rev-parse", "--git-path", "seedbed-pins.txt")).strip())
    path.write_text(blessed, encoding="utf-8")
    return path


def pristine_lock(template: Path, chosen: Mapping[str, Any]) -> str:
    """The locks that the template renders for these answers, of all builds: its blessed pins."""
    known, first = computed(template, chosen), f"template/{LOCK}.jinja"
    source = (template / first).read_text(encoding="utf-8")
    lines = (source.replace("builds[0]", repr(build)) for build in known["builds"])
    return "".join(jinja(template).from_string(each).render(known) for each in lines)


def pins(lock: str) -> set[str]:
    """The lines of a lock that name a version."""
    return set(re.findall(r"^\S+==\S+", lock, re.MULTILINE))


def taken(lock: str) -> list[str]:
    """A sentence for each version in a lock that attackers made, as the new template knows."""
    from env import withdrawn

    found = withdrawn.among(tuple(pin.split("==")) for pin in sorted(pins(lock)))
    return [f"{each}. {withdrawn.CREDENTIALS}" for each in found]


def text(name: str) -> str:
    """A file of the project, "" where there is none."""
    try:
        return Path(name).read_text(encoding="utf-8")
    except OSError:
        return ""
