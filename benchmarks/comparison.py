"""Turns what was measured beside other ways into docs/comparison.md and its chart."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import NamedTuple

from report import table
from scene import REPOSITORY
from ways import PINNED, WAYS, Made, Way

PAGE = REPOSITORY / "docs" / "comparison.md"
CHART = REPOSITORY / "docs" / "pictures" / "comparison.svg"
_LOCKS = {"uv.lock", "requirements.txt", "requirements-dev.txt"}
_BARS = (("#4c8dd6", "empty caches"), ("#2f9e6e", "full caches"))
_OUTPUT = {".venv", ".git", "runs"}

# What is read in their documentation and not measured here, in the order of WAYS.
ABILITIES = {
    "trains before you write a line": ["yes", "no", "no", "no", "no"],
    "locks every package with its hashes": ["yes", "with uv", "yes", "no", "no"],
    "brings later versions of the template into a project": ["yes", "no", "no", "no", "no"],
    "one environment for machines with and without a GPU": ["yes", "no", "yes", "no", "no"],
    "packs the environment into a file for where there is no network": ["yes"] + ["no"] * 4,
    "refuses what was uploaded within the last days": ["yes", "no", "by a setting", "no", "no"],
    "Poetry, Pipenv or Pixi": ["**no**", "yes", "no", "no", "yes"],
    "moves data to S3, Azure or Google's storage": ["**no**", "yes", "no", "yes", "no"],
    "pipelines of steps, with a catalogue of data": ["**no**", "no", "no", "yes", "no"],
    "adds nothing to your repository but your own files": ["**no**", "no", "yes", "no", "yes"],
    "years of use by thousands, with answers on the web": ["**no**", "yes", "yes", "yes", "yes"],
}


class Size(NamedTuple):
    """A project without its environment, its history and what training wrote."""

    files: int
    lines: int
    """Without locks and data."""

    root: int
    """Entries of the root."""

    packages: int
    """In the environment."""


@dataclass(frozen=True)
class Measured:
    """What one way costs and gives."""

    way: Way
    cold: Made
    """The first run, with empty caches."""

    warm: Made
    """The medians of the runs that followed."""

    size: Size
    reported: Mapping[str, bool | None]
    """Whether each difference was reported; None where it could not be made on this machine."""


def size(project: Path) -> Size:
    """What a project looks like to the person who opens it."""
    files = list(_files(project))
    lines = sum(
        file.read_bytes().count(b"\n")
        for file in files
        if file.name not in _LOCKS and file.suffix != ".csv"
    )
    root = [each for each in project.iterdir() if each.name not in _OUTPUT]
    packages = list(project.glob(".venv/lib/python*/site-packages/*.dist-info"))
    return Size(len(files), lines, len(root), len(packages))


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        hidden = _OUTPUT if Path(place) == folder else {"__pycache__"}
        folders[:] = [each for each in folders if each not in hidden]
        yield from (Path(place, each) for each in files)


def write(measured: Sequence[Measured], failed: Mapping[str, str], where: str, rounds: int) -> None:
    """Write the page and its chart, and print the page."""
    text = page(measured, failed, where, rounds)
    print(text)
    PAGE.write_text(text, encoding="utf-8")
    CHART.write_text(chart(measured), encoding="utf-8")


def page(measured: Sequence[Measured], failed: Mapping[str, str], where: str, rounds: int) -> str:
    recipes = "\n".join(f"- {each.way.name}: {each.way.recipe}." for each in measured)
    asked = "\n".join(f"- {each.way.name}: `{' '.join(each.way.asked)}`" for each in measured)
    load, cores = os.getloadavg()[2], os.cpu_count() or 1
    busy = (
        f" The machine was busy (load {load:.0f}): the seconds are rough." if load > cores else ""
    )
    missing = "".join(
        f"\n- {name} could not be measured here: {why}" for name, why in failed.items()
    )
    return f"""\
# Beside other ways to begin

