"""Predicts for new rows, a piece at a time, so that any number of them fits.

    poe predict ROWS.csv                                # with the newest finished run
    poe predict ROWS.parquet --run RUN --output FILE    # else predictions.csv

Written are the columns in `drop` (as ids), the prediction and the probability of each class.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from . import config, data, model, runs, tables


def main(given: Sequence[str] | None = None) -> None:
    parser = runs.arguments(__doc__, "rows", type=Path, metavar="ROWS.csv")
    parser.add_argument("--run", metavar="RUN", help="default: the newest")
    parser.add_argument("--output", type=Path, metavar="FILE", default=Path("predictions.csv"))
    asked = parser.parse_intermixed_args(given)
    if asked.output.exists() and asked.rows.exists() and asked.output.samefile(asked.rows):
        parser.error("the output is the file of rows itself: name another with --output")
    folder, settings, schema, fitted = runs.load(asked.run, asked.changes)
    count = 0
    with runs.replacing(asked.output) as path, path.open("w", encoding="utf-8", newline="") as out:
        for ids, X in inputs(asked.rows.expanduser(), settings.data, schema):
            table = answers(model.predict(fitted, X), schema.classes)
            written = pd.concat([ids.reset_index(drop=True), table], axis=1)
            written.to_csv(out, index=False, header=count == 0)
            count += len(X)
    print(f"run   {folder}\nwrote {asked.output}: {count} rows")


def inputs(
    path: Path, wanted: config.Data, schema: data.Schema
) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """The ids and X of each piece, read as at the training."""
    known = {n: k for n, k in schema.kinds.items() if n not in (wanted.target, wanted.split_by)}
    for piece in tables.pieces(path, known):
        try:
            table = data.derive(tables.typed(piece[[n for n in piece if n in known]], known))
        except tables.OtherKindError as error:
            advice = "Numbers or dates were learned: mend these rows."
            raise SystemExit(f"{path}: {error.args[0]!r} holds {error.args[1]}. {advice}") from None
        if missing := [name for name in schema.columns if name not in table]:
            raise SystemExit(f"{path} has no column {missing[0]!r}. The run needs it: add it.")
        X = data.encode(data.plain(table[list(schema.columns)]), schema)
        yield piece[[n for n in piece if n in wanted.drop]], X


def answers(predicted: np.ndarray, classes: list[Any] | None) -> pd.DataFrame:
    """The prediction of each row and, with classes, how probable each one is."""
    if classes is None:
        return pd.DataFrame({"prediction": predicted})
    table = pd.DataFrame(predicted.round(6), columns=[f"probability_{name}" for name in classes])
    table.insert(0, "prediction", np.array(classes, dtype=object)[predicted.argmax(axis=1)])
    return table


if __name__ == "__main__":
    main()
