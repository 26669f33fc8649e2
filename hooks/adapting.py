"""The answers for a repository with files of its own: those that were given, where they fit."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from declared import Source
from declared.project import package
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from pristine import names
from project_tools import TEMPLATE

NO_CODE = ("setup.py", "conftest.py", "noxfile.py", "docs/conf.py")
LICENSES = re.compile(r"(LICEN[CS]E|COPYING)\b.*", re.IGNORECASE)


def adapted(
    chosen: Mapping[str, Any],
    answers_file: str,
    tracked: Collection[str],
    told: Source,
    sources: Sequence[Source],
) -> tuple[dict[str, Any], list[str]]:
    """The answers, and a sentence for each that is another one now."""
    answers, notes = {**chosen, "adopted": True}, []
    if has_code(tracked) and chosen["framework"] != "none":
        answers["framework"] = "none"
        notes.append("framework: none. There is code already; a starter would stand in its way.")
    notebooks = any(name.endswith(".ipynb") for name in tracked)
    if has_code(tracked) and not notebooks and chosen["libraries"] == ["ipykernel"]:
        answers["libraries"] = []
    place = package(Path(), {"project": {"name": told.name}})
    if place and re.fullmatch(r"[a-z][a-z0-9_]*", Path(place).name):
        answers["package_name"] = Path(place).name
    if told.name:
        answers["project_slug"] = re.sub(r"[^a-z0-9]+", "-", told.name.lower()).strip("-")
    if any(LICENSES.fullmatch(name) for name in tracked) and chosen["license"] != "None":
        answers["license"] = "None"
        notes.append(f"license: yours stays, and not {chosen['license']}.")
    version = python(chosen["python_version"], sources)
    if version is None:
        wanted = ", ".join(each.python for each in sources if each.python)
        notes.append(f"Python {wanted} is not offered; it is {chosen['python_version']}.")
    elif version != chosen["python_version"]:
        answers["python_version"] = version
        notes.append(f"python_version: {version}, since that is what the code asks for.")
    for extra in chosen["extras"]:
        without = {**chosen, "extras": [each for each in chosen["extras"] if each != extra]}
        brought = names(TEMPLATE, chosen, answers_file) - names(TEMPLATE, without, answers_file)
        there = sorted(brought.intersection(tracked))
        if there:
            answers["extras"] = [each for each in answers["extras"] if each != extra]
            notes.append(f"extras: without {extra}, for you have {', '.join(there)}.")
    return answers, notes


def has_code(tracked: Collection[str]) -> bool:
    return any(name.endswith((".py", ".ipynb")) and name not in NO_CODE for name in tracked)


def python(chosen: str, sources: Sequence[Source]) -> str | None:
    """The Python that the files ask for, nearest to the chosen one; None where none is offered."""
    fitting = pythons(sources)
    return chosen if chosen in fitting else _newest(fitting, chosen)


def another(chosen: str, sources: Sequence[Source]) -> str | None:
    """The next one that the files allow, None where there is none."""
    return _newest([each for each in pythons(sources) if each != chosen], chosen)


def pythons(sources: Sequence[Source]) -> list[str]:
    """Those offered that the files ask for; of them those that were tested, where that is told."""
    catalogue = json.loads((TEMPLATE / "catalogue" / "libraries.json").read_text(encoding="utf-8"))
    offered = [value for _, value in catalogue["python_question"]["choices"]]
    asked = SpecifierSet()
    for source in sources:
        try:
            both = asked & SpecifierSet(source.python or "")
        except InvalidSpecifier:
            continue
        if any(map(both.contains, offered)):
            asked = both
        elif source.python:
            return []
    fitting = [version for version in offered if asked.contains(version)]
    tested = {version for source in sources for version in source.tested}
    return [version for version in fitting if version in tested] or fitting


def _newest(versions: Sequence[str], limit: str) -> str | None:
    """The newest, if there is one not after the limit, else the oldest of the others."""

    def number(version: str) -> tuple[int, ...]:
        return tuple(map(int, version.split(".")))

    before = [each for each in versions if number(each) <= number(limit)]
    return max(before, key=number) if before else min(versions, key=number, default=None)
