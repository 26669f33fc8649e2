"""The model: its settings, the network, how it is kept and how it predicts."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from flax import nnx

from . import data

FILE = "model.npz"
EMBEDDING = 8  # numbers that stand for a word
BATCH = 8192  # rows at a time where nothing is learned


@dataclass(frozen=True)
class Settings:
    """The [model] table; configs/train.toml says what each key means."""

    epochs: int
    patience: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    hidden: tuple[int, ...]
    dropout: float
    class_weight: Literal["none", "balanced"]
    device: str
    precision: Literal["auto", "float32", "bfloat16"]
    threads: int

    def __post_init__(self) -> None:
        if min(self.epochs, self.patience, self.batch_size, *self.hidden) < 1:
            raise ValueError("epochs, patience, batch_size and each of hidden must be at least 1")
        if min(self.learning_rate, self.weight_decay, self.dropout, self.threads) < 0:
            raise ValueError("no number of [model] may be below 0")


class Network(nnx.Module):
    """A multi-layer perceptron on scaled numbers and embedded words."""

    def __init__(self, schema: data.Schema, settings: Settings, seed: int = 0) -> None:
        words, rngs, dtype = data.words(schema), nnx.Rngs(seed), dtype_of(settings)
        numbers = len(schema.columns) - len(words)
        self.mean = nnx.BatchStat(jnp.zeros(numbers))  # of the training rows, as the next ones
        self.std = nnx.BatchStat(jnp.ones(numbers))
        self.target = nnx.BatchStat(jnp.array([0.0, 1.0]))  # mean and std, in a regression
        self.missing = nnx.Param(jnp.zeros(numbers))  # what stands for no number is learned
        self.first = nnx.BatchStat(jnp.cumsum(jnp.array([0, *words]))[:-1])  # of each column
        self.embedding = nnx.Embed(max(1, sum(words)), EMBEDDING, dtype=dtype, rngs=rngs)
        sizes = [numbers + len(words) * EMBEDDING, *settings.hidden]
        hidden = [nnx.Linear(*pair, dtype=dtype, rngs=rngs) for pair in zip(sizes, sizes[1:])]
        self.hidden = nnx.Sequential(*hidden)
        self.dropout = nnx.Dropout(settings.dropout)
        self.outputs = nnx.Linear(sizes[-1], len(schema.classes or [0]), rngs=rngs)

    def __call__(self, numbers: jax.Array, codes: jax.Array, rngs: Any = None) -> jax.Array:
        """Learns where there are `rngs`; they are for the dropout."""
        scaled = jnp.clip((numbers - self.mean) / self.std, -10, 10)  # (batch, numbers)
        scaled = jnp.where(jnp.isnan(numbers), self.missing, scaled)
        words = self.embedding(codes + self.first).reshape(len(codes), -1)  # (batch, ...)
        x = jnp.concatenate([scaled, words], axis=1)
        for layer in self.hidden.layers:
            x = self.dropout(nnx.relu(layer(x)), deterministic=rngs is None, rngs=rngs)
        outputs = self.outputs(x)  # (batch, classes), or (batch, 1)
        return outputs.squeeze(1) if outputs.shape[1] == 1 else outputs

    def adapt(self, X: pd.DataFrame, y: np.ndarray) -> None:
        """Takes mean and standard deviation of the training rows."""
        columns = [c[~np.isnan(c)].astype("float64") for c in data.arrays(X)[0].T]
        self.mean = nnx.BatchStat(jnp.array([c.mean() if len(c) else 0 for c in columns]))
        self.std = ...
