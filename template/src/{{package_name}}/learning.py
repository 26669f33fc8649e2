"""What every fit has in common, whatever the library: epochs, early stopping, checkpoints."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import accuracy_score, log_loss

from .data import Part
from .errors import UserError
from .files import replacing


@dataclass(frozen=True)
class LearningConfig:
    """What every [model] table has; the rest of it is the library's."""

    epochs: int
    """At most so many."""
    patience: int
    """Stop after so many epochs without a better validation loss."""
    learning_rate: float

    def problem(self) -> str | None:
        """What is wrong with the values, or None."""
        if min(self.epochs, self.patience) < 1:
            return "epochs and patience must be at least 1"
        if self.learning_rate <= 0:
            return "learning_rate must be above 0"
        return None


@dataclass(frozen=True)
class Epoch:
    """How good the model is after one pass over the training rows."""

    number: int
    train_loss: float
    validation_loss: float
    train_accuracy: float
    validation_accuracy: float


def best_of(history: list[Epoch]) -> Epoch:
    """The epoch with the least validation loss; of equal ones the first."""
    return min(history, key=lambda epoch: epoch.validation_loss)


def ran_away() -> UserError:
    """The error for a training whose numbers are none any more."""
    happened = "The training ran away: its weights grew beyond all numbers."
    return UserError(happened, "Lower learning_rate in [model].")


