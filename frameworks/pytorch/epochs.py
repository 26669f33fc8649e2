# Owned by the template: `copier update` merges its changes with yours.
"""The epochs of a training: when they end, what is kept, and how a stopped run goes on."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from math import inf, isfinite
from typing import Any

import pandas as pd
import torch
from torch import nn
from tqdm import tqdm

from . import _runs
from ._device import RANK, averaged, shared


class Epochs:
    """Counts the epochs that are still to do, until `patience` of them lower no validation loss."""

    def __init__(self, run: _runs.Run, network: nn.Module, **others: Any) -> None:
        """The network and what else changes in the training take the state of a stopped run."""
        self.run, self.learners = run, {"network": network, **others}
        self.history: list[dict[str, float]] = []
        self.best: dict[str, float] = {"epoch": 0, "validation_loss": inf}
        self.weights: dict[str, torch.Tensor] = {}
        there = RANK == 0 and run.checkpoint.exists()
        kept = torch.load(run.checkpoint, map_location="cpu", weights_only=True) if there else None
        if kept := shared(kept):
            for name, learner in self.learners.items():
                learner.load_state_dict(kept[name])
            self.history, self.best, self.weights = kept["history"], kept["best"], kept["weights"]

    def __iter__(self) -> Iterator[int]:
        settings = self.run.config.model
        left = range(len(self.history) + 1, settings.epochs + 1)
        for epoch in tqdm(left, disable=RANK > 0 or None):
            if epoch > self.best["epoch"] + settings.patience:
                break
            yield epoch

    def end(self, train_loss: torch.Tensor, validation_loss: torch.Tensor) -> None:
        """Notes the losses, keeps the weights if they are the best, and all to go on with."""
        losses = averaged(torch.stack([train_loss, validation_loss]))  # all stop after the same one
        epoch = len(self.history) + 1
        if not isfinite(losses[1]):
            remedy = "Train anew with a lower model.learning_rate."
            raise SystemExit(f"In epoch {epoch} the loss is no number any more. {remedy}")
        now = {"epoch": epoch, "train_loss": losses[0], "validation_loss": losses[1]}
        self.history.append(now)
        if losses[1] < self.best["validation_loss"]:
            self.best, self.weights = now, copy.deepcopy(self.learners["network"].state_dict())
        state = {name: learner.state_dict() for name, learner in self.learners.items()}
        state.update(history=self.history, best=self.best, weights=self.weights)
        if RANK == 0:
            with _runs.replacing(self.run.checkpoint) as path:
                torch.save(state, path)

    def finish(self) -> dict[str, torch.Tensor]:
        """The weights after the best epoch; the losses of all are written into the run's folder."""
        self.run.info["best_epoch"] = self.best["epoch"]
        if RANK == 0:
            table = pd.DataFrame(self.history)
            table.to_csv(self.run.folder / "history.csv", index=False)
        return self.weights
