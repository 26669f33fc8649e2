"""Merges the lists of dependencies in pyproject.toml by their entries, where git stopped at lines.

A library that the user added and a pin of the template that moved are neighbours, which is a
conflict to git and none to anybody else. So an entry that one side alone has changed is taken from
that side; whatever both have changed is left to a person, as git left it.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from repository import committed, git, merged

FILE = "pyproject.toml"
_TABLE = re.compile(r"^\[\[?([^\[\]\n]+)\]|^([\w-]+) *= *\[", re.M)
_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*) | (?P<entry>"(?:[^"\\\n]|\\.)+" | '[^'\n]+' | \{[^{}\n]*\})
      | (?P<end>\]) | (?P<between>[\s,]+)""",
    re.VERBOSE,
)
_UV = re.compile(r"^\[tool\.uv\][^\n]*\n(?P<keys>(?!\[)(?:(?!\n\[).)*\n?)", re.M | re.S)
_KEY = re.compile(r"^([\w-]+) *=", re.M)


class Entry(NamedTuple):
    text: str
    """As TOML: a string, or {include-group = "..."}."""

    above: tuple[str, ...] = ()
    """Comments on the lines before it."""

    beside: str = ""
    """The comment on its own line."""

    @property
    def name(self) -> str:
        """What it is for, in one spelling (PEP 503)."""
        found = re.match(r"[\"']\s*([\w.-]+)", self.text)
        return re.sub(r"[-_.]+", "-", found[1]).lower() if found else self.text

    @property
    def asks(self) -> str:
        """What compares equal where two entries ask for the same."""
        return re.sub(r"\s", "", self.text[1:-1])


class List(NamedTuple):
    entries: list[Entry]
    below: tuple[str, ...]
    """Comments after the last entry."""

    place: slice
    """From bracket to bracket."""


def merge(rest: Callable[[str, str, str], str | None]) -> bool:
    """Merge pyproject.toml anew; False, with the file as it was, where that leaves a conflict.

    `rest` merges mine, base and theirs, in which the lists are equal, or gives None.
    """
    try:
        import tomllib
    except ImportError:  # Copier runs with Python 3.10: nothing could prove the result
        return False
    try:
        mine, base, theirs = (git("show", f":{each}:./{FILE}").decode() for each in (2, 1, 3))
    except (subprocess.CalledProcessError, ValueError):
        return False
    sides = [dict(lists(text)) for text in (mine, base, theirs)]
    blocks: dict[str, str] = {}
    for key in sides[0].keys() & sides[1].keys() & sides[2].keys():
        found = merged_entries(*(side[key].entries for side in sides))
        if found is None:
            return False
        blocks[key] = block(found, sides[0][key].below)
    texts = zip((mine, base, theirs), sides, strict=True)
    ours, was, new = (put(text, side, blocks) for text, side in texts)
    try:
        result = rest(ours, was, new)
        if result is None:
            return False
        tomllib.loads(result)
    except ValueError:
        return False
    Path(FILE).write_bytes(result.encode())
    git("reset", "--quiet", "--", FILE)  # no conflict any more, and a change like all others
    return True


def by_lines(mine: str, base: str, theirs: str) -> str | None:
    """As git merges; None where that leaves a conflict."""
    with tempfile.TemporaryDirectory(prefix="merge-") as scratch:
        result, clean = merged(mine.encode(), base.encode(), theirs.encode(), Path(scratch))
    return result.decode() if clean else None


def join() -> None:
    """Make one of what stands twice, as the project had its own when the template got one.

    To git these are two additions, and to TOML an error. pyproject.toml stays where that mends
    none.
    """
    try:
        import tomllib

        text = Path(FILE).read_text(encoding="utf-8")
        mine = (committed(FILE) or b"").decode()
        result, doubles = without_doubles(joined(text, mine), mine)
        tomllib.loads(result)
    except (ImportError, OSError, ValueError):
        return
    if result != text:
        Path(FILE).write_text(result, encoding="utf-8")
    for line in doubles:
        stays(line)


def stays(line: str) -> None:
    """Say that a key of the project's own is in place of this one."""
    print(f"{FILE}: yours stays, where the template has  {line.strip()}")


