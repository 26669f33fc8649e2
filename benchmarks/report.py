"""Turns the figures into docs/performance.md: the figure, the goal, and whether it is met."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass

import creating
from everyday import ASKING, PROJECTS, Disk, Everyday
from growth import Grown
from rendering import FILES, Rendered
from updating import PROJECTS as UPDATED
from updating import Updating


@dataclass(frozen=True)
class Goal:
    what: str
    figures: str
    """What was measured."""

    result: float
    limit: float
    unit: str = ""
    at_least: bool = False
    """Whether more is better."""

    @property
    def met(self) -> bool:
        # Compared as shown: a table in which 1.25 fails a goal of 1.25 convinces nobody.
        shown, limit = float(_number(self.result)), self.limit
        return shown >= limit if self.at_least else shown <= limit

    @property
    def cells(self) -> list[str]:
        sign = "at least" if self.at_least else "at most"
        result, limit = f"{_number(self.result)}{self.unit}", f"{self.limit:g}{self.unit}"
        return [self.what, self.figures, result, f"{sign} {limit}", "yes" if self.met else "**no**"]


def goals(
    rendered: Rendered,
    created: dict[str, float],
    everyday: Everyday,
    disk: Disk,
    grown: Sequence[Grown],
) -> list[Goal]:
    """The figures beside the goals of the design."""
    ours, alone = created[creating.OURS], created[creating.OURS_WITHOUT_UV]
    bare, pip = created[creating.BARE], created[creating.PIP]
    update, plain = everyday.update, everyday.update_without_hooks
    content = f"{everyday.packages.files:,} files, {everyday.packages.megabytes:,.0f} MB"
    many = max(grown, key=lambda row: row.packages)
    what = f"template of {FILES} files with two lines"
    rows = [
        _ratio(f"rendering a project, over a {what}", *rendered.made, 1.6),
        _ratio("`copier update` that adds one file, over the same there", *rendered.updated, 1.9),
        _ratio("making a project, over the bare commands", ours, bare, 1.1),
        Goal(
            "the same, times faster than venv and pip", _pair(ours, pip), pip / ours, 20, " x", True
        ),
        _ratio("the same with no uv on the machine, over that with one", alone, ours, 1.2),
        Goal("`sync` when nothing changed", content, everyday.sync, 0.15, " s"),
        Goal("`sync` of a changed lock with the same packages", content, everyday.stale, 0.3, " s"),
        _ratio(
            f"`sync` of {many.packages} packages from nothing, over uv", many.made, many.bare, 2
        ),
        Goal("`check --fast`", content, everyday.check_fast, 0.2, " s"),
        Goal("`check`, every file hashed", content, everyday.check, 0.5, " s"),
    ]
    for shell, (mine, own) in everyday.activate.items():
        figures = f"{mine * 1000:.0f} ms, {own * 1000:.0f} ms, with the shell's start"
        own_script = "its own `activate`" if shell not in ("xonsh", "nu") else "the shell alone"
        what = f"entering a ready environment, over {own_script} ({shell})"
        limit = 1000 * everyday.isolated + 100 if shell in ASKING else 10
        rows.append(Goal(what, figures, (mine - own) * 1000, round(limit), " ms"))
    ask, bare = everyday.ask * 1000, everyday.isolated * 1000
    what = "what a helper asks, over the start of Python"
    rows.append(Goal(what, f"{ask:.0f} ms, {bare:.0f} ms", ask, round(1.5 * bare + 20), " ms"))
    what = "`copier update` with nothing to do, over the same without hooks"
    rows.append(_ratio(what, update, plain, 1.2))
    figures = f"{disk.tenth / 1e6:.1f} MB, the first {disk.first / 1e6:.0f} MB"
    what = f"disk for project {PROJECTS} with the same lock"
    return [*rows, Goal(what, figures, 100 * disk.tenth / disk.first, 1, " %")]


def _ratio(what: str, ours: float, other: float, limit: float) -> Goal:
    return Goal(what, _pair(ours, other), ours / other, limit, " x")


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose columns line up in a terminal too."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = [header, ["-" * width for width in widths], *rows]
    padded = [map(str.ljust, line, widths) for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in padded)


def creation_table(created: dict[str, float]) -> str:
    """Seconds of each way, and how many times those of this template they are."""
    ours = created[creating.OURS]
    rows = [[name, f"{took:.2f}", f"{took / ours:.2f} x"] for name, took in created.items()]
    return table(["way", "seconds", "over this template"], rows)


def goal_table(rows: Sequence[Goal]) -> str:
    header = ["what", "measured", "result", "goal", "met"]
    return table(header, [row.cells for row in rows])


def growth_table(rows: Sequence[Grown]) -> str:
    """Seconds by number of packages."""
    header = ["packages", "files", "MB", "sync, from nothing", "uv alone", "sync, nothing to do"]
    header += ["check --fast", "check"]
    cells = [
        [
            str(row.packages),
            f"{row.size.files:,}",
            f"{row.size.megabytes:,.0f}",
            *(f"{took:.2f}" for took in row[2:]),
        ]
        for row in rows
    ]
    return table(header, cells)


def update_lines(updates: Updating) -> str:
    """What an update takes, as a list."""
    pins, plain = updates.new_pins, updates.new_pins_without_hooks
    each = updates.many / UPDATED
    return (
        f"- `copier update` to a version with another pin: {pins:.2f} s, with lock and environment "
        f"brought up\n  to date. The files alone, without hooks: {plain:.2f} s.\n"
        f"- {UPDATED} projects in a row, to a version six releases newer, without environments: "
        f"{updates.many:.0f} s,\n  {each:.2f} s each."
    )


def machine(uv: str, copier: str) -> str:
    """The machine in words that name nobody."""
    system = f"{platform.system()} on {platform.machine()}"
    return f"{os.cpu_count()} cores, {system}, Python {platform.python_version()}, {uv}, {copier}"


def page(
    where: str,
    rounds: tuple[int, int],
    created: dict[str, float],
    everyday: Everyday,
    updates: Updating,
    rows: list[Goal],
    disk: Disk,
    grown: Sequence[Grown],
) -> str:
    """The text of docs/performance.md."""
    trained = 100 * disk.tenth_trained / disk.first_trained
    tenth, first = f"{disk.tenth_trained / 1e6:.0f} MB", f"{disk.first_trained / 1e6:.0f} MB"
    return f"""\
