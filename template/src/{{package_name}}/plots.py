"""The two pictures of a run. Figures are made without pyplot: no display, no global state."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sklearn.metrics import confusion_matrix as count_pairs

from .learning import Epoch

TRAIN, VALIDATION, GREY = "#2a6fbb", "#d9730d", "#666666"
MOST_NUMBERS = 25
"""With more classes than this the numbers in the cells could not be read."""


def confusion_matrix(
    labels: np.ndarray, guesses: np.ndarray, classes: np.ndarray, path: Path
) -> None:
    """Draws how often each class was taken for each other one, as a PNG."""
    counts = count_pairs(labels, guesses, labels=classes)
    figure = Figure(figsize=(6.4, 5.6), dpi=120, layout="constrained")
    axes = figure.subplots()
    picture = axes.imshow(counts, cmap="Blues", vmin=0)
    figure.colorbar(picture, ax=axes, label="rows")
    if len(classes) <= MOST_NUMBERS:
        for (row, column), count in np.ndenumerate(counts):
            colour = "white" if count > counts.max() / 2 else GREY
            if count:
                axes.text(column, row, count, ha="center", va="center", color=colour, fontsize=9)
        names = [str(name) for name in classes]
        axes.set_xticks(range(len(names)), names, rotation=45 if _long(names) else 0)
        axes.set_yticks(range(len(names)), names)
    right = np.trace(counts)
    axes.set(
        xlabel="predicted class",
        ylabel="true class",
        title=f"Test rows: {right} of {counts.sum()} right ({right / counts.sum():.1%})",
    )
    figure.savefig(path)


def learning_curve(history: list[Epoch], best: int, path: Path) -> None:
    """Draws loss and accuracy by epoch with a mark at the epoch that was kept, as a PNG."""
    epochs = [epoch.number for epoch in history]
    figure = Figure(figsize=(9.6, 4.0), dpi=120, layout="constrained")
    panels = figure.subplots(1, 2)
    for at, name in enumerate(("loss", "accuracy")):
        axes = panels[at]
        for part, colour in (("train", TRAIN), ("validation", VALIDATION)):
            values = [getattr(epoch, f"{part}_{name}") for epoch in history]
            axes.plot(epochs, values, color=colour, label=part, linewidth=1.8)
            axes.plot(best, values[best - 1], "o", color=colour, markersize=6)
        axes.axvline(best, color=GREY, linewidth=0.8, linestyle=":", label=f"kept: epoch {best}")
        axes.set(xlabel="epoch", title=name.capitalize())
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(color="#e5e5e5", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
    figure.savefig(path)


def _long(names: list[str]) -> bool:
    return max(map(len, names)) > 3
