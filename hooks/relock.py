"""The lock after an update: resolved again, never merged.

Where the template's pins or the direct dependencies have changed, the engine's `lock` gets the
template's pins as preferences: whatever the user added or pinned stays.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine import engine
from repository import changed

DIRECT = ("pyproject.toml", "environment.yml")
LOCK = "requirements-dev.txt"


def relock(template: Path, chosen: Mapping[str, Any]) -> int:
    """Resolve again where the lock lacks a blessed pin or the dependencies changed; exit code."""
    blessed = pristine_lock(template, chosen)
    if pins(blessed) <= pins(text(LOCK)) and not changed(*DIRECT):
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / LOCK
        path.write_text(blessed, encoding="utf-8")
        return engine("lock", "--prefer", str(path))


def pristine_lock(template: Path, chosen: Mapping[str, Any]) -> str:
    """The lock that the template renders for these answers: its blessed pins."""
    import jinja2  # Copier's own dependency, like the filters

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template),
        extensions=["jinja2_ansible_filters.AnsibleCoreFiltersExtension"],
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        lstrip_blocks=True,
        trim_blocks=True,
    )
    return environment.get_template(f"template/{LOCK}.jinja").render(chosen)


def pins(lock: str) -> set[str]:
    """The lines of a lock that name a version."""
    return set(re.findall(r"^\S+==\S+", lock, re.MULTILINE))


def text(name: str) -> str:
    """A file of the project, "" where there is none."""
    try:
        return Path(name).read_text(encoding="utf-8")
    except OSError:
        return ""
