"""A file as a table, a piece of its rows at a time: the same at the training and in predict."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
from pandas.api.types import is_bool_dtype, is_datetime64_any_dtype, is_numeric_dtype

ROWS = 25_000  # in a piece
FIRST = 5_000  # rows that tell what a column holds
NOTHING = ["", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "-", "?"]
FORMS = {  # with a zero in front it is no number but a code, as a postcode
    "number": re.compile(r"(?i)(?!0\d)[+-]?(?:(?:\d+[.,]?\d*|[.,]\d+)(?:e[+-]?\d+)?|inf)"),
    "date": re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d.*)?"),
}
ISO = {"format": "ISO8601"} if int(pd.__version__.split(".")[0]) > 1 else {}


class OtherKindError(Exception):
    """The name of a column that turned out to hold texts, and one of them."""


def pieces(
    path: Path, kinds: dict[str, str], drop: Collection[str] = (), rows: int = ROWS
) -> Iterator[pd.DataFrame]:
    """The rows of a CSV or Parquet file; a column of CSV without a kind is read as text."""
    if not path.is_file():
        raise SystemExit(f"There is no data file {path}. Put it there, or name another.")
    found = parquet(path, rows) if path.suffix == ".parquet" else delimited(path, kinds, rows)
    try:
        for piece in found:
            yield piece.drop(columns=[name for name in piece if name in drop])
    except UnicodeDecodeError:
        raise SystemExit(f"{path} is not in UTF-8. Save it so.") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise SystemExit(f"{path} is no table in CSV ({error}). Mend that line.") from None


def parquet(path: Path, rows: int) -> Iterator[pd.DataFrame]:
    try:
        from pyarrow.parquet import ParquetFile
    except ModuleNotFoundError:
        advice = "Add it: python tools/env add pyarrow"
        raise SystemExit(f"pandas needs pyarrow to read Parquet. {advice}") from None
    with ParquetFile(path) as file:
        yield from (batch.to_pandas() for batch in file.iter_batches(rows))


def delimited(path: Path, kinds: dict[str, str], rows: int) -> Iterator[pd.DataFrame]:
    """CSV, compressed too; the separator and the decimal sign are those of the first lines."""
    first = pd.read_csv(path, sep="\0", header=None, nrows=9, dtype=str, quoting=csv.QUOTE_NONE)
    header, *lines = first[0].str.lstrip("\ufeff")
    sep = max(",;\t|", key=header.count)
    names = [name.strip() for name in next(csv.reader([header], delimiter=sep))]
    if twice := [name for name in names if names.count(name) > 1]:
        raise SystemExit(f"{path} has two columns {twice[0]!r}. Give each its own name.")
    if not lines:
        raise SystemExit(f"{path} has a header and no rows. Put a line below it for each row.")
    if len(next(csv.reader(lines, delimiter=sep))) > len(names):
        raise SystemExit(f"{path} has more values in a line than names. Name each column.")
    comma = sep == ";" and any(re.search(r"(^|;)-?\d+,\d+(;|$)", line) for line in lines)
    texts = {name for name in names if kinds.get(name, "text") == "text"}
    with pd.read_csv(
        path, sep=sep, decimal="," if comma else ".", header=0, names=names, index_col=False,
        dtype=dict.fromkeys(texts, str), keep_default_na=False, low_memory=False, chunksize=rows,
        na_values={name: [""] if name in texts else NOTHING for name in names},
    ) as found:  # fmt: skip
        yield from found


def ahead(found: Iterator[Any]) -> Iterator[Any]:
    """The same, but the next one is read, in a thread, while one is worked on."""
    with ThreadPoolExecutor(1) as reader:
        following = reader.submit(next, found, None)
        while (piece := following.result()) is not None:
            following = reader.submit(next, found, None)
            yield piece


def kind_of(values: pd.Series) -> str:
    """What a column of the file holds: number, date or text."""
    if is_datetime64_any_dtype(values):
        return "date"
    if is_numeric_dtype(values):
        return "text" if is_bool_dtype(values) else "number"
    known = [text.strip() for text in values.dropna().astype(str) if text not in NOTHING]
    return next((kind for kind, form in FORMS.items() if all(map(form.fullmatch, known))), "text")


def typed(piece: pd.DataFrame, kinds: dict[str, str]) -> pd.DataFrame:
    """Columns of the file as numbers, days since 2000, or categories."""
    columns, name = {}, None
    try:
        for name, values in piece.items():
            if kinds[name] == "number":
                if not is_numeric_dtype(values):  # as of whole numbers beyond 64 bits
                    values = pd.to_numeric(values).astype("float64")
                columns[name] = values
            elif kinds[name] == "date":
                moments = pd.to_datetime(values, utc=True, **ISO)
                since = moments - pd.Timestamp("2000-01-01", tz="UTC")
                columns[name] = since / pd.Timedelta(days=1)
            else:
                columns[name] = values.astype("category").cat.rename_categories(str)
    except (ValueError, TypeError) as error:  # of the column that the loop is at
        raise OtherKindError(name, error) from None
    return pd.DataFrame(columns, copy=False)
