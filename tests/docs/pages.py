"""Reads the pages: their blocks, sections, tables, code spans, links and anchors."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from support.template import ROOT

PAGES = [
    *(ROOT / name for name in ("README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_DIRECTIVE = re.compile(r"<!-- test: (.+) -->\n\Z")


@dataclass(frozen=True)
class Block:
    language: str
    """The word after the fence, "" where there is none."""

    text: str
    directive: str
    """What the comment right above it says to the test, "" where there is none."""


def name(page: Path) -> str:
    """A page as its links name it, from the repository's root."""
    return page.relative_to(ROOT).as_posix()


def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    content = page.read_text(encoding="utf-8")
    found = []
    for fence in _FENCE.finditer(content):
        above = _DIRECTIVE.search(content[: fence.start()])
        found.append(Block(fence[1], fence[2], above[1] if above else ""))
    return found


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def commands(page: Path) -> list[str]:
    """Whatever a reader can take for a command: code spans and the lines of `sh` blocks."""
    lines = [
        line for each in blocks(page) if each.language == "sh" for line in each.text.split("\n")
    ]
    return re.findall(r"`([^`\n]+)`", prose(page)) + [
        re.sub(r"\s+# .*", "", line) for line in lines
    ]


def section(page: str, title: str) -> str:
    """What stands below a heading, up to the next one of any level."""
    found = re.search(
        rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", text(page), re.MULTILINE | re.DOTALL
    )
    assert found, f"{page} has no section {title}"
    return found[1]


def rows(part: str) -> list[list[str]]:
    """The cells of all tables in a part of a page, headings left out."""
    lines = [line for line in part.splitlines() if line.startswith("|")]
    tables = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    heads = {at - 1 for at, cells in enumerate(tables) if set("".join(cells)) <= set("-")}
    return [cells for at, cells in enumerate(tables) if at not in heads and at - 1 not in heads]


def keys(part: str) -> list[str]:
    """The code spans in the first column of the tables in a part of a page."""
    return [key for cells in rows(part) for key in re.findall(r"`([^`]+)`", cells[0])]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def links(page: Path) -> list[str]:
    """The targets of a page's links and pictures that are not on the web."""
    found = re.findall(r"\]\(([^)\s]+)\)", prose(page))
    return [target for target in found if not target.startswith(("https://", "mailto:"))]
