"""The model: the only module that knows the learning library, so another one replaces this file.

What the others rely on: ModelConfig, Epoch and Model with fit, predict_proba, save and load.
"""

import copy
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import joblib
import numpy as np
import pandas as pd
from sklearn.metrics import accuracy_score, log_loss
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from .data import Part
from .errors import UserError

FILE_NAME = "model.joblib"


@dataclass(frozen=True)
class ModelConfig:
    """The [model] table of the configuration."""

    hidden_layers: tuple[int, ...]
    learning_rate: float
    batch_size: int
    l2: float
    epochs: int
    """At most so many."""
    patience: int
    """Stop after so many epochs without a better validation loss."""

    def problem(self) -> str | None:
        """What is wrong with the values, or None."""
        if min(self.hidden_layers, default=1) < 1:
            return "every layer in hidden_layers needs at least 1 neuron"
        if min(self.batch_size, self.epochs, self.patience) < 1:
            return "batch_size, epochs and patience must be at least 1"
        if self.learning_rate <= 0 or self.l2 < 0:
            return "learning_rate must be above 0, and l2 not below 0"
        return None


@dataclass(frozen=True)
class Epoch:
    """How good the model is after one pass over the training rows."""

    number: int
    train_loss: float
    validation_loss: float
    train_accuracy: float
    validation_accuracy: float


class Model:
    """A neural network on scaled inputs.

    One thread does the arithmetic: sums then come out the same on any number of cores, and a
    network of this size is faster so.
    """

    def __init__(self, config: ModelConfig, seed: int, classes: np.ndarray) -> None:
        self.classes = classes
        self.features: list[str] = []
        self._epochs, self._patience = config.epochs, config.patience
        self._scaler = StandardScaler()
        self._network = MLPClassifier(
            config.hidden_layers,
            learning_rate_init=config.learning_rate,
            batch_size=config.batch_size,
            alpha=config.l2,
            # The generator and not the seed: with a number every epoch would shuffle alike.
            random_state=np.random.RandomState(seed),
        )

    def fit(
        self,
        train: Part,
        validation: Part,
        on_epoch: Callable[[Epoch], None],
    ) -> list[Epoch]:
        """Learns and keeps the epoch with the least validation loss.

        Calls `on_epoch` after each epoch; returns them all. Raises UserError when the numbers
        run away.
        """
        self.features = list(train.features.columns)
        self._scaler.fit(train.features.to_numpy(float))
        history: list[Epoch] = []
        best, best_network = 0, self._network
        with threadpool_limits(1):
            while len(history) < min(self._epochs, best + self._patience):
                self._one_epoch(train)
                history.append(self._measure(len(history) + 1, train, validation))
                if best == 0 or history[-1].validation_loss < history[best - 1].validation_loss:
                    best, best_network = len(history), copy.deepcopy(self._network)
                on_epoch(history[-1])
        self._network = best_network
        return history

    def predict_proba(self, features: pd.DataFrame) -> np.ndarray:
        """The probability of each class: one row an example, one column a class of `classes`."""
        with threadpool_limits(1):
            return self._probabilities(features)

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        """The likeliest class of each row."""
        return self.classes[self.predict_proba(features).argmax(axis=1)]

    def save(self, path: Path) -> None:
        """Writes the model to one file."""
        joblib.dump(vars(self), path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Reads what `save` wrote; any exception means that the file is damaged.

        The file is a pickle, and reading a pickle can run code: load only models of your own.
        """
        model = cls.__new__(cls)
        vars(model).update(joblib.load(path))
        return model

    def _probabilities(self, features: pd.DataFrame) -> np.ndarray:
        return self._network.predict_proba(self._scaler.transform(features.to_numpy(float)))

    def _one_epoch(self, train: Part) -> None:
        """One pass over the rows. The library turns Ctrl-C into a warning; it is turned back."""
        scaled = self._scaler.transform(train.features.to_numpy(float))
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.filterwarnings("error", "Training interrupted", UserWarning)
            try:
                self._network.partial_fit(scaled, train.labels, classes=self.classes)
            except UserWarning:
                raise KeyboardInterrupt from None
            except ValueError as error:
                if "non-finite" not in str(error):
                    raise
                happened = "The training ran away: its weights grew beyond all numbers."
                raise UserError(happened, "Lower learning_rate in [model].") from None

    def _measure(self, number: int, train: Part, validation: Part) -> Epoch:
        guesses = [self._probabilities(part.features) for part in (train, validation)]
        pairs = list(zip((train.labels, validation.labels), guesses, strict=True))
        losses = [log_loss(truth, guess, labels=self.classes) for truth, guess in pairs]
        accuracies = [
            accuracy_score(truth, self.classes[guess.argmax(axis=1)]) for truth, guess in pairs
        ]
        return Epoch(number, *losses, *accuracies)
