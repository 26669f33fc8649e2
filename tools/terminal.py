"""Draws what a terminal shows as an SVG that needs nothing but a browser: no font, no script."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import groupby

import pyte
from pyte.screens import Char

FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
WIDTH, HEIGHT, SIZE = 8.4, 19, 14  # of a character's cell, and of its letters
MARGIN, BAR = 18, 38
GROUND, FRAME, PLAIN = "#1c2128", "#2d333b", "#d5dbe3"
COLOURS = {
    "default": PLAIN,
    "black": "#4a5260",
    "red": "#f47067",
    "green": "#7ee08c",
    "brown": "#e3c26b",
    "blue": "#78b0ff",
    "magenta": "#d6a4ff",
    "cyan": "#6fd6d6",
    "white": "#d5dbe3",
}


def draw(screen: pyte.Screen, title: str) -> str:
    """The screen down to its cursor, in a window with a title bar."""
    columns, rows = range(screen.columns), range(screen.cursor.y + 1)
    lines = [[screen.buffer[y][x] for x in columns] for y in rows]
    width = round(len(columns) * WIDTH + 2 * MARGIN)
    height = BAR + len(lines) * HEIGHT + 2 * MARGIN - 6
    shapes = [text for y, line in enumerate(lines) for text in _line(line, _baseline(y))]
    x, y = MARGIN + screen.cursor.x * WIDTH, _baseline(screen.cursor.y) - SIZE
    shapes.append(f'<rect x="{x:g}" y="{y:g}" width="{WIDTH}" height="18" fill="{PLAIN}"/>')
    body = "\n".join(shapes)
    lights = "".join(
        f'<circle cx="{22 + 20 * n}" cy="{BAR / 2:g}" r="6" fill="{colour}"/>'
        for n, colour in enumerate(("#ff5f57", "#febc2e", "#28c840"))
    )
    said = "\n".join(text.rstrip() for text in screen.display).strip()
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" \
viewBox="0 0 {width} {height}" role="img" font-family="{FONT}" font-size="{SIZE}">
<title>A terminal in {escape(title)}</title>
<desc>{escape(said)}</desc>
<rect width="{width}" height="{height}" rx="10" fill="{FRAME}"/>
<path d="M1 {BAR}H{width - 1}V{height - 10}a9 9 0 0 1-9 9H10a9 9 0 0 1-9-9z" fill="{GROUND}"/>
{lights}
<text x="{width / 2:g}" y="{BAR / 2 + 5:g}" text-anchor="middle" fill="#98a2b0">
{escape(title)}</text>
{body}
</svg>
"""


def _baseline(y: int) -> float:
    return BAR + MARGIN + y * HEIGHT + SIZE - 4


def _line(cells: list[Char], baseline: float) -> Iterator[str]:
    """One element for each run of cells that look alike; every run has its place and length.

    So the columns stand one under the other whatever font the reader's machine has.
    """
    at = 0
    for (fg, bold, italics), run in groupby(cells, lambda cell: (cell.fg, cell.bold, cell.italics)):
        text = "".join(cell.data for cell in run)
        shown = text.strip()
        if shown:
            x = MARGIN + (at + len(text) - len(text.lstrip())) * WIDTH
            style = f'fill="{_colour(fg)}"'
            style += ' font-weight="bold"' * bold + ' font-style="italic"' * italics
            length = f'textLength="{len(shown) * WIDTH:g}" lengthAdjust="spacingAndGlyphs"'
            kept = escape(shown).replace(" ", "\N{NO-BREAK SPACE}")  # others are drawn as one
            yield f'<text x="{x:g}" y="{baseline:g}" {style} {length}>{kept}</text>'
        at += len(text)


def _colour(name: str) -> str:
    """A terminal colour: one of the eight, its bright form, or six hexadecimal digits."""
    return COLOURS.get(name.removeprefix("bright"), "#" + name)
