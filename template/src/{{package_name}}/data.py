"""The data: made once, verified on every load, split the same way for the same seed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from .errors import UserError
from .files import replacing, sha256_of, shown
from .tables import write

EXAMPLE = "data/raw/digits.csv"


@dataclass(frozen=True)
class DataConfig:
    """The [data] table of the configuration: where the data is and how it is split."""

    file: str
    """CSV file, from the project's root."""
    target: str
    """The column to predict."""
    validation_fraction: float
    test_fraction: float

    def problem(self) -> str | None:
        """What is wrong with the values, or None."""
        if not (0 < self.validation_fraction < 1 and 0 < self.test_fraction < 1):
            return "the fractions must be above 0 and below 1"
        if self.validation_fraction + self.test_fraction >= 1:
            return "the two fractions together leave nothing to train on"
        return None


@dataclass(frozen=True)
class Part:
    """Some rows: the features (numbers, one column each) and the class of each row."""

    features: pd.DataFrame
    labels: np.ndarray


@dataclass(frozen=True)
class Data:
    """The three parts, and what says which data it was."""

    parts: dict[str, Part]
    """train, validation, test"""
    classes: np.ndarray
    file: str
    sha256: str


def load(root: Path, config: DataConfig, seed: int) -> Data:
    """Reads, verifies and splits the data; writes the example data first when it is missing.

    Raises UserError when the file is missing, changed, or no table that can be learned from.
    """
    path = root / config.file
    if not path.exists() and path == root / EXAMPLE:
        write_example(path)
    sha256 = verify(path, root)
    return _split(_read(path, config.target, root), config, seed, sha256)


def write_example(path: Path) -> None:
    """Writes scikit-learn's handwritten digits (8 x 8 pixels of 0 to 16): the same bytes
    on every machine."""
    digits = load_digits(as_frame=True)
    table = digits.data.astype(int).assign(digit=digits.target)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary:
        write(table, temporary)


def verify(path: Path, root: Path) -> str:
    """The file's sha256, after comparing it with the record beside it (in `sha256sum` format).

    A file without a record gets one. Raises UserError when the two differ.
    """
    name = shown(path, root)
    if not path.is_file():
        happened = f"There is no data file {name}."
        raise UserError(happened, "Put it there, or name another in [data].")
    record = path.with_name(f"{path.name}.sha256")
    sha256 = sha256_of(path)
    if not record.exists():
        with replacing(record) as temporary:
            temporary.write_bytes(f"{sha256}  {path.name}\n".encode())
    elif record.read_text(encoding="utf-8", errors="replace").split()[:1] != [sha256]:
        raise UserError(
            f"{name} is not the file that {record.name} records: it was changed.",
            f"Bring the old file back, or delete {shown(record, root)} to go on with the new one.",
        )
    return sha256


def _read(path: Path, target: str, root: Path) -> pd.DataFrame:
    """The table, with finite numbers in every column but the target."""
    name = shown(path, root)
    try:
        table = pd.read_csv(path).rename(columns=str.strip)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        happened = f"{name} is not a table in CSV ({str(error).strip()})."
        raise UserError(happened, "Save it as UTF-8 with one header line and commas.") from None
    if not isinstance(table.index, pd.RangeIndex):  # pandas takes the first value for a row name
        happened = f"{name} has more values in a line than names in the header."
        raise UserError(happened, "Name every column in the first line.")
    if target not in table or len(table.columns) == 1:
        happened = f"{name} has no column {target!r} to learn, or no other one to learn from."
        raise UserError(happened, "Name the right column as `target` in [data].")
    for column in table:
        values = table[column]
        if column != target and values.dtype.kind not in "iuf":
            wrong = "holds more than numbers"
        elif values.isna().any() or (values.dtype.kind == "f" and np.isinf(values).any()):
            wrong = "has missing or infinite values"
        else:
            continue
        raise UserError(f"{name}: column {column!r} {wrong}.", "Clean it or leave it out.")
    return table


def _split(table: pd.DataFrame, config: DataConfig, seed: int, sha256: str) -> Data:
    """Three parts with the same share of every class."""
    labels = table[config.target].to_numpy()
    features = table.drop(columns=config.target)
    validation, test = (
        round(len(labels) * share) for share in (config.validation_fraction, config.test_fraction)
    )

    def cut(rows: np.ndarray, size: int) -> list[np.ndarray]:
        return train_test_split(rows, test_size=size, stratify=labels[rows], random_state=seed)

    classes = np.unique(labels)
    if len(classes) == 1:
        happened = f"{config.file} has only the class {classes[0]} in {config.target!r}."
        raise UserError(happened, "Use data with two classes or more.")
    try:
        rest, test_rows = cut(np.arange(len(labels)), test)
        train_rows, validation_rows = cut(rest, validation)
    except ValueError as error:
        happened = f"{config.file} cannot be split with every class in each part ({error})."
        raise UserError(happened, "Use more rows, or other fractions in [data].") from None
    rows_of = {"train": train_rows, "validation": validation_rows, "test": test_rows}
    parts = {name: Part(features.iloc[rows], labels[rows]) for name, rows in rows_of.items()}
    return Data(parts, classes, config.file, sha256)
