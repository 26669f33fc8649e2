"""The model: what is done to the columns, and what learns. Any other of scikit-learn will do."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder
from threadpoolctl import ThreadpoolController

from .config import Config, Model
from .data import Schema

FILE = "model.joblib"
BATCH = 40_000  # rows at a time where nothing is learned
POOLS = ThreadpoolController()


def build(schema: Schema, settings: Model, seed: int) -> Pipeline:
    """Boosted trees on histograms. They take missing values as they are."""
    texts = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    columns = make_column_transformer(
        (texts, make_column_selector(dtype_include="category")), remainder="passthrough"
    )
    if all(known == "number" for known in schema.columns.values()):
        columns = "passthrough"  # of a large table this spares a copy
    trees = HistGradientBoostingClassifier if schema.classes else HistGradientBoostingRegressor
    learner = trees(
        max_iter=settings.rounds,
        learning_rate=settings.learning_rate,
        max_leaf_nodes=settings.max_leaf_nodes,
        l2_regularization=settings.l2,
        early_stopping=False,
        random_state=seed,
    )
    fitted = Pipeline([("columns", columns), ("learner", learner)])
    fitted.threads = settings.threads
    return fitted


def save(fitted: Pipeline, path: Path) -> None:
    """A pickle: it is read in the environment that wrote it, and only from people you trust."""
    joblib.dump(fitted, path)


def load(path: Path, config: Config, _schema: Schema) -> Pipeline:
    fitted = joblib.load(path)
    fitted.threads = config.model.threads
    return fitted


def predict(fitted: Pipeline, X: pd.DataFrame) -> np.ndarray:
    """Numbers, or of classes a row of probabilities for each row."""
    of = fitted.predict_proba if hasattr(fitted, "predict_proba") else fitted.predict
    with threads(fitted.threads, len(X), few=5_000):
        # In batches: inside, the numbers are of double precision.
        return np.concatenate([of(X[at : at + BATCH]) for at in range(0, len(X), BATCH)])


def threads(count: int, rows: int, few: int = 50_000) -> AbstractContextManager:
    """So many threads; for 0 what suits: on few rows they would only wait for each other."""
    return POOLS.limit(limits=count or (1 if rows < few else joblib.cpu_count()))
