"""What is measured. Add yours here: it is in metrics.json and in `poe compare` from then on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn import metrics


def measure(y: np.ndarray, predicted: np.ndarray, classes: list[Any] | None) -> dict[str, float]:
    """Figures of one part. `predicted`: numbers, or with classes a row of probabilities each."""
    if classes is None:
        figures = {
            "rmse": np.sqrt(np.mean((y - predicted) ** 2)),
            "mae": metrics.mean_absolute_error(y, predicted),
            "r2": metrics.r2_score(y, predicted) if len(y) > 1 else np.nan,
        }
    else:
        guess, here = predicted.argmax(axis=1), np.unique(y)
        figures = {
            "accuracy": np.mean(guess == y),
            "balanced_accuracy": metrics.recall_score(y, guess, labels=here, average="macro"),
            "macro_f1": metrics.f1_score(y, guess, labels=here, average="macro"),
            "log_loss": metrics.log_loss(y, predicted, labels=range(len(classes))),
        }
        if len(classes) == len(here) == 2:
            figures["roc_auc"] = metrics.roc_auc_score(y, predicted[:, 1])
            figures["pr_auc"] = metrics.average_precision_score(y, predicted[:, 1])
            figures["brier"] = metrics.brier_score_loss(y, predicted[:, 1])
    return {name: float(figure) for name, figure in figures.items()}


def baseline(y: np.ndarray, rows: int, classes: list[Any] | None) -> np.ndarray:
    """What one predicts knowing only the training's y: its mean, or how frequent each class is."""
    if classes is None:
        return np.full(rows, y.mean())
    return np.tile(np.bincount(y, minlength=len(classes)) / len(y), (rows, 1))


def table(figures: dict[str, dict[str, float]]) -> str:
    """A line for each part, a column for each figure."""
    return pd.DataFrame(figures).T.to_string(float_format=lambda figure: f"{figure:,.4f}"[:9])
