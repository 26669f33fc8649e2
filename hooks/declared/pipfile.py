"""Pipfile, whose tables are nearly Poetry's. https://pipenv.pypa.io/en/latest/pipfile.html"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from . import LOGIN, Source

USUAL = "a4aa2ac280bb8d1a0ce7a1be5a7bfb10292b49fe9435ad5cff19f421f3c70e41"
"""The SHA-256 of PyPI's host. No file here names an index, so that none is ever asked unbidden."""


def read(tables: Mapping[str, Any]) -> Source:
    """What it asks for; its index is named and not taken, for it may have a login."""
    found = Source("Pipfile")
    requires = tables.get("requires", {})
    python = requires.get("python_version") or requires.get("python_full_version")
    found.python = f"=={'.'.join(python.split('.')[:2])}.*" if python else None
    for table, into in (
        ("packages", found.dependencies),
        ("dev-packages", found.groups.setdefault("dev", [])),
    ):
        for name, told in tables.get(table, {}).items():
            _ask(found, name, {"version": told} if isinstance(told, str) else dict(told), into)
    leave_indexes(found, tables.get("source", ()))
    return found


def leave_indexes(found: Source, sources: Iterable[Mapping[str, Any]]) -> None:
    """Name each that has an address and is not the usual one."""
    for each in sources:
        if each.get("url") and not _is_usual(each):
            why = "is an index; give it as [[tool.uv.index]] in pyproject.toml"
            found.leave(LOGIN.sub("", each["url"]), why)


def subdirectory(told: Mapping[str, Any]) -> str:
    """The part of an address that names a folder in a repository."""
    return f"#subdirectory={told['subdirectory']}" if told.get("subdirectory") else ""


def _is_usual(source: Mapping[str, Any]) -> bool:
    """Whether it is what `pipenv` writes into every Pipfile; a mirror often has the same name."""
    host = urlsplit(source.get("url", "")).hostname or ""
    return hashlib.sha256(host.encode()).hexdigest() == USUAL


def _ask(found: Source, name: str, told: dict[str, Any], into: list[str]) -> None:
    extras = f"[{','.join(told['extras'])}]" if told.get("extras") else ""
    version = told.get("version", "*")
    markers = [told["markers"]] if told.get("markers") else []
    # Each variable of PEP 508 is a key, too: sys_platform = "== 'linux'".
    markers += [
        f"{key} {told[key]}" for key in ("sys_platform", "os_name", "platform_machine",
        "python_version", "platform_system") if key in told
    ]  # fmt: skip
    marker = f" ; {' and '.join(f'({each})' for each in markers)}" if markers else ""
    if told.get("path") in (".", "./"):
        return  # the project itself
    if "path" in told:
        found.paths[name] = told["path"]
        into.append(f"{name}{extras}{marker}")
    elif "git" in told:
        at = f"@{told['ref']}" if "ref" in told else ""
        address = f"git+{told['git']}{at}{subdirectory(told)}"
        found.ask(f"{name}{extras} @ {address}{marker}", into=into)
    elif "file" in told:
        found.ask(f"{name}{extras} @ {told['file']}{marker}", into=into)
    else:
        found.ask(f"{name}{extras}{'' if version == '*' else version}{marker}", into=into)
