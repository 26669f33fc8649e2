"""The model: the only module that knows the learning library, so another one replaces this file.

What the others rely on: FILE_NAME, ModelConfig, and Model, a Learner.
"""

from __future__ import annotations

import copy
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from .learning import Learner, LearningConfig, ran_away

FILE_NAME = "model.joblib"


@dataclass(frozen=True)
class ModelConfig(LearningConfig):
    """The [model] table of the configuration."""

    hidden_layers: tuple[int, ...]
    batch_size: int
    l2: float

    def problem(self) -> str | None:
        """What is wrong with the values, or None."""
        if min(self.hidden_layers, default=1) < 1:
            return "every layer in hidden_layers needs at least 1 neuron"
        if self.batch_size < 1:
            return "batch_size must be at least 1"
        if self.l2 < 0:
            return "l2 must not be below 0"
        return super().problem()


class Model(Learner):
    """A neural network on scaled inputs.

    One thread does the arithmetic: sums then come out the same on any number of cores, and a
    network of this size is faster so.
    """

    config_type = ModelConfig
    config: ModelConfig
    _pipeline: Pipeline

    def _begin(self, inputs: np.ndarray, targets: np.ndarray) -> Any:
        network = MLPClassifier(
            self.config.hidden_layers,
            learning_rate_init=self.config.learning_rate,
            batch_size=self.config.batch_size,
            alpha=self.config.l2,
        )
        self._pipeline = make_pipeline(StandardScaler().fit(inputs), network)
        return self._pipeline[0].transform(inputs), targets

    def _one_epoch(self, rows: Any, number: int) -> None:
        """The library turns Ctrl-C into a warning; it is turned back."""
        random = np.random.RandomState(np.random.MT19937([self.seed, number]))
        network = self._pipeline[-1].set_params(random_state=random)
        with warnings.catch_warnings(), np.errstate(all="ignore"), threadpool_limits(1):
            warnings.filterwarnings("error", "Training interrupted", UserWarning)
            try:
                network.partial_fit(*rows, classes=np.arange(len(self.classes)))
            except UserWarning:
                raise KeyboardInterrupt from None
            except ValueError as error:
                if "non-finite" not in str(error):
                    raise
                raise ran_away() from None

    def _probabilities(self, inputs: np.ndarray) -> np.ndarray:
        with threadpool_limits(1):
            return self._pipeline.predict_proba(inputs)

    def _weights(self) -> Pipeline:
        """The optimizer is in it, too."""
        return copy.deepcopy(self._pipeline)

    def _set_weights(self, weights: Pipeline) -> None:
        self._pipeline = copy.deepcopy(weights)

    @staticmethod
    def _write(path: Path, about: dict[str, Any], parts: dict[str, Any]) -> None:
        joblib.dump({"about": about, "parts": parts}, path)

    @staticmethod
    def _read(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
        """The file is a pickle, and reading a pickle can run code: read only files of your own."""
        content = joblib.load(path)
        return content["about"], content["parts"]
