"""The data: read, checked, split. Columns of your own go into `derive`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from . import _tables, config

PARTS = ("train", "validation", "test")
WORDS = 250  # of a column of text, the most frequent ones are told apart
CLASSES = 1_000


@dataclass(frozen=True)
class Schema:
    """What the columns mean: found in the training rows, kept with the run."""

    target: str
    classes: list[Any] | None  # the labels; None for a regression
    columns: dict[str, Any]  # that are learned from: "number", or the texts that are told apart
    kinds: dict[str, str]  # of the file's columns: number, date or text
    rows: dict[str, int]  # in each part


def derive(table: pd.DataFrame) -> pd.DataFrame:
    """Your own columns, for a piece of the rows at a time, at the training and in predict.

    Numbers are floats, dates are days since 2000, texts categories, and NaN is what is missing.
    """
    # table["price_per_area"] = table["price"] / table["area"]
    return table


def load(
    settings: config.Config, names: Sequence[str], schema: Schema | None = None
) -> tuple[Schema, dict[str, tuple[pd.DataFrame, np.ndarray]]]:
    """The schema and, for each of `names` (train, validation, test), X and y.

    X has float32 columns, NaN where missing, and categories; y codes of the classes, or numbers.
    """
    wanted = settings.data
    table, kinds = read(wanted, schema.kinds if schema else None)
    target = table.pop(wanted.target)
    by = table.pop(wanted.split_by) if wanted.split_by else target
    y, classes = labels(target, settings.task)
    known = target.notna().to_numpy()
    part = np.full(len(y), -1, "int8")
    part[known] = split(y[known], classes is not None, by[known], wanted)
    rows = {name: part == place for place, name in enumerate(PARTS)}
    if schema is None:
        columns = {name: meaning(values[rows["train"]]) for name, values in table.items()}
        columns = {name: known for name, known in columns.items() if known}  # else all are missing
        sizes = {name: int(here.sum()) for name, here in rows.items()}
        schema = Schema(wanted.target, classes, columns, kinds, sizes)
        _tables.describe(table, y, schema, rows, WORDS)
    return schema, {n: (encode(table[rows[n]], schema), y[rows[n]]) for n in names}


def read(wanted: config.Data, kinds: dict[str, str] | None) -> tuple[pd.DataFrame, dict[str, str]]:
    """The whole table, with your own columns, and what each column of the file holds."""
    path, apart = Path(wanted.file).expanduser(), {wanted.target, wanted.split_by} - {""}
    if not path.exists() and path == Path("data/raw/digits.csv"):
        example(path)
    return _tables.read(path, derive, apart, set(wanted.drop) - apart, kinds)


def meaning(values: pd.Series) -> str | list[str]:
    """What is learned from a column: "number", or the texts that are told apart."""
    count = None if is_numeric_dtype(values) else values.value_counts()
    return "number" if count is None else sorted(count[count > 0].index[:WORDS])


def encode(table: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """X as at the training; a text that was not told apart there counts as missing."""
    X = table if list(table) == list(schema.columns) else table[list(schema.columns)]
    texts = {name: known for name, known in schema.columns.items() if known != "number"}
    return X.assign(**{name: X[name].cat.set_categories(known) for name, known in texts.items()})


def labels(target: pd.Series, task: str) -> tuple[np.ndarray, list[Any] | None]:
    """y and the classes; None for a regression. By themselves, few whole numbers are classes."""
    values, number = target.dropna().unique(), is_numeric_dtype(target)
    whole = number and bool((values == np.round(values)).all())
    if task == "regression" or (task == "auto" and number and not (whole and len(values) <= 20)):
        if not number or not np.isfinite(values).all():
            advice = "Mend these rows, or say task=classification."
            raise SystemExit(f"{target.name!r} holds more than finite numbers. {advice}")
        return target.to_numpy("float64"), None
    if not 2 <= len(values) <= CLASSES:
        advice = "Name another target, or say task=regression."
        raise SystemExit(f"{target.name!r} has {len(values)} values: no classes. {advice}")
    classes = sorted(map(int, values) if whole else values)
    if len(classes) == 2 and not number:  # what is looked for is mostly rare: it stands last
        classes = sorted(classes, key=lambda name: -(target == name).sum())
    return pd.Categorical(target, categories=classes).codes.astype("int64"), classes


def split(y: np.ndarray, classes: bool, by: pd.Series, wanted: config.Data) -> np.ndarray:
    """The part of each row: its place in PARTS.

    A group is in one part only; of times, the last ones are the test.
    """
    random = np.random.default_rng(wanted.split_seed)
    if wanted.split == "time":
        key = by.fillna(-np.inf).to_numpy("float64")
    elif wanted.split == "group":
        groups = pd.factorize(by)[0]
        key = random.permutation(groups.max() + 2)[groups]
    else:
        key = random.permutation(np.arange(len(y), dtype="int32"))
    part = np.zeros(len(y), "int8")
    strata = y if classes and wanted.split == "random" else np.zeros(len(y), "int8")
    for rows in pd.Series(key).groupby(strata).indices.values():  # each class is cut for itself
        smaller = np.searchsorted(np.sort(key[rows]), key[rows])  # one number for a whole group
        test, validation = (
            max(round(len(rows) * share), len(rows) > 2)
            for share in (wanted.test, wanted.validation)
        )
        after = smaller >= len(rows) - test
        part[rows] = after + (smaller >= len(rows) - test - validation).astype("int8")
    return part


def example(path: Path) -> None:
    """Writes scikit-learn's handwritten digits, 8 x 8 pixels each."""
    from sklearn.datasets import load_digits

    digits = load_digits(as_frame=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"new-{os.getpid()}-{path.name}")  # others may write or read it just now
    digits.data.astype(int).assign(digit=digits.target).to_csv(new, index=False)
    new.replace(path)
