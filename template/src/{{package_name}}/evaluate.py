"""Measures a run on the test rows, which no training has seen.

    poe evaluate          # the newest finished run
    poe evaluate RUN      # its name or folder

Do it once, with the model that you have chosen: choosing by test figures spoils them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from . import _runs, data, metrics, model


def main(given: Sequence[str] | None = None) -> None:
    words = _runs.arguments(__doc__).parse_args(given).changes
    names = [word for word in words if "=" not in word]
    changes = [word for word in words if "=" in word]
    folder, settings, schema, fitted = _runs.load(names[0] if names else None, changes)
    _runs.same_data(json.loads((folder / "run.json").read_text("utf-8")), settings, schema)
    _, parts = data.load(settings, ("train", "test"), schema)
    (_, y_train), (X, y) = parts["train"], parts["test"]
    simple = metrics.baseline(y_train, len(y), schema.classes)
    pairs = {"test": model.predict(fitted, X), "baseline": simple}
    figures = {name: metrics.measure(y, p, schema.classes) for name, p in pairs.items()}
    print(f"run   {folder}\n{metrics.table(figures)}")
    path = folder / "test.json"
    if path.exists():
        then, now = json.loads(path.read_text("utf-8"))["test"], figures["test"]
        if any(not np.isclose(then.get(name, now[name]), now[name], atol=1e-6) for name in now):
            raise SystemExit(
                f"{path} has other figures. Repeat the run: poe reproduce {folder.name}"
            )
    _runs.write_json(path, figures)
    _runs.answer(_runs.begin("report", folder))


if __name__ == "__main__":
    main()
