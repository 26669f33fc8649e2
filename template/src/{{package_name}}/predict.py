"""Predicts for new rows, a piece at a time, so that any number of them fits.

    poe predict ROWS.csv                                # with the newest finished run
    poe predict ROWS.parquet --run RUN --output FILE    # else predictions.csv

Written are the columns in `drop` (as ids), the prediction and the probability of each class.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from . import _runs, _tables, data, model


def main(given: Sequence[str] | None = None) -> None:
    parser = _runs.arguments(__doc__, "rows", type=Path, metavar="ROWS.csv")
    parser.add_argument("--run", metavar="RUN", help="default: the newest")
    parser.add_argument("--output", type=Path, metavar="FILE", default=Path("predictions.csv"))
    asked = parser.parse_intermixed_args(given)
    path, count = asked.rows.expanduser(), 0
    if asked.output.exists() and path.exists() and asked.output.samefile(path):
        parser.error("the output is the file of rows itself: name another with --output")
    folder, settings, schema, fitted = _runs.load(asked.run, asked.changes)
    apart = {settings.data.target, settings.data.split_by} - {""}
    known = {name: kind for name, kind in schema.kinds.items() if name not in apart}
    heads = ["prediction", *(f"probability_{name}" for name in schema.classes or ())]
    with _runs.replacing(asked.output) as new, new.open("w", encoding="utf-8", newline="") as file:
        for piece in _tables.ahead(_tables.pieces(path, known)):
            X = inputs(piece, known, schema, path)
            ids = piece[[name for name in piece if name in settings.data.drop]]
            columns = [map(_tables.cell, values.astype(object)) for _, values in ids.items()]
            columns += answers(model.predict(fitted, X), schema)
            if not count:
                file.write(_tables.line([*ids, *heads]))
            line = ",".join(["{}"] * len(columns)) + "\n"
            file.writelines(map(line.format, *columns))
            count += len(piece)
    print(f"run   {folder}\nwrote {asked.output}: {count} rows")


def inputs(
    piece: pd.DataFrame, known: dict[str, str], schema: data.Schema, path: Path
) -> pd.DataFrame:
    """X, made as at the training."""
    try:
        table = data.derive(_tables.typed(piece[[name for name in piece if name in known]], known))
    except _tables.OtherKindError as error:
        advice = "Numbers or dates were learned: mend these rows."
        raise SystemExit(f"{path}: {error.args[0]!r} holds {error.args[1]}. {advice}") from None
    if missing := [name for name in schema.columns if name not in table]:
        raise SystemExit(f"{path} has no column {missing[0]!r}. The run needs it: add it.")
    return data.encode(_tables.plain(table[list(schema.columns)]), schema)


def answers(predicted: np.ndarray, schema: data.Schema) -> list[list[str]]:
    """The texts of the prediction of each row and, with classes, of how probable each one is."""
    if schema.classes is None:
        return [list(map(str, predicted.tolist()))]
    names = np.array([_tables.cell(name) for name in schema.classes], dtype=object)
    return [names[predicted.argmax(axis=1)].tolist(), _tables.shares(predicted)]


if __name__ == "__main__":
    main()
