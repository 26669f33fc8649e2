"""The model: the only module that knows the learning library, so another one replaces this file.

What the others rely on: FILE_NAME, ModelConfig, and Model, a Learner.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xgboost

from .trees import Trees, TreesConfig

FILE_NAME = "model.json"
ModelConfig = TreesConfig
"""The [model] table of the configuration."""


class Model(Trees):
    """Boosted trees of XGBoost."""

    config_type = ModelConfig
    _booster: xgboost.Booster

    def _begin(self, inputs: np.ndarray, targets: np.ndarray) -> Any:
        rows = self._matrix(inputs, targets)
        self._booster = xgboost.Booster(self._parameters(), [rows])
        return rows

    def _one_epoch(self, rows: Any, number: int) -> None:
        """One round. A booster's generator can be seeded but not kept, so each has a new one."""
        if number > 1:
            self._set_weights(self._weights())
        self._booster.set_param({"seed": self._seed_of(number)})
        self._booster.update(rows, number - 1)

    def _probabilities(self, inputs: np.ndarray) -> np.ndarray:
        single = self._booster.predict(self._matrix(inputs)).astype(float)
        return single / single.sum(axis=1, keepdims=True)  # to add up to 1 in double precision

    def _weights(self) -> str:
        return bytes(self._booster.save_raw("json")).decode("utf-8")

    def _set_weights(self, weights: str) -> None:
        self._booster = xgboost.Booster()
        self._booster.load_model(bytearray(weights, "utf-8"))
        self._booster.set_param(self._parameters())

    def _matrix(self, inputs: np.ndarray, targets: np.ndarray | None = None) -> xgboost.DMatrix:
        return xgboost.DMatrix(inputs, targets, nthread=self.config.threads)

    def _parameters(self) -> dict[str, Any]:
        return {
            "objective": "multi:softprob",
            "num_class": len(self.classes),
            "max_depth": self.config.max_depth,
            "learning_rate": self.config.learning_rate,
            "subsample": self.config.subsample,
            "reg_lambda": self.config.l2,
            "nthread": self.config.threads,
            "verbosity": 0,
        }
