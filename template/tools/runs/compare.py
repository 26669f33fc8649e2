# Owned by the template.
"""Runs side by side: the settings that differ, figures, time."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import page
from record import CouldNot, Record, figure, find, finished, read


def show(names: Sequence[str], html: Path | None) -> None:
    """Prints the table; writes it as a page, too, if `html` names a file."""
    records = [find(name) for name in names] or _alike([read(folder) for folder in finished()])
    if not records:
        raise CouldNot("There is no finished run yet. Make one: poe train")
    head, rows = table(records)
    show_table(head, rows)
    if html:
        html.write_text(page.of_table(head, rows), encoding="utf-8")
        print(f"\nwrote {html}")


def show_table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Prints the columns for which the terminal has room, and says how many it leaves out."""
    texts = [[_cell(value) for value in row] for row in rows]
    width = [max(map(len, column)) for column in zip(head, *texts)]
    room = max(shutil.get_terminal_size((10_000, 24)).columns, 80)
    ends = accumulate(size + 2 for size in width)
    shown = max(1, sum(end - 2 <= room for end in ends))
    for row in (head, *texts):
        print("  ".join(text.ljust(size) for text, size in zip(row[:shown], width)).rstrip())
    if left := head[shown:]:
        print(f"not shown: {', '.join(left)}")


def table(records: Sequence[Record]) -> tuple[list[str], list[list[Any]]]:
    """The head and a row for each run, with the figures of validation and, if measured, test."""
    settings = [record.settings for record in records]
    keys = list(dict.fromkeys(key for each in settings for key in each))
    differ = [key for key in keys if len({repr(each.get(key)) for each in settings}) > 1]
    names = list(dict.fromkeys(n for r in records for n in r.figures.get("validation", {})))
    tests = [name for name in names if any("test" in record.figures for record in records)]
    head = ["run", *differ, *names, *(f"test {name}" for name in tests), "seconds"]
    rows = []
    for record, each in zip(records, settings):
        values = record.figures.get("validation", {})
        test = record.figures.get("test", {})
        row = [record.folder.name, *map(each.get, differ), *map(values.get, names)]
        rows.append([*row, *map(test.get, tests), record.seconds])
    return head, rows


def _alike(records: list[Record]) -> list[Record]:
    """Those with the target and the data of the newest: figures of others do not compare."""

    def about(record: Record) -> tuple[Any, Any]:
        target = record.settings.get("data.target")
        return target, record.info.get("data", {}).get("sha256")

    return [record for record in records if about(record) == about(records[-1])]


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return figure(value) if isinstance(value, float) else str(value)
