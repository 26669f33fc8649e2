"""Tables in CSV: reads one of numbers, and says precisely what is wrong with it; writes one."""

from __future__ import annotations

import csv
import math
import os
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from .errors import UserError

MISSING = {"", "na", "n/a", "nan", "null", "none"}


def read(path: Path, columns: Sequence[str]) -> tuple[pd.DataFrame, list[str]]:
    """The named columns as finite numbers, in that order, and the names of all other columns.

    Empty lines are skipped. Raises UserError (exit code 2) with the column, the line and the
    value.
    """
    values = array("d")
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            lines = csv.reader(stream, strict=True)
            header = [name.strip() for name in next(_filled(lines), [])]
            places = _places(path, header, columns)
            for row in _filled(lines):
                where = f"{path}, line {lines.line_num}"
                if len(row) != len(header):
                    happened = f"{where} has {len(row)} values for {len(header)} columns."
                    raise UserError(happened, "Mend that line.", 2)
                values.extend(_numbers(row, places, header, where))
    except FileNotFoundError:
        raise UserError(f"There is no file {path}.", "Check its name and folder.", 2) from None
    except IsADirectoryError:
        raise UserError(f"{path} is a folder.", "Name a CSV file in it.", 2) from None
    except UnicodeDecodeError:
        raise UserError(f"{path} is not text in UTF-8.", "Save it as CSV in UTF-8.", 2) from None
    except csv.Error as error:
        happened = f"{path}, line {lines.line_num} is not CSV ({error})."
        raise UserError(happened, "Mend that line.", 2) from None
    if not values:
        raise UserError(f"{path} has a header but no rows.", "Add a line for each example.", 2)
    table = np.frombuffer(values).reshape(-1, len(columns))
    ignored = [name for name in header if name not in set(columns)]
    return pd.DataFrame(table, columns=list(columns)), ignored


def write(table: pd.DataFrame, path: Path, float_format: str | None = None) -> None:
    """Writes a table without its index, the same bytes on every system."""
    text = table.to_csv(index=False, float_format=float_format)  # ends lines as the system does
    path.write_bytes(text.replace(os.linesep, "\n").encode("utf-8"))


def some(names: Sequence[str], most: int = 3) -> str:
    """A few of the names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _filled(lines: Iterator[list[str]]) -> Iterator[list[str]]:
    return (row for row in lines if row)


def _places(path: Path, header: list[str], columns: Sequence[str]) -> list[int]:
    """Where each column is."""
    if not header:
        raise UserError(f"{path} is empty.", "It needs a line of column names, and rows.", 2)
    missing = [name for name in columns if name not in header]
    if missing:
        happened = f"{path} misses {len(missing)} of {len(columns)} columns: {some(missing)}."
        other = next((sign for sign in ";\t|" if len(header) == 1 and sign in header[0]), None)
        remedy = f"It seems to be separated by {other!r}: use commas." if other else "Add them."
        raise UserError(happened, remedy, 2)
    twice = [name for name in columns if header.count(name) > 1]
    if twice:
        raise UserError(f"{path} has two columns {twice[0]}.", "Keep one of them.", 2)
    return [header.index(name) for name in columns]


def _numbers(row: list[str], places: list[int], header: list[str], where: str) -> list[float]:
    numbers = []
    for place in places:
        cell = row[place]
        try:
            number = float(cell)
        except ValueError:
            number = math.nan
        if not math.isfinite(number) or "_" in cell:  # float() reads 1_000 as 1000
            wrong = "no value" if cell.strip().lower() in MISSING else f"{cell[:40]!r}"
            happened = f"{where}: column {header[place]} has {wrong}."
            raise UserError(happened, "Put a finite number there.", 2)
        numbers.append(number)
    return numbers