class Learner(ABC):
    """A classifier that learns epoch by epoch. A library's Model fills the methods at the end.

    An epoch follows from the state before it, the seed and its own number, and from nothing else.
    So a training that was killed, and goes on from its checkpoint, ends as if nothing had been.
    """

    config_type: type[Any]
    """The dataclass of the [model] table."""

    def __init__(self, config: Any, seed: int, classes: np.ndarray) -> None:
        self.config = config
        self.seed = seed
        self.classes = classes
        self.features: list[str] = []
        self.resumed_after: list[int] = []
        """The epochs after which a training was stopped that this one went on with."""

    def fit(
        self,
        train: Part,
        validation: Part,
        on_epoch: Callable[[Epoch], None],
        checkpoint: Path | None = None,
    ) -> list[Epoch]:
        """Learns, keeps the epoch with the least validation loss, and returns all epochs.

        Writes `checkpoint` after each epoch, and goes on from it where it exists. Calls `on_epoch`
        for each epoch, those of the checkpoint first. Raises UserError when the numbers run away.
        """
        self.features = list(train.features.columns)
        targets = np.searchsorted(self.classes, train.labels)
        rows = self._begin(train.features.to_numpy(float), targets)
        history: list[Epoch] = []
        best: Any = None
        if checkpoint is not None and checkpoint.exists():
            history, best = self._go_on(checkpoint)
        for epoch in history:
            on_epoch(epoch)
        while not self._is_over(history):
            self._one_epoch(rows, len(history) + 1)
            history.append(self._measure(len(history) + 1, train, validation))
            last = self._weights()
            if best_of(history) is history[-1]:
                best = last
            if checkpoint is not None:
                with replacing(checkpoint) as temporary:
                    self._write(temporary, *self._standing(history, last, best))
            on_epoch(history[-1])
        self._set_weights(best)
        return history

    def predict_proba(self, features: pd.DataFrame) -> np.ndarray:
        """The probability of each class: one row an example, one column a class of `classes`."""
        return self._probabilities(features.to_numpy(float))

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        """The likeliest class of each row."""
        return self.classes[self.predict_proba(features).argmax(axis=1)]

    def save(self, path: Path) -> None:
        """Writes the model to one file."""
        self._write(path, self._about(), {"model": self._weights()})

    @classmethod
    def load(cls, path: Path) -> Learner:
        """Reads what `save` wrote; any exception means that the file is damaged."""
        about, parts = cls._read(path)
        # Out of JSON a tuple comes as a list.
        values = {k: tuple(v) if isinstance(v, list) else v for k, v in about["config"].items()}
        model = cls(cls.config_type(**values), about["seed"], np.array(about["classes"]))
        model._recall(about)
        model._set_weights(parts["model"])
        return model

    def _go_on(self, checkpoint: Path) -> tuple[list[Epoch], Any]:
        """The epochs of a checkpoint and the best weights, with the model set to the last ones."""
        try:
            about, parts = self._read(checkpoint)
            history = [Epoch(**epoch) for epoch in about["history"]]
            self._set_weights(parts["last"])
            self._set_progress(parts["progress"])
            self.resumed_after = sorted({*about["resumed_after"], len(history)})
            return history, parts["best"]
        except Exception as error:  # a damaged file may raise anything
            happened = f"{checkpoint.parent.name}/{checkpoint.name} cannot be read ({error})."
            raise UserError(happened, "Delete that folder, and start anew.") from None

    def _standing(
        self, history: list[Epoch], last: Any, best: Any
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """What a checkpoint holds: the model in two states, and how it came there."""
        past = [asdict(epoch) for epoch in history]
        about = {**self._about(), "history": past, "resumed_after": self.resumed_after}
        return about, {"last": last, "best": best, "progress": self._progress()}

    def _is_over(self, history: list[Epoch]) -> bool:
        best = best_of(history).number if history else 0
        return len(history) >= min(self.config.epochs, best + self.config.patience)

    def _measure(self, number: int, train: Part, validation: Part) -> Epoch:
        measured = [self._loss_and_accuracy(part) for part in (train, validation)]
        (train_loss, train_accuracy), (loss, accuracy) = measured
        return Epoch(number, train_loss, loss, train_accuracy, accuracy)

    def _loss_and_accuracy(self, part: Part) -> tuple[float, float]:
        guesses = self.predict_proba(part.features)
        if not np.isfinite(guesses).all():
            raise ran_away()
        loss = log_loss(part.labels, guesses, labels=self.classes)
        accuracy = accuracy_score(part.labels, self.classes[guesses.argmax(axis=1)])
        return float(loss), float(accuracy)

    def _about(self) -> dict[str, Any]:
        """What a file says of the model besides its weights; goes through JSON and comes back."""
        return {
            "config": asdict(self.config),
            "seed": self.seed,
            "classes": self.classes.tolist(),
            "features": self.features,
        }

    def _recall(self, about: dict[str, Any]) -> None:
        """Takes back what `_about` gave, as far as a new model does not have it."""
        self.features = about["features"]

    @abstractmethod
    def _begin(self, inputs: np.ndarray, targets: np.ndarray) -> Any:
        """Makes a new model out of the seed; the training rows as `_one_epoch` wants them.

        `targets` are places in `classes`.
        """

    @abstractmethod
    def _one_epoch(self, rows: Any, number: int) -> None:
        """One pass over the rows; `number` counts from 1."""

    @abstractmethod
    def _probabilities(self, inputs: np.ndarray) -> np.ndarray:
        """One row an example, one column a class."""

    @abstractmethod
    def _weights(self) -> Any:
        """All that predictions need, as a value that later epochs do not change."""

    @abstractmethod
    def _set_weights(self, weights: Any) -> None:
        """Puts the model back to where `_weights` was called."""

    def _progress(self) -> Any:
        """What the next epoch needs besides the weights, say of the optimizer; else None."""
        return None

    def _set_progress(self, progress: Any) -> None:
        """Puts that back to where `_progress` was called. The weights are set before."""
        assert progress is None

    @staticmethod
    @abstractmethod
    def _write(path: Path, about: dict[str, Any], parts: dict[str, Any]) -> None:
        """Writes one file. `parts` are what `_weights` and `_progress` gave, by name."""

    @staticmethod
    @abstractmethod
    def _read(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
        """Both of what `_write` wrote; any exception means that the file is damaged."""
