"""The model: boosted trees of XGBoost. Any parameter of the library may be added below."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xgboost as xgb
from sklearn.utils.class_weight import compute_sample_weight

from .config import Config, Model
from .data import Schema

FILE = "model.ubj"


def parameters(config: Config, schema: Schema) -> dict[str, Any]:
    """https://xgboost.readthedocs.io/en/stable/parameter.html"""
    settings, classes = config.model, len(schema.classes or ())
    return {
        "objective": {0: "reg:squarederror", 2: "binary:logistic"}.get(classes, "multi:softprob"),
        "num_class": classes if classes > 2 else 0,
        "tree_method": "hist",
        "max_depth": settings.max_depth,
        "learning_rate": settings.learning_rate,
        "subsample": settings.subsample,
        "reg_lambda": settings.l2,
        **where(settings),
    }


def where(settings: Model) -> dict[str, Any]:
    """Device and threads. Without a GPU, XGBoost itself takes the processor in silence."""
    device, one_row = "cpu", xgb.DMatrix(np.zeros((1, 1)), [0.0])
    if settings.device != "cpu":
        with xgb.config_context(verbosity=0):
            tried = xgb.train({"device": "cuda"}, one_row, 1).save_config()
        device = json.loads(tried)["learner"]["generic_param"].get("device", "cpu")
    if settings.device == "cuda" and device == "cpu":
        raise SystemExit("XGBoost has no GPU here. Say model.device=cpu, or auto.")
    return {"device": device, "nthread": settings.threads}


def table(X: pd.DataFrame) -> pd.DataFrame:
    """X with names that XGBoost takes: the fourth column `size [m]` is `3_size__m_`."""
    X = X.copy(deep=False)
    X.columns = [re.sub(r"\W", "_", f"{i} {name}") for i, name in enumerate(X)]
    return X


def matrix(
    X: pd.DataFrame, y: np.ndarray, settings: Model, ref: xgb.DMatrix | None = None
) -> xgb.QuantileDMatrix:
    """The columns cut into bins, a byte for each value; those of `ref` when given."""
    weight = compute_sample_weight("balanced", y) if settings.class_weight == "balanced" else None
    return xgb.QuantileDMatrix(table(X), y, weight=weight, ref=ref, enable_categorical=True)


def save(booster: xgb.Booster, path: Path) -> None:
    path.write_bytes(booster.save_raw("ubj"))


def load(path: Path, config: Config, schema: Schema) -> xgb.Booster:
    booster = xgb.Booster(model_file=bytearray(path.read_bytes()))
    booster.set_param(where(config.model))
    return booster


def predict(booster: xgb.Booster, X: pd.DataFrame) -> np.ndarray:
    """Probabilities (rows, classes), or numbers (rows,)."""
    batches = (table(X[i : i + 100_000]) for i in range(0, len(X), 100_000))
    found = [booster.predict(xgb.DMatrix(rows, enable_categorical=True)) for rows in batches]
    values = np.concatenate(found).astype(float)
    if "binary:logistic" in booster.save_config():
        values = np.column_stack([1 - values, values])
    return values / values.sum(axis=1, keepdims=True) if values.ndim == 2 else values