`make bench-peers` measured this in one run and wrote this page. Each way was followed by its own
recipe, with the packages that this template's default project asks for, in the same versions.

![Seconds of each way, with empty and with full caches](pictures/comparison.svg)

{_costs(measured)}

Seconds from nothing to an environment in which these packages import: cold with empty caches of its
own, so with all downloads; warm the next time. The ratio is of the warm ones. Lines are without
locks and data. A way may bring packages of its own: kedro's recipe installs Jupyter.

{recipes}{missing}

Machine: {where}; warm runs: {rounds}.{busy}
Tools: {", ".join(PINNED.values())}. Not measured: lightning-hydra-template, which is PyTorch
alone and has no recipe with these packages; copier-uv, which makes libraries.

## What each notices

Each difference was made in each environment. Asked was what comes with the way:

{asked}

{_notices(measured)}

[What `check` catches](checks.md) has more differences and more tools.

## What each can do

{_abilities(measured)}

Read in their documentation in November 2026. A bold no is ours. Another way is the better one
where such a row decides: kedro for pipelines that many people share, uv alone for a library or a
small script, cookiecutter-data-science where a team has its environments settled already.
"""


def _costs(measured: Sequence[Measured]) -> str:
    head = ["way", "cold", "warm", "ratio", "trained model", "packages", "files", "lines", "root"]
    ours = measured[0].warm.environment
    return table(
        head,
        [
            [
                each.way.name,
                f"{each.cold.environment:.1f} s",
                f"{each.warm.environment:.1f} s",
                f"{each.warm.environment / ours:.1f} x",
                "no" if each.warm.model is None else f"{each.warm.model:.1f} s, warm",
                str(each.size.packages),
                str(each.size.files),
                f"{each.size.lines:,}",
                str(each.size.root),
            ]
            for each in measured
        ],
    )


def _notices(measured: Sequence[Measured]) -> str:
    words = {True: "yes", False: "no", None: "not tried"}
    names = list(measured[0].reported)
    rows = [[name, *(words[each.reported[name]] for each in measured)] for name in names]
    counts = [str(sum(value is True for value in each.reported.values())) for each in measured]
    head = ["what was done", *(each.way.name for each in measured)]
    return table(head, [*rows, [f"noticed, of {len(names)}", *counts]])


def _abilities(measured: Sequence[Measured]) -> str:
    shown = [at for at, way in enumerate(WAYS) if way in [each.way for each in measured]]
    head = ["", *(WAYS[at].name for at in shown)]
    return table(head, [[name, *(cells[at] for at in shown)] for name, cells in ABILITIES.items()])


def chart(measured: Sequence[Measured]) -> str:
    """Bars of seconds, cold behind warm; readable on a light and on a dark page."""
    most = max(each.cold.environment for each in measured)
    left, step = 190, 46
    height = step * len(measured) + 40
    shapes = []
    for at, each in enumerate(measured):
        top = 8 + at * step
        name = escape(each.way.name)
        shapes.append(f'<text x="{left - 10}" y="{top + 21}" text-anchor="end">{name}</text>')
        for y, (colour, _), took in zip(
            (top, top + 17), _BARS, (each.cold, each.warm), strict=True
        ):
            width = max(took.environment * 420 / most, 1)
            shapes.append(_box(left, y, width, colour))
            shapes.append(_text(left + width + 6, y + 12, f"{took.environment:.1f} s"))
    for x, (colour, means) in zip((left, left + 130), _BARS, strict=True):
        shapes += [_box(x, height - 25, 14, colour), _text(x + 20, height - 13, means)]
    body = "\n".join(shapes)
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 700 {height}" width="700" height="{height}" \
role="img" font-family="system-ui, sans-serif" font-size="13" fill="#808890">
<title>Seconds from nothing to an environment, for each way</title>
{body}
</svg>
"""


def _box(x: float, y: float, width: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="14" fill="{colour}"/>'


def _text(x: float, y: float, text: str) -> str:
    return f'<text x="{x:.1f}" y="{y}">{text}</text>'
