"""The model: boosted trees of LightGBM. Any parameter of the library may be added below."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
from sklearn.utils.class_weight import compute_sample_weight

from .config import Config, Model
from .data import Schema

FILE = "model.txt"


def parameters(config: Config, schema: Schema) -> dict[str, Any]:
    """https://lightgbm.readthedocs.io/en/stable/Parameters.html"""
    settings, classes = config.model, len(schema.classes or ())
    return {
        "objective": {0: "regression", 2: "binary"}.get(classes, "multiclass"),
        "num_class": classes if classes > 2 else 1,
        "learning_rate": settings.learning_rate,
        "num_leaves": settings.num_leaves,
        "bagging_fraction": settings.subsample,
        "bagging_freq": 1,
        "lambda_l2": settings.l2,
        "seed": config.seed,
        **where(settings),
        "deterministic": True,  # the same bits with any number of threads
        "force_row_wise": True,
        "verbosity": -1,
    }


def where(settings: Model) -> dict[str, Any]:
    """Device and threads. LightGBM computes on a GPU only where it was built for that."""
    place = {"device_type": settings.device, "num_threads": settings.threads}
    if settings.device != "cpu":
        try:
            rows = lgb.Dataset(np.zeros((9, 1)), np.arange(9))
            lgb.train({**place, "verbosity": -1}, rows, 1)
        except lgb.basic.LightGBMError as error:
            raise SystemExit(f"{error}\nSay model.device=cpu.") from None
    return place


def dataset(X: pd.DataFrame, y: np.ndarray, settings: Model, reference=None) -> lgb.Dataset:
    """The columns cut into bins, a byte for each value; those of `reference` when given."""
    weight = compute_sample_weight("balanced", y) if settings.class_weight == "balanced" else None
    return lgb.Dataset(table(X), y, weight=weight, reference=reference, free_raw_data=False)


def table(X: pd.DataFrame) -> pd.DataFrame:
    """X with names that LightGBM takes: the fourth column `size [m]` is `3_size__m_`."""
    X = X.copy(deep=False)
    X.columns = [re.sub(r"\W", "_", f"{i} {name}") for i, name in enumerate(X)]
    return X


def save(booster: lgb.Booster, path: Path) -> None:
    path.write_text(booster.model_to_string(), encoding="utf-8")


def load(path: Path, config: Config, schema: Schema) -> lgb.Booster:
    booster = lgb.Booster(model_str=path.read_text(encoding="utf-8"))
    booster.params = parameters(config, schema)
    return booster


def predict(booster: lgb.Booster, X: pd.DataFrame) -> np.ndarray:
    """Probabilities (rows, classes), or numbers (rows,)."""
    batches = (table(X[i : i + 100_000]) for i in range(0, len(X), 100_000))
    threads = {"num_threads": booster.params["num_threads"]}
    values = np.concatenate([booster.predict(rows, **threads) for rows in batches])
    if booster.params["objective"] == "binary":
        values = np.column_stack([1 - values, values])
    return values
