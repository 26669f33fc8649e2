"""The pyproject.toml of a repository that becomes a project: its own, with what is missing in it.

Taken from the template's are the table that installs the package, where there is none, the direct
dependencies, the settings of the lock and the tasks. How code is formatted, linted and tested stays
as it is.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from declared import Source, names
from dependencies import stays
from tables import (
    Table,
    Unmergeable,
    at,
    prove,
    tables,
    with_changes,
    with_keys,
    with_requirements,
    with_table,
    without_dynamic,
)

EDITABLE = {"hatchling.build": ["editables"]}
"""What a back end needs for an editable install besides what it is itself."""

OURS = ("tool.uv", "tool.poe")
"""What an update brings into, and into all below."""

CHANGED = (
    "project.dynamic",
    "project.dependencies",
    "dependency-groups",
    "tool.setuptools.dynamic.dependencies",
)


def merged(
    theirs: str, ours: str, told: Source, package: str | None, *, by_setuptools: bool
) -> str:
    """Their file with ours in it.

    `told` is all that the repository asks for, `package` the directory that is to be installed, and
    `by_setuptools` says that setup.py or setup.cfg do that. Raises Unmergeable.
    """
    try:
        text = _merged(theirs, ours, told, package, by_setuptools=by_setuptools)
    except tomllib.TOMLDecodeError as error:
        raise Unmergeable(f"pyproject.toml (with the template's tables in it: {error})") from None
    prove(theirs, text, changed=CHANGED)
    return text


def _merged(
    theirs: str, ours: str, told: Source, package: str | None, *, by_setuptools: bool
) -> str:
    had = tomllib.loads(theirs)
    template = {table.name: table for table in tables(ours)}
    wanted = tomllib.loads(ours)
    text = theirs
    if "build-system" not in had and (by_setuptools or package):
        build = told.build if by_setuptools else None
        text = _build_system(text, template, package, build)
    text = _project(text, had, wanted, told)
    text = _groups(text, wanted, told)
    text = _lock(text, had, template, told)
    for name in ("tool.poe", "tool.poe.tasks"):
        present = at(had, name)
        text = with_keys(text, template[name], template[name].lines().keys() - present.keys())
    if not any(Path(name).exists() for name in ("ruff.toml", ".ruff.toml")):
        missing = {"extend-exclude"} - at(had, "tool.ruff").keys()
        text = with_keys(text, template["tool.ruff"], missing)
    return text


def _build_system(
    text: str, template: Mapping[str, Table], package: str | None, build: Sequence[str] | None
) -> str:
    """`build` is what setup.py needs besides setuptools, None where there is none."""
    table = template["build-system"]
    if build is not None or package is None:
        needed = json.dumps(list(dict.fromkeys(["setuptools>=64", *(build or ())])))
        # A setup.py may import what is beside it, as pip lets it where no back end is named:
        # https://setuptools.pypa.io/en/latest/build_meta.html#how-to-use-it
        body = f"requires = {needed} # by setup.py or setup.cfg, as before\n"
        return with_table(text, Table(table.name, "[build-system]\n", body))
    own, place = template["tool.uv.build-backend"], Path(package)
    body = f'module-name = "{place.name}"\n'
    if place.parent != Path("src"):
        body += 'module-root = ""\n'
    return with_table(with_table(text, table), own._replace(body=body))


def _project(text: str, had: Mapping[str, Any], wanted: Mapping[str, Any], told: Source) -> str:
    own, ours = had.get("project", {}), wanted["project"]
    dynamic = set(own.get("dynamic", ()))
    if "dependencies" in dynamic:
        text = without_dynamic(text, "dependencies")
    known = names(told.dependencies)
    brought = [line for line in ours["dependencies"] if not names([line]) <= known]
    dependencies = sorted([*told.dependencies, *brought], key=str.lower)
    lines = {"name": _text(told.name or ours["name"])}
    if "version" not in (dynamic | told.dynamic):
        lines["version"] = _text(told.version or ours["version"])
    lines["requires-python"] = _text(told.python or ours["requires-python"])
    given = told.dynamic if not own else set()
    if given:
        lines["dynamic"] = json.dumps(sorted(given))
    if "dependencies" not in own:
        lines["dependencies"] = _list(dependencies)
    text = _with(text, "project", {key: lines[key] for key in lines.keys() - own.keys()}, lines)
    if "dependencies" in own:
        more = [line for line in dependencies if line not in own["dependencies"]]
        text = with_requirements(text, "project.dependencies", more) if more else text
    if told.extras and "optional-dependencies" not in {*own, *given}:
        extras = {extra: _list(lines) for extra, lines in told.extras.items()}
        text = _with(text, "project.optional-dependencies", extras, extras)
    return text


def _groups(text: str, wanted: Mapping[str, Any], told: Source) -> str:
    """The groups to develop with; what the project's own build needs is in dev, and so locked."""
    has = tomllib.loads(text)
    own = has.get("dependency-groups", {})
    build = has.get("build-system", {})
    needed = [*build.get("requires", ()), *EDITABLE.get(build.get("build-backend"), ())]
    # What builds with the template's back end is of no use to another one.
    known = names([*told.groups.get("dev", ()), *wanted["build-system"]["requires"]])
    ours = [line for line in wanted["dependency-groups"]["dev"] if not names([line]) <= known]
    dev = [*told.groups.get("dev", ())]
    dev += [line for line in [*needed, *ours] if not names([line]) <= names(dev)]
    groups = {**told.groups, "dev": dev}
    missing = {group: _list(sorted(groups[group])) for group in groups.keys() - own.keys()}
    text = _with(text, "dependency-groups", missing, dict.fromkeys(["dev", *sorted(groups)], ""))
    for group in groups.keys() & own.keys():
        more = [line for line in groups[group] if line not in own[group]]
        text = with_requirements(text, f"dependency-groups.{group}", more) if more else text
    return text


def _lock(
    text: str,
    had: Mapping[str, Any],
    template: Mapping[str, Table],
    told: Source,
) -> str:
    own, table = at(had, "tool.uv"), template["tool.uv"]
    text = with_keys(text, table, table.lines().keys() - own.keys())
    sources = {
        name: f"{{ path = {_text(path)}, editable = true }}"
        for name, path in told.paths.items()
        if name not in own.get("sources", {})
    }
    return _with(text, "tool.uv.sources", sources, sources)


def updated(mine: str, base: str, theirs: str) -> str:
    """Their file with what the template changed from `base` to `theirs` in what it has of it.

    Says what stays as they have it. Raises TOMLDecodeError.
    """
    text, own = with_changes(mine, base, theirs, whole=OURS)
    for key, line in own.items():
        if key.startswith(OURS):
            stays(line)
    return text


def without_package(settings: str) -> str:
    """tools/env.cfg of a project that has nothing to install."""
    return re.sub(r"^package = .*$", "package =", settings, flags=re.MULTILINE)


def _with(text: str, name: str, some: Mapping[str, str], order: Mapping[str, str]) -> str:
    """A file with keys in a table, in an order."""
    body = "".join(f"{key} = {some[key]}\n" for key in order if key in some)
    return with_keys(text, Table(name, f"[{name}]\n", body), some.keys()) if some else text


def _list(lines: Sequence[str]) -> str:
    return "[\n" + "".join(f"    {_text(line)},\n" for line in lines) + "]" if lines else "[]"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
