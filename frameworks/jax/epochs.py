# Owned by the template: `copier update` merges its changes with yours.
"""The epochs of a training: when they end, what is kept, and how a stopped run goes on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from . import _runs
from ._device import read, write


class Epochs:
    """Counts the epochs that are still to do, until `patience` of them lower no validation loss."""

    def __init__(self, run: _runs.Run, params: Any, state: Any) -> None:
        """`params` and the optimizer's `state` to begin with, where no stopped run has others."""
        self.run, self.history = run, np.empty((0, 2))  # (epochs, training and validation)
        self.params, self.state, self.best = params, state, params
        if run.checkpoint.exists():
            like = (params, state, params, self.history)
            self.params, self.state, self.best, self.history = read(run.checkpoint, like)

    def __iter__(self) -> Iterator[int]:
        settings = self.run.config.model
        for epoch in tqdm(range(len(self.history) + 1, settings.epochs + 1), disable=None):
            if epoch > 1 and epoch > self.best_epoch() + settings.patience:
                break
            yield epoch

    def end(self, train_loss: Any, validation_loss: Any, params: Any, state: Any) -> None:
        """Notes the losses, keeps the parameters if they are the best, and all to go on with."""
        losses = np.array([train_loss, validation_loss], "float64")
        self.history = np.vstack([self.history, losses])
        epoch = len(self.history)
        if not np.isfinite(losses).all():
            remedy = "Train anew with a lower model.learning_rate."
            raise SystemExit(f"In epoch {epoch} the loss is no number any more. {remedy}")
        if self.best_epoch() == epoch:
            self.best = params
        with _runs.replacing(self.run.checkpoint) as path:
            write((params, state, self.best, self.history), path)

    def best_epoch(self) -> int:
        """The one with the least validation loss, counted from 1."""
        return int(self.history[:, 1].argmin()) + 1

    def finish(self) -> Any:
        """The best epoch's parameters; the losses of all are written into the run's folder."""
        self.run.info["best_epoch"] = self.best_epoch()
        table = pd.DataFrame(self.history, columns=["train_loss", "validation_loss"])
        table.index = pd.RangeIndex(1, len(table) + 1, name="epoch")
        table.to_csv(self.run.folder / "history.csv")
        return self.best
