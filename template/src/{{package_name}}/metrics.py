"""Figures for one part of the data, as plain numbers that compare and print alike anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score, f1_score, log_loss, precision_recall_fscore_support

from .data import Part
from .learning import Learner

DIGITS = 6
"""Kept after the point: the last bits of a sum depend on the kind of processor."""
TOLERANCE = 10.0 ** -(DIGITS - 1)

Metrics = dict[str, Any]


def measure(labels: np.ndarray, probabilities: np.ndarray, classes: np.ndarray) -> Metrics:
    """Compares the true labels with the probabilities (one column a class of `classes`).

    Returns accuracy, macro_f1, log_loss, rows, and per class its precision, recall, f1 and rows.
    """
    guesses = classes[probabilities.argmax(axis=1)]
    f1 = f1_score(labels, guesses, labels=classes, average="macro", zero_division=0)
    precision, recall, f1_of_class, rows = precision_recall_fscore_support(
        labels, guesses, labels=classes, zero_division=0
    )
    return {
        "rows": len(labels),
        "accuracy": _short(accuracy_score(labels, guesses)),
        "macro_f1": _short(f1),
        "log_loss": _short(log_loss(labels, probabilities, labels=classes)),
        "per_class": {
            str(name): {
                "precision": _short(precision[at]),
                "recall": _short(recall[at]),
                "f1": _short(f1_of_class[at]),
                "rows": _short(rows[at]),
            }
            for at, name in enumerate(classes)
        },
    }


def of_model(model: Learner, parts: Mapping[str, Part]) -> dict[str, Metrics]:
    """The figures of a model on each part."""
    return {
        name: measure(part.labels, model.predict_proba(part.features), model.classes)
        for name, part in parts.items()
    }


def table(parts: Mapping[str, Metrics]) -> str:
    """The main figures of each part, a line each, for the terminal."""
    lines = [f"{'':10}  {'rows':>6}  {'accuracy':>8}  {'macro F1':>8}  {'log loss':>8}"]
    lines += [
        f"{name:10}  {m['rows']:6}  {m['accuracy']:8.4f}  {m['macro_f1']:8.4f}  "
        f"{m['log_loss']:8.4f}"
        for name, m in parts.items()
    ]
    return "\n".join(lines)


def differences(stored: Any, now: Any, where: str = "") -> list[str]:
    """Where two sets of figures differ by more than TOLERANCE, a line each."""
    if isinstance(stored, dict) and isinstance(now, dict):
        keys = dict.fromkeys([*stored, *now])
        pairs = ((key, stored.get(key), now.get(key)) for key in keys)
        return [line for key, a, b in pairs for line in differences(a, b, f"{where} {key}")]
    numbers = isinstance(stored, (int, float)) and isinstance(now, (int, float))
    same = abs(stored - now) <= TOLERANCE if numbers else stored == now
    return [] if same else [f"{where.strip()}: {stored} then, {now} now"]


def _short(number: Any) -> float | int:
    return int(number) if isinstance(number, np.integer) else round(float(number), DIGITS)
