"""pyproject.toml: PEP 621 and dependency groups (PEP 735), or Poetry's own tables.

https://packaging.python.org/en/latest/specifications/pyproject-toml/
https://python-poetry.org/docs/dependency-specification/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from packaging.version import InvalidVersion, Version

from . import TO_DEVELOP, Source
from .pipfile import leave_indexes, subdirectory

_CLAUSE = re.compile(r"(?P<sign>\^|~=|~|===?|!=|>=|<=|>|<)?\s*v?(?P<version>[0-9*][\w.*+!-]*)")


def standard(tables: Mapping[str, Any]) -> Source:
    """What [project] says; its own lists stay where they are, pins and all."""
    project, found = tables.get("project", {}), Source("pyproject.toml")
    found.name, found.version = project.get("name"), project.get("version")
    found.python = project.get("requires-python")
    found.classify(project.get("classifiers", ()))
    found.dependencies = list(project.get("dependencies", ()))
    found.groups = {
        name: [line for line in lines if isinstance(line, str)]
        for name, lines in tables.get("dependency-groups", {}).items()
    }
    for extra, lines in project.get("optional-dependencies", {}).items():
        if extra.lower() in TO_DEVELOP:
            dev = found.groups.setdefault("dev", [])
            dev += [line for line in lines if line not in dev]
    own = tables.get("tool", {})
    for line in _of_other_tools(own):
        found.ask(line, into=found.groups.setdefault("dev", []))
    leave_indexes(found, own.get("pdm", {}).get("source", ()))
    return found


def _of_other_tools(own: Mapping[str, Any]) -> Iterator[str]:
    """What is to develop with by tables of PDM, Rye and uv from before PEP 735, and of Hatch."""
    for lines in own.get("pdm", {}).get("dev-dependencies", {}).values():
        yield from lines
    for tool in ("rye", "uv"):
        yield from own.get(tool, {}).get("dev-dependencies", ())
    for name, table in own.get("hatch", {}).get("envs", {}).items():
        if name in TO_DEVELOP or name in ("default", "hatch-test"):
            yield from (*table.get("dependencies", ()), *table.get("extra-dependencies", ()))


def poetry(tables: Mapping[str, Any]) -> Source:
    """What [tool.poetry] says where there is no [project] dependencies beside it."""
    own, found = tables["tool"]["poetry"], Source("pyproject.toml (Poetry)")
    found.name, found.version = own.get("name"), own.get("version")
    dependencies = dict(own.get("dependencies", {}))
    python = dependencies.pop("python", None)
    found.python = specifier(python) if isinstance(python, str) else None
    found.classify(own.get("classifiers", ()))
    extras = own.get("extras", {})
    for name, told in dependencies.items():
        of = [extra for extra in extras if name in extras[extra]]
        for extra in of:
            _ask(found, name, told, found.extras.setdefault(extra, []))
        if not of:
            _ask(found, name, told, found.dependencies)
    groups = {"dev": own.get("dev-dependencies", {})}
    leave_indexes(found, own.get("source", ()))
    optional = set()
    for group, table in own.get("group", {}).items():
        groups[group] = {**groups.get(group, {}), **table.get("dependencies", {})}
        optional |= {group} if table.get("optional") else set()
    for group, lines in groups.items():
        # Those that are not optional are installed by Poetry without being asked for.
        target = found.groups.setdefault(group if group in optional else "dev", [])
        for name, told in lines.items():
            _ask(found, name, told, target)
    return found


def specifier(constraint: str) -> str | None:
    """Poetry's constraint as a specifier (PEP 440), None where it has none, as for `^1 || ^3`."""
    if constraint.strip() in ("", "*"):
        return ""
    clauses: list[str] = []
    for part in re.split(r",|(?<=[\w*])\s+(?=[\^~<>=!])", constraint):
        found = _CLAUSE.fullmatch(part.strip())
        if found is None:
            return None
        sign, version = found["sign"] or "==", found["version"]
        if sign in ("^", "~"):
            top = _next(version, caret=sign == "^")
            if top is None:
                return None
            clauses += [f">={version}", f"<{top}"]
        else:
            clauses.append(sign + version)
    return ",".join(clauses)


def _next(version: str, *, caret: bool) -> str | None:
    """The first version that `^` (or `~`) leaves out."""
    try:
        release = list(Version(version).release)
    except InvalidVersion:
        return None
    if caret:
        nonzero = (at for at, number in enumerate(release) if number)
        at = next(nonzero, len(release) - 1)
    else:
        at = min(1, len(release) - 1)
    return ".".join(map(str, [*release[:at], release[at] + 1, *[0] * (len(release) - at - 1)]))


def _ask(found: Source, name: str, told: Any, into: list[str]) -> None:
    if isinstance(told, list):  # other versions for other Pythons or systems
        for each in told:
            _ask(found, name, each, into)
        return
    table = told if isinstance(told, dict) else {"version": told}
    extras = f"[{','.join(table['extras'])}]" if table.get("extras") else ""
    markers = [table["markers"]] if table.get("markers") else []
    python = specifier(table["python"]) if table.get("python") else None
    markers += [f"python_version {_spaced(each)}" for each in python.split(",")] if python else []
    if table.get("platform"):
        markers.append(f"sys_platform == '{table['platform']}'")
    marker = f" ; {' and '.join(f'({each})' for each in markers)}" if markers else ""
    if "path" in table:
        found.paths[name] = table["path"]
        into.append(f"{name}{extras}{marker}")
    elif "git" in table or "url" in table:
        at = next((f"@{table[key]}" for key in ("rev", "tag", "branch") if key in table), "")
        address = f"git+{table['git']}{at}" if "git" in table else table["url"]
        address += subdirectory(table)
        found.ask(f"{name}{extras} @ {address}{marker}", into=into)
    else:
        version = specifier(str(table.get("version", "*")))
        if version is None:
            found.leave(f"{name} {table['version']}", "is asked for by name alone: no one range")
        found.ask(f"{name}{extras}{version or ''}{marker}", into=into)


def _spaced(clause: str) -> str:
    sign, version = re.fullmatch(r"([<>=!~]+)(.+)", clause).groups()  # type: ignore[union-attr]
    return f"{sign} '{version}'"
