# Owned by the template: `copier update` merges its changes with yours.
"""Tables of files, a piece of the rows at a time: the same at the training and in predict."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas.api.types import (
    is_bool_dtype,
    is_datetime64_any_dtype,
    is_numeric_dtype,
    union_categoricals,
)

if TYPE_CHECKING:
    from .data import Schema

ROWS = 40_000  # in a piece
FIRST = 5_000  # rows that tell what a column holds
NOTHING = ["", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "-", "?"]
FORMS = {  # with a zero in front it is no number but a code, as a postcode
    "number": r"(?!0\d)[+-]?(?:(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:e[+-]?\d+)?|inf)",
    "date": r"\d{4}-\d\d-\d\d(?:[t ]\d\d:\d\d.*)?",
}
FIGURES = re.compile(r"[\W\d]*\d[\W\d]*")  # as 1,234 or 57 % or 31.12.2026, and codes of digits
ISO = {"format": "ISO8601"} if int(pd.__version__.split(".")[0]) > 1 else {}


class OtherKindError(Exception):
    """The name of a column that turned out to hold texts, and one of them."""


def read(
    path: Path,
    derive: Callable[[pd.DataFrame], pd.DataFrame],
    apart: set[str],
    drop: set[str],
    kinds: dict[str, str] | None,
) -> tuple[pd.DataFrame, dict[str, str]]:
    """The whole table, in little more memory than it has in float32, and its columns' kinds.

    The columns `apart` keep the precision that they have.
    """
    if kinds is None:
        first = next(pieces(path, {}, drop, FIRST))
        kinds = {name: kind_of(values) for name, values in first.items()}
    for name in apart - set(kinds):
        raise SystemExit(f"{path} has no column {name!r}. It has {', '.join(kinds)[:300]}.")
    if not set(kinds) - apart:
        raise SystemExit(f"{path} has no column to learn from. One besides the target is needed.")
    others: dict[str, list[pd.Series]] = {}
    # Begun as large as this, it grows in its place, and goes back to the system when it is let go.
    numbers, rows, names = np.empty(1 << 24, "float32"), 0, pd.Index([])
    try:
        for piece in pieces(path, kinds, drop):
            table = derive(typed(piece, kinds))
            beside = {name: table.pop(name) for name in apart}
            X = plain(table)
            names = X.columns[X.dtypes == "float32"]
            rows += len(X)
            numbers.resize((rows, len(names)), refcheck=False)
            numbers[rows - len(X) :] = X[names]
            for name, values in {**X.drop(columns=names), **beside}.items():
                others.setdefault(name, []).append(values)
    except OtherKindError as error:
        name, reason = error.args
        if kinds[name] == "text":  # no texts either, as lists in a Parquet file
            happened = f"{path}: {name!r} cannot be learned from ({reason})."
            raise SystemExit(f"{happened} Leave it out: name it in data.drop.") from None
        return read(path, derive, apart, drop, {**kinds, name: "text"})  # they begin farther down
    whole = {name: _column(values) for name, values in others.items()}
    return pd.DataFrame(numbers, columns=names, copy=False).assign(**whole), kinds


def plain(table: pd.DataFrame) -> pd.DataFrame:
    """The columns as models take them: the numbers as one block of float32, then categories."""
    names = [name for name, values in table.items() if is_numeric_dtype(values)]
    with np.errstate(over="ignore"):
        numbers = table[names].to_numpy("float32")
    if (beyond := np.isinf(numbers).any(axis=0)).any():
        advice = "Leave these out, or take the logarithm, in data.derive."
        name = names[beyond.argmax()]
        raise SystemExit(f"{name!r} has infinite numbers, or beyond 3e38. {advice}")
    texts = {name: pd.Categorical(table[name]) for name in table if name not in names}
    return pd.DataFrame(numbers, columns=names, copy=False).assign(**texts)


def _column(parts: list[pd.Series]) -> Any:
    """The values of all parts: numbers, or categories."""
    return np.concatenate(parts) if is_numeric_dtype(parts[0]) else union_categoricals(parts)


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
    with ParquetFile(path) as file:  # without Arrow's threads, which at times hang at the end
        for batch in file.iter_batches(rows, use_threads=False):
            yield batch.to_pandas(use_threads=False)


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
    known = values.dropna().astype(str)
    # One search in all of them is faster than one in each.
    lines = "".join(f"{text.strip()}\n" for text in known[~known.isin(NOTHING)])
    forms = {kind: re.compile(rf"(?i)(?:{form}\n)*") for kind, form in FORMS.items()}
    return next((kind for kind, form in forms.items() if form.fullmatch(lines)), "text")


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
                texts = values.astype("category")
                bare = {each: str(each).strip() or None for each in texts.cat.categories}
                columns[name] = texts.map(bare).astype("category")
    except (ValueError, TypeError) as error:  # of the column that the loop is at
        raise OtherKindError(name, error) from None
    return pd.DataFrame(columns, copy=False)


def describe(
    table: pd.DataFrame, y: np.ndarray, schema: Schema, rows: dict[str, Any], words: int
) -> None:
    """Says what there is, and what of it may surprise."""
    sizes = ", ".join(f"{name} {size}" for name, size in schema.rows.items())
    print(f"data  {len(y)} rows, {len(schema.columns)} columns; {sizes}")
    if without := len(y) - sum(schema.rows.values()):
        print(f"note: {without} rows without {schema.target!r} are left out")
    texts = {name: known for name, known in schema.columns.items() if known != "number"}
    for name, known in texts.items():
        if len(known) == words:
            print(f"note: {name!r} has over {words} texts; the rare ones count as missing")
        figures = all(map(FIGURES.fullmatch, known)) and not all(map(str.isdigit, known))
        if figures and len(known) > 20:
            forms = "To learn from numbers or dates as such, write 1234.5 or 2026-12-31"
            print(f"note: {name!r} holds texts such as {known[0]!r}. {forms}")
    if "" in schema.columns:
        print("note: a column has no name, as a saved index. Leave it out: data.drop='[\"\"]'")
    hashes = pd.util.hash_pandas_object(table, index=False).to_numpy()
    for part, here in rows.items():
        classes = schema.classes or ()
        absent = sorted(set(range(len(classes))) - set(y[here]))
        if absent:
            some = ", ".join(str(classes[code]) for code in absent[:5])
            print(f"note: {part} has no row of {len(absent)} classes ({some}): they are too rare")
        if part != "train" and (twins := np.isin(hashes[here], hashes[rows["train"]]).sum()):
            share = f"{twins} of {schema.rows[part]} {part}"
            print(f"note: {share} rows are among the training rows, too")


def array(X: pd.DataFrame) -> np.ndarray:
    """All columns as float32: the numbers, then the codes of words; 0 is a missing word."""
    words = [name for name in X if X[name].dtype == "category"]
    columns = [X[name] for name in X if name not in words] + [X[n].cat.codes + 1 for n in words]
    return np.stack(columns, axis=1).astype("float32", copy=False)


def line(values: Collection[Any]) -> str:
    """A line of CSV."""
    return ",".join(map(cell, values)) + "\n"


def cell(value: Any) -> str:
    """The text of a value in CSV (csv.writer takes twice the time for a line of numbers)."""
    text = "" if pd.isna(value) else str(value)
    return '"' + text.replace('"', '""') + '"' if set(text) & set(',"\r\n') else text


def shares(values: np.ndarray) -> list[str]:
    """Each row's probabilities, in six decimals and with commas, for a line of CSV.

    Digit by digit in NumPy it takes less than half the time of Python's formatting, which is there
    for what a model of one's own may give: scores beyond 0 and 1, or NaN.
    """
    if not np.all((values >= 0) & (values <= 1)):
        return [",".join(map("{:.6f}".format, row)) for row in values.tolist()]
    millionths = np.rint(values * 1e6).astype("uint32")  # (rows, columns)
    text = np.empty((*values.shape, 9), "uint8")
    text[..., 0] = ord("0") + millionths // 1_000_000
    text[..., 1], text[..., 8] = ord("."), ord(",")
    for place in range(7, 1, -1):
        text[..., place] = ord("0") + millionths % 10
        millionths //= 10
    text[:, -1, 8] = 0  # what ends a text in NumPy
    return text.reshape(len(text), -1).view(f"S{text[0].size}")[:, 0].astype(str).tolist()
