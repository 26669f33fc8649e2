"""What pyproject.toml asks for and the lock does not hold: an edit that was not locked.

The lock's comments name what each package is there for ("# via NAME (pyproject.toml)"), so that a
dependency that was taken out of pyproject.toml is seen too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .difference import UNLOCKED, Difference
from .markers import applies, satisfies_all
from .project import RUN_LOCK, Project
from .requirements import Pin, for_this_system, normalize, parse

FILE = "pyproject.toml"
_REQUIREMENT = re.compile(
    r"\s*(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?\s*\(?(?P<bounds>[^;@()]*)\)?"
    r"(;\s*(?P<marker>.+))?\Z"
)
_BLOCK = re.compile(r"^(?P<name>[\w.-]+)==.*\n(?:    --hash.*\n)*(?P<via>(?:    #.*\n?)*)", re.M)


def unlocked(project: Project, facts: Mapping[str, str]) -> Iterator[Difference]:
    """What was not locked; `facts` decide which dependencies are for this system.

    Silent where pyproject.toml or the lock cannot be read: `lock` and `sync` say so. Nothing is
    found by a Python older than 3.11, whose standard library does not read TOML.
    """
    try:
        text = project.lock.read_text(encoding="utf-8")
        pins, asked = parse(text), _asked(project)
        held = for_this_system(pins, facts)
    except (ImportError, OSError, ValueError, AttributeError, TypeError):
        return
    for name, bounds, marker in asked:
        yield from _lacking(name, bounds, marker, held, facts)
    for name in sorted(_roots(project, text) - {name for name, _, _ in asked}):
        message = f"{name} is locked for {FILE}, which does not ask for it any more."
        yield Difference(UNLOCKED, message, name)


def _asked(project: Project) -> list[tuple[str, str, str]]:
    """Name, bounds and marker of each direct dependency; a link in place of bounds is none.

    A name may come twice, with markers that exclude each other.
    """
    import tomllib

    content: dict[str, Any] = tomllib.loads((project.root / FILE).read_text(encoding="utf-8"))
    lines = list(content.get("project", {}).get("dependencies", []))
    if project.lock.name != RUN_LOCK:
        lines += content.get("dependency-groups", {}).get("dev", [])
    found = [_REQUIREMENT.match(line) for line in lines if isinstance(line, str)]
    return [
        (normalize(each["name"]), each["bounds"].strip(), (each["marker"] or "").strip())
        for each in found
        if each
    ]


def _lacking(
    name: str, bounds: str, marker: str, held: Mapping[str, Pin], facts: Mapping[str, str]
) -> Iterator[Difference]:
    try:
        if marker and not applies(marker, facts):
            return
        if name not in held:
            message = f"{name} is asked for in {FILE} and is not in the lock."
            yield Difference(UNLOCKED, message, name)
        elif not satisfies_all(held[name].version, bounds):
            message = f"{FILE} asks for {name}{bounds}, and locked is {held[name].version}."
            yield Difference(UNLOCKED, message, name)
    except ValueError:
        return  # nothing that can be decided here; the resolver can


def _roots(project: Project, lock: str) -> set[str]:
    """The packages that the lock says are there for pyproject.toml itself."""
    own = re.escape(normalize(project.name))
    named = re.compile(rf"^    #(?: via|  ) +{own}(?: \({FILE}.*\))?$", re.M)
    return {normalize(each["name"]) for each in _BLOCK.finditer(lock) if named.search(each["via"])}