def without_doubles(text: str, mine: str) -> tuple[str, list[str]]:
    """`text` without the keys, a line each, that their table has in `mine` too; and these."""
    lines, own = text.splitlines(keepends=True), {*mine.splitlines(keepends=True)}
    places: dict[tuple[int, str], list[int]] = {}
    table = 0
    for number, line in enumerate(lines):
        table = number if line.startswith("[") else table
        if key := _KEY.match(line):
            places.setdefault((table, key[1]), []).append(number)
    twice = [some for some in places.values() if {lines[each] for each in some} & own]
    gone = {each for some in twice for each in some if lines[each] not in own}
    kept = (line for number, line in enumerate(lines) if number not in gone)
    return "".join(kept), [lines[number] for number in sorted(gone)]


def joined(text: str, mine: str) -> str:
    """`text` with the template's [tool.uv] in that of `mine`, whose keys go before."""
    tables = list(_UV.finditer(text))
    own = next((each for each in tables if each["keys"].strip() in mine), None)
    if len(tables) != 2 or own is None:
        return text
    other = next(each for each in tables if each is not own)
    taken = set(_KEY.findall(own["keys"]))
    more = [each for each in other["keys"].splitlines() if not taken & {*_KEY.findall(each)}]
    whole = own[0].rstrip() + "\n" + "".join(f"{line}\n" for line in more if line.strip()) + "\n"
    for table, instead in ((tables[1], ""), (tables[0], whole)):
        text = text[: table.start()] + instead + text[table.end() :]
    return text


def lists(text: str) -> Iterator[tuple[str, List]]:
    """The lists of requirements in a pyproject.toml, by "table.key"."""
    table = ""
    for found in _TABLE.finditer(text):
        if found[1]:
            table = found[1].strip()
        elif (table, found[2]) == ("project", "dependencies") or table in (
            "dependency-groups",
            "project.optional-dependencies",
        ):
            read = entries(text, found.end())
            if read:
                yield f"{table}.{found[2]}", read


def entries(text: str, start: int) -> List | None:
    """The list whose bracket was opened before `start`, None where it has something unknown."""
    found: list[Entry] = []
    above: tuple[str, ...] = ()
    at, fresh = start, True
    while token := _TOKEN.match(text, at):
        at = token.end()
        if token["end"]:
            return List(found, above, slice(start, at - 1))
        if token["between"]:
            fresh = fresh or "\n" in token[0]
        elif token["entry"]:
            found.append(Entry(token[0], above))
            above, fresh = (), False
        elif fresh:
            above += (token[0],)
        else:
            found[-1] = found[-1]._replace(beside=token[0])
    return None


def merged_entries(
    mine: Sequence[Entry], base: Sequence[Entry], theirs: Sequence[Entry]
) -> list[Entry] | None:
    """The entries of both sides, None where both have changed those of one name."""

    def of(side: Sequence[Entry], name: str) -> list[Entry]:
        return [each for each in side if each.name == name]

    def asked(side: Sequence[Entry], name: str) -> set[str]:
        return {each.asks for each in of(side, name)}

    chosen: dict[str, list[Entry]] = {}
    for name in dict.fromkeys(each.name for each in (*mine, *theirs)):
        ours, was, new = (asked(side, name) for side in (mine, base, theirs))
        if new in (was, ours):
            chosen[name] = of(mine, name)
        elif ours == was:
            chosen[name] = with_comments(of(theirs, name), of(mine, name))
        else:
            return None
    order = list(dict.fromkeys(each.name for each in mine))
    in_order, at = order == sorted(order), 0
    for name in (each.name for each in theirs):  # what is new comes after its neighbour there
        if name not in order:
            order.insert(at, name)
        at = order.index(name) + 1
    return [entry for name in (sorted(order) if in_order else order) for entry in chosen[name]]


def with_comments(new: list[Entry], old: list[Entry]) -> list[Entry]:
    """Entries of the template in place of the user's, whose comments stay."""
    if not new or not old:
        return new
    return [old[0]._replace(text=new[0].text), *new[1:]]


def block(found: Sequence[Entry], below: Sequence[str]) -> str:
    """What stands between the brackets: an entry a line."""
    lines: list[str] = []
    for each in found:
        lines += [*each.above, f"{each.text}, {each.beside}".rstrip()]
    lines += below
    return "".join(["\n", *(f"    {line}\n" for line in lines)]) if lines else ""


def put(text: str, side: dict[str, List], blocks: dict[str, str]) -> str:
    """A pyproject.toml with these texts between the brackets of its lists."""
    for key in sorted(blocks, key=lambda key: side[key].place.start, reverse=True):
        place = side[key].place
        text = text[: place.start] + blocks[key] + text[place.stop :]
    return text
