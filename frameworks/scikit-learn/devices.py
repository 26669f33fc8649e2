"""The devices that scikit-learn can compute on here: the processor."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LinearRegression

LIBRARY = "scikit-learn"


def build() -> str:
    """What the library was built for; "" where there is only one kind."""
    return ""


def names() -> list[str]:
    """All devices, the most capable last."""
    return ["cpu"]


def check(_: str) -> None:
    """Computes something small; raises whatever goes wrong."""
    inputs = np.arange(200.0).reshape(-1, 1)
    found = LinearRegression().fit(inputs, 2 * inputs).predict(inputs)
    np.testing.assert_allclose(found, 2 * inputs, atol=1e-6)