# How fast it is

`make bench` measured all of this in one run and wrote this page; run it to see your own machine's
figures. One round fills the caches and does not count; then the ways take turns, and each figure is
the median.

- Machine: {where}
- Rounds: {rounds[0]} for making a project, {rounds[1]} for the rest

## Making a project with its environment

{creation_table(created)}

All have the same lock and Python. The ways are not charged the same: this template also makes a
git repository with a commit, installs the project itself and checks every package; the bare
commands do none of that, and with venv and pip the project's files are there for free. pip compiles
byte code as it installs; with uv, Python does that at the first import.

## Goals

{goal_table(rows)}

Ratios are of the two figures before them. `sync` and `check` are timed from outside; Python itself,
starting on this machine and doing nothing, is {everyday.python:.2f} s of their time.

{_conda(everyday)}

Disk is that which no project before it takes, files with several hard links counted once: uv links
packages out of its cache. When both have trained, Python has written byte code into each of them;
then it is {trained:.1f} % ({tenth}, the first {first}).

## Updates

{update_lines(updates)}

## How it grows

Seconds, for environments of made-up packages, all in the cache. `uv alone` is `uv venv` and
`uv pip sync`, which prove nothing.

{growth_table(grown)}
"""


def _conda(everyday: Everyday) -> str:
    if everyday.conda is None:
        return "`conda activate` was not measured: there is no conda on this machine."
    took = everyday.conda * 1000
    return f"`conda activate base`, with its hook and the start of bash, takes {took:.0f} ms."


def _pair(ours: float, other: float) -> str:
    return f"{ours:.2f} s, {other:.2f} s"


def _number(value: float) -> str:
    return f"{value:.1f}" if abs(value) >= 3 else f"{value:.2f}"
