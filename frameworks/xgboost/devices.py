"""The devices that XGBoost can compute on here."""

from __future__ import annotations

import shutil

import numpy as np
import xgboost

LIBRARY = "xgboost"


def build() -> str:
    """What the library was built for."""
    facts = xgboost.build_info()
    if not facts.get("USE_CUDA"):
        return "CPU"
    return f"CUDA {'.'.join(str(part) for part in facts.get('CUDA_VERSION', ['of some version']))}"


def names() -> list[str]:
    """All devices, the most capable last."""
    driver = shutil.which("nvidia-smi")  # the library itself takes the processor in silence
    return ["cpu", "cuda"] if driver and build() != "CPU" else ["cpu"]


def check(name: str) -> None:
    """Computes something small on a device; raises whatever goes wrong."""
    inputs = np.arange(200.0).reshape(-1, 1)
    rows = xgboost.DMatrix(inputs, inputs[:, 0] < 100, nthread=1)
    settings = {"device": name, "objective": "binary:logistic", "nthread": 1, "verbosity": 0}
    found = xgboost.train(settings, rows, 5).predict(rows) > 0.5
    np.testing.assert_array_equal(found, inputs[:, 0] < 100)
