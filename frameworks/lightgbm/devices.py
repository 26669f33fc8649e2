"""The devices that LightGBM can compute on here: the processor."""

from __future__ import annotations

import lightgbm
import numpy as np

LIBRARY = "lightgbm"


def build() -> str:
    """What the library was built for; "" where there is only one kind."""
    return ""


def names() -> list[str]:
    """All devices, the most capable last."""
    return ["cpu"]


def check(_: str) -> None:
    """Computes something small; raises whatever goes wrong."""
    inputs = np.arange(200.0).reshape(-1, 1)
    model = lightgbm.LGBMClassifier(n_estimators=5, n_jobs=1, verbosity=-1)
    model.fit(inputs, inputs[:, 0] < 100)
    np.testing.assert_array_equal(model.booster_.predict(inputs) > 0.5, inputs[:, 0] < 100)
