"""What is drawn of the validation rows. Add yours to `draw`: report.html shows each picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.calibration import CalibrationDisplay
from sklearn.metrics import ConfusionMatrixDisplay, PrecisionRecallDisplay, RocCurveDisplay


def draw(folder: Path, y: np.ndarray, predicted: np.ndarray, classes: list[Any] | None) -> None:
    """Writes the pictures into the run's folder."""
    if (folder / "history.csv").exists():
        learning_curve(pd.read_csv(folder / "history.csv")).savefig(folder / "learning_curve.png")
    if classes is None:
        errors(y, predicted).savefig(folder / "errors.png")
    elif len(classes) <= 30:
        picture = confusion(y, predicted.argmax(axis=1), classes)
        picture.savefig(folder / "confusion_matrix.png")
    if classes is not None and len(classes) == 2 and 0 < y.mean() < 1:
        curves(y, predicted[:, 1]).savefig(folder / "curves.png")


def learning_curve(history: pd.DataFrame) -> Figure:
    figure, (axes, *_) = panels(1)
    history.plot(x=history.columns[0], y=["train_loss", "validation_loss"], ax=axes, title="Loss")
    kept = history.iloc[history["validation_loss"].idxmin(), 0]
    axes.axvline(kept, color="grey", linestyle=":", label=f"kept: {kept:.0f}")
    axes.legend(frameon=False)
    return figure


def confusion(y: np.ndarray, guess: np.ndarray, classes: list[Any]) -> Figure:
    figure = Figure(figsize=(4 + 0.25 * len(classes),) * 2, dpi=150, constrained_layout=True)
    names = [str(name)[:20] for name in classes]
    ConfusionMatrixDisplay.from_predictions(
        y, guess, labels=range(len(names)), display_labels=names, ax=figure.subplots(),
        cmap="Blues", colorbar=False, xticks_rotation="vertical" if max(map(len, names)) > 3 else 0,
    )  # fmt: skip
    return figure


def curves(y: np.ndarray, share: np.ndarray) -> Figure:
    figure, (left, middle, right) = panels(3)
    RocCurveDisplay.from_predictions(y, share, ax=left, name="")
    PrecisionRecallDisplay.from_predictions(y, share, ax=middle, name="")
    CalibrationDisplay.from_predictions(y, share, ax=right, name="", n_bins=10)
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


def panels(count: int) -> tuple[Figure, Any]:
    """A figure without a display, and its axes side by side."""
    figure = Figure(figsize=(max(6, 4 * count), 4), dpi=150, constrained_layout=True)
    return figure, figure.subplots(1, count, squeeze=False)[0]
