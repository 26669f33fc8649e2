"""What is drawn of the validation rows. Add yours to `draw`: report.html shows each picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.calibration import CalibrationDisplay
from sklearn.metrics import (
    ConfusionMatrixDisplay,
    PrecisionRecallDisplay,
    RocCurveDisplay,
)


def draw(folder: Path, y: np.ndarray, predicted: np.ndarray, classes: list[Any] | None) -> None:
    """Writes the pictures into the run's folder."""
    if (folder / "history.csv").exists():
        learning_curve(pd.read_csv(folder / "history.csv")).savefig(folder / "learning_curve.png")
    if classes is None:
        errors(y, predicted).savefig(folder / "errors.png")
    elif len(classes) <= 30:
        found = predicted.argmax(axis=1)
        confusion(y, found, classes).savefig(folder / "confusion_matrix.png")
    if classes and len(classes) == 2 and 0 < y.mean() < 1:
        curves(y, predicted[:, 1], classes[1]).savefig(folder / "curves.png")


def learning_curve(history: pd.DataFrame) -> Figure:
    figure, (axes,) = panels(1, width=6)
    history.plot(x=history.columns[0], y=["train_loss", "validation_loss"], ax=axes)
    best = history.iloc[history["validation_loss"].idxmin(), 0]
    axes.axvline(best, color="grey", linestyle=":", label=f"best: {best:.0f}")
    axes.legend(frameon=False)
    return figure


def confusion(y: np.ndarray, found: np.ndarray, classes: list[Any]) -> Figure:
    size = 4 + 0.25 * len(classes)
    figure, (axes,) = panels(1, size, size)
    names = [str(name)[:20] for name in classes]
    ConfusionMatrixDisplay.from_predictions(
        y, found, labels=range(len(names)), display_labels=names, ax=axes,
        cmap="Blues", colorbar=False, xticks_rotation=90 if max(map(len, names)) > 3 else 0,
    )  # fmt: skip
    return figure


def curves(y: np.ndarray, share: np.ndarray, name: Any) -> Figure:
    figure, (left, middle, right) = panels(3)
    RocCurveDisplay.from_predictions(y, share, ax=left, name=str(name))
    PrecisionRecallDisplay.from_predictions(y, share, ax=middle, name=str(name))
    CalibrationDisplay.from_predictions(y, share, ax=right, name=str(name), n_bins=10)
    left.set(xlabel="false positive rate", ylabel="true positive rate", title="ROC")
    middle.set(xlabel="recall", ylabel="precision", title="Precision and recall")
    right.set(xlabel="predicted", ylabel="true share", title="Calibration")
    return figure


def errors(y: np.ndarray, predicted: np.ndarray) -> Figure:
    figure, (left, right) = panels(2)
    some = np.linspace(0, len(y) - 1, min(len(y), 5000)).astype(int)
    left.plot(y[some], predicted[some], ".", alpha=0.4)
    left.axline((y.mean(), y.mean()), slope=1, color="grey", linestyle=":")
    left.set(xlabel="true", ylabel="predicted")
    right.hist(predicted - y, bins=50)
    right.set(xlabel="predicted - true", ylabel="rows")
    return figure


def panels(count: int, width: float = 4, height: float = 4) -> tuple[Figure, Any]:
    """A figure that needs no display, and its axes side by side; in inches each."""
    figure = Figure(figsize=(count * width, height), dpi=150, constrained_layout=True)
    return figure, figure.subplots(1, count, squeeze=False)[0]
