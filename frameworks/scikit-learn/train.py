"""Trains a model with scikit-learn and keeps it, with all that is known of it, in runs/.

    poe train                                            # configs/train.toml
    poe train seed=1 model.learning_rate=0.05            # any key in place of the file's
    poe train data.file=data/raw/own.csv data.target=price
    poe train --config configs/other.toml                # or runs/ID/config.toml
    poe train --resume                                   # goes on with the newest stopped run

On the digits: validation accuracy 0.97 after 5 s. The last line printed names the run's folder.
Settings are in configs/train.toml, data and split in data.py, figures in metrics.py and plots.py;
what is learned, the pipeline with all its parameters, is in model.py.
"""

from __future__ import annotations

from collections.abc import Sequence

from sklearn.utils.class_weight import compute_sample_weight

from . import _runs, data, model


def train(run: _runs.Run) -> None:
    """The whole training, from the table to the report."""
    settings = run.config.model
    schema, parts = data.load(run.config, ("train", "validation"))
    run.keep_schema(schema)
    X, y = parts.pop("train")
    if (X.dtypes == "float32").all():
        X = X.astype("float64")  # scikit-learn would, and keep both
    parts["train"] = X, y

    path = run.folder / model.FILE
    if path.exists():  # only the report is missing
        fitted = model.load(path, run.config, schema)
    else:
        weight = None
        if schema.classes and settings.class_weight == "balanced":
            weight = compute_sample_weight("balanced", y)
        fitted = model.build(schema, settings, run.config.seed)
        with model.threads(settings.threads, len(X)):
            fitted.fit(X, y, learner__sample_weight=weight)
        with _runs.replacing(path) as temporary:  # before the report: an error there loses nothing
            model.save(fitted, temporary)

    run.report(lambda X: model.predict(fitted, X), parts, schema)


def main(given: Sequence[str] | None = None) -> None:
    with _runs.start(__doc__, given) as run:
        train(run)


if __name__ == "__main__":
    main()
