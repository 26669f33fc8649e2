"""`poe predict INPUT.csv`: writes the predicted class of each row, with its probabilities."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import UserError, guarded
from .files import find_root, replacing, shown

if TYPE_CHECKING:
    import pandas as pd

    from .learning import Learner


def main(arguments: Sequence[str] | None = None, root: Path | None = None) -> int:
    """The command: returns its exit code, 2 when the input cannot be used."""
    parser = argparse.ArgumentParser("predict", description="Predict the class of each row.")
    parser.add_argument("input", type=Path, metavar="INPUT.csv")
    parser.add_argument("--output", type=Path, metavar="FILE", default=Path("predictions.csv"))
    parser.add_argument("--run", metavar="RUN", help="id or path; default: the newest run")
    asked = parser.parse_args(arguments)
    return guarded(lambda: predict(root or find_root(), asked.input, asked.output, asked.run))


def predict(root: Path, source: Path, output: Path, name: str | None = None) -> None:
    """Reads `source`, applies a run's model and writes `output` (a CSV, a line for each row).

    Raises UserError when the run, the input or the output's place cannot be used.
    """
    from . import runs, tables

    _check_places(source, output)
    run = runs.find(root, name)
    model = runs.load_model(run, root)
    features, ignored = tables.read(source, model.features)
    if ignored:
        print(f"note: columns that the model does not know are ignored: {tables.some(ignored)}")
    with replacing(output) as temporary:
        tables.write(_table(model, features), temporary, "%.6f")
    print(f"run   {shown(run.folder, root)}")
    print(f"wrote {output}: {len(features)} rows")


def _check_places(source: Path, output: Path) -> None:
    """The output needs a folder, and must not take the place of the input."""
    if not output.parent.is_dir() or (output.exists() and not output.is_file()):
        happened = f"{output} is no file, or its folder is not there."
        raise UserError(happened, "Name a file in a folder that exists with --output.", 2)
    if source.exists() and output.exists() and source.samefile(output):
        happened = f"The output {output} is the input itself."
        raise UserError(happened, "Name another file with --output.", 2)


def _table(model: Learner, features: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    names = [f"probability_{name}" for name in model.classes]
    table = pd.DataFrame(model.predict_proba(features), columns=names)
    table.insert(0, "prediction", model.predict(features))
    return table


if __name__ == "__main__":
    sys.exit(main())
