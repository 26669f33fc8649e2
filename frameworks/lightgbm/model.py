"""The model: the only module that knows the learning library, so another one replaces this file.

What the others rely on: FILE_NAME, ModelConfig, and Model, a Learner.
"""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np

from .trees import Trees, TreesConfig

FILE_NAME = "model.json"
ModelConfig = TreesConfig
"""The [model] table of the configuration."""


class Model(Trees):
    """Boosted trees of LightGBM."""

    config_type = ModelConfig
    _booster: lightgbm.Booster | None

    def _begin(self, inputs: np.ndarray, targets: np.ndarray) -> Any:
        self._booster = None
        return inputs, targets

    def _one_epoch(self, rows: Any, number: int) -> None:
        """A training of one round, on top of the rounds before: its seed is the epoch's own."""
        parameters = {**self._parameters(), "seed": self._seed_of(number)}
        inputs, targets = rows
        data = lightgbm.Dataset(inputs, targets, params=parameters)
        self._booster = lightgbm.train(parameters, data, 1, init_model=self._booster)

    def _probabilities(self, inputs: np.ndarray) -> np.ndarray:
        return self._booster.predict(inputs, num_threads=self.config.threads)

    def _weights(self) -> str:
        return self._booster.model_to_string()

    def _set_weights(self, weights: str) -> None:
        self._booster = lightgbm.Booster(model_str=weights)

    def _parameters(self) -> dict[str, Any]:
        return {
            "objective": "multiclass",
            "num_class": len(self.classes),
            "max_depth": self.config.max_depth,
            "num_leaves": min(2**self.config.max_depth, 131072),  # the library's own limit
            "learning_rate": self.config.learning_rate,
            "bagging_fraction": self.config.subsample,
            "bagging_freq": 1,
            "lambda_l2": self.config.l2,
            "num_threads": self.config.threads,
            "deterministic": True,
            "force_row_wise": True,
            "verbosity": -1,
        }
