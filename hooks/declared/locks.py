"""Locks of other tools: the versions that people have today."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import Source, Unreadable, text_of

TABLES = ("uv.lock", "poetry.lock", "pdm.lock")
"""Each has its packages in [[package]]."""


def tables(file: str, content: Mapping[str, Any]) -> Source:
    found = Source(file)
    for package in content.get("package", ()):
        own = package.get("source", {})
        local = {"editable", "virtual", "directory"} & own.keys() or own.get("type") == "directory"
        if "version" in package and not local:
            found.pin(package["name"], package["version"])
    return found


def pipfile(path: Path) -> Source:
    """Pipfile.lock. Raises Unreadable."""
    found = Source(path.name)
    try:
        content = json.loads(text_of(path))
        for section in ("default", "develop"):
            for name, told in content.get(section, {}).items():
                if "version" in told:
                    found.pin(name, told["version"].lstrip("="))
    except (ValueError, AttributeError, TypeError) as error:
        raise Unreadable(f"it is no lock ({error})") from None
    return found
