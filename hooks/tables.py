"""Adds to a pyproject.toml of somebody's own, whose every line and comment stays.

What is added is proven: read by the standard library's reader, the result has all that was there.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from dependencies import Entry, block, lists, put

_HEADER = re.compile(r"^\[(?P<name>[^\[\]\n]+)\][^\n]*\n", re.MULTILINE)

_KEY = re.compile(r"^(?P<key>[\w-]+) *=(?:[^\n]*\[\n.*?^\]|[^\n]*)[^\n]*\n?", re.M | re.S)
"""One of a table of the template's, whose lists end with a bracket on a line of its own."""


class Unmergeable(ValueError):
    """The file is written in a way that cannot be edited here; the text says where."""


class Table(NamedTuple):
    """A table as it is written, from the comments above it on."""

    name: str
    head: str
    """The comments and the header."""

    body: str

    def lines(self) -> dict[str, str]:
        """Each key with what is written for it, over several lines, and the comments above."""
        found: dict[str, str] = {}
        start = 0
        for key in _KEY.finditer(self.body):
            found[key["key"]] = self.body[start : key.end()]
            start = key.end()
        return found


def tables(text: str) -> list[Table]:
    """The tables of a file of the template's; what goes before the first one is left out."""
    heads = list(_HEADER.finditer(text))
    starts = [_above(text, head.start()) for head in heads]
    ends = [*starts[1:], len(text)]
    return [
        Table(
            head["name"].strip(), text[start : head.end()], text[head.end() : end].rstrip() + "\n"
        )
        for head, start, end in zip(heads, starts, ends, strict=True)
    ]


def with_table(text: str, table: Table) -> str:
    """A file with one more table, at its end."""
    return f"{text.rstrip()}\n\n{table.head}{table.body}".lstrip("\n")


def with_keys(text: str, table: Table, keys: Collection[str]) -> str:
    """A file with these keys of a table; at the end of its own, where it has that one."""
    lines = "".join(line for key, line in table.lines().items() if key in keys)
    if not lines:
        return text
    own = _body(text, table.name)
    if own is None:
        return with_table(text, table._replace(body=lines))
    body, rest = text[own].rstrip(), text[own.stop :]
    return text[: own.start] + f"{body}\n{lines}".lstrip("\n") + ("\n" if rest else "") + rest


def with_changes(
    text: str, base: str, new: str, *, whole: Collection[str]
) -> tuple[str, dict[str, str]]:
    """A file with what changed from `base` to `new` in what it has of `base`, and the keys that
    are another's in it, by their lines in `new`.

    A key of `new` alone comes into the tables that `whole` names, and into those below them.
    """
    had, has = ({each.name: each for each in tables(side)} for side in (base, new))
    own: dict[str, str] = {}
    for name in dict.fromkeys((*had, *has)):
        before, after = (side[name].lines() if name in side else {} for side in (had, has))
        present = at(tomllib.loads(text), name)
        for key in dict.fromkeys((*before, *after)):
            old, line, place = before.get(key), after.get(key), _body(text, name)
            if old == line:
                continue
            here = old and place and re.search(rf"^{re.escape(old)}", text[place], re.MULTILINE)
            if here and place:
                start, end = (place.start + each for each in here.span())
                text = text[:start] + (line or "") + text[end:]
            elif key in present:
                own.update({f"{name}.{key}": line} if line else {})
            elif not old and any(f"{name}.".startswith(f"{each}.") for each in whole):
                text = with_keys(text, has[name], {key})
    return text, own


def with_requirements(text: str, key: str, more: Sequence[str]) -> str:
    """A file with more entries in one of its lists of requirements, as "project.dependencies"."""
    found = dict(lists(text)).get(key)
    if found is None:
        raise Unmergeable(f"the list {key} in pyproject.toml")
    written = [Entry(f'"{line}"' if '"' not in line else f"'{line}'") for line in more]
    return put(text, {key: found}, {key: block([*found.entries, *written], found.below)})


def without_dynamic(text: str, key: str) -> str:
    """A file whose [project] has a key itself that setuptools read from elsewhere until now."""
    for table, pattern, instead in (
        ("project", rf"""^(dynamic *= *\[[^\]]*?)\s*["']{key}["'] *,?""", r"\1"),
        ("tool.setuptools.dynamic", rf"^{key} *=[^\n]*\n", ""),
    ):
        place = _body(text, table)
        if place:
            body = re.sub(pattern, instead, text[place], count=1, flags=re.MULTILINE)
            text = text[: place.start] + body + text[place.stop :]
    return text


def prove(before: str, after: str, *, changed: Collection[str]) -> None:
    """Raise Unmergeable where a merged file lost something but what is `changed`, which are keys as
    "project.dependencies", and TOMLDecodeError where it is none."""
    had, has = tomllib.loads(before), tomllib.loads(after)
    for path in _differences(had, has, ()):
        if not any(path == each or path.startswith(f"{each}.") for each in changed):
            raise Unmergeable(f"the key {path} of pyproject.toml")


def _differences(had: Any, has: Any, path: tuple[str, ...]) -> Iterator[str]:
    if isinstance(had, Mapping) and isinstance(has, Mapping):
        for key in had:
            yield from _differences(had[key], has.get(key), (*path, key))
    elif had != has:
        yield ".".join(path)


def at(tables: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The table of a name as "tool.uv", empty where there is none."""
    for part in name.split("."):
        found = tables.get(part, {})
        tables = found if isinstance(found, Mapping) else {}
    return tables


def _body(text: str, name: str) -> slice | None:
    """What stands in the table of a name; without the comments above the next one."""
    head = re.search(rf"^\[ *{re.escape(name)} *\][^\n]*\n", text, re.MULTILINE)
    if head is None:
        return None
    after = re.compile(r"^\[", re.MULTILINE).search(text, head.end())
    return slice(head.end(), _above(text, after.start()) if after else len(text))


def _above(text: str, at: int) -> int:
    """Where the comments begin that stand right above a place."""
    found = re.search(r"(?:^#[^\n]*\n)*\Z", text[:at], re.MULTILINE)
    return found.start() if found else at
