"""The model: the network, how it is loaded and how it predicts."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from flax import nnx

from . import _tables
from ._device import pick, read
from .config import Config, Model
from .data import Schema

FILE = "model.npz"
EMBEDDING = 8  # numbers that stand for a word
BATCH = 8192  # rows at a time where nothing is learned


class Network(nnx.Module):
    """A multi-layer perceptron on scaled numbers and embedded words."""

    def __init__(self, schema: Schema, settings: Model, rngs: nnx.Rngs) -> None:
        words = [len(known) + 1 for known in schema.columns.values() if known != "number"]
        numbers = len(schema.columns) - len(words)
        modern = jax.default_backend() != "cpu" if settings.precision == "auto" else None
        dtype = jnp.bfloat16 if modern or settings.precision == "bfloat16" else jnp.float32
        self.mean = nnx.BatchStat(jnp.zeros(numbers))  # of the training rows, like the next
        self.std = nnx.BatchStat(jnp.ones(numbers))
        self.target = nnx.BatchStat(jnp.array([0.0, 1.0]))  # a regression's mean and std
        self.first = nnx.BatchStat(jnp.array(np.cumsum([0, *words])[:-1]))  # of each column
        self.missing = nnx.Param(jnp.zeros(numbers))  # what stands for no number is learned
        self.embedding = nnx.Embed(max(1, sum(words)), EMBEDDING, rngs=rngs)
        sizes = [numbers + len(words) * EMBEDDING, *settings.hidden]
        dense = partial(nnx.Linear, dtype=dtype, rngs=rngs)
        self.hidden = nnx.Sequential(*map(dense, sizes[:-1], settings.hidden))
        self.dropout = nnx.Dropout(settings.dropout)
        self.outputs = nnx.Linear(sizes[-1], len(schema.classes or [0]), rngs=rngs)

    def __call__(self, x: jax.Array, rngs: Any = None) -> jax.Array:  # (batch, numbers + words)
        """With `rngs` (for the dropout) it is a step of the training."""
        numbers, codes = x[:, : len(self.mean)], x[:, len(self.mean) :].astype(int)
        scaled = jnp.clip((numbers - self.mean) / self.std, -10, 10)
        scaled = jnp.where(jnp.isnan(numbers), self.missing, scaled)  # (batch, numbers)
        words = self.embedding(codes + self.first).reshape(len(x), -1)  # (batch, words * EMBEDDING)
        hidden = jnp.concatenate([scaled, words], axis=1)
        for layer in self.hidden.layers:
            hidden = self.dropout(nnx.relu(layer(hidden)), deterministic=rngs is None, rngs=rngs)
        return self.outputs(hidden.astype("float32"))  # (batch, classes); a regression: (batch, 1)

    def adapt(self, x: np.ndarray, y: np.ndarray) -> None:
        """Takes mean and standard deviation of the training rows."""
        columns = [c[~np.isnan(c)].astype("float64") for c in x.T[: len(self.mean)]]
        self.mean = nnx.BatchStat(jnp.array([c.mean() if len(c) else 0.0 for c in columns]))
        self.std = nnx.BatchStat(jnp.array([(c.std() if len(c) else 0) or 1.0 for c in columns]))
        if y.dtype.kind == "f":
            self.target = nnx.BatchStat(jnp.array([y.mean(), y.std() or 1]))

    def scaled(self, y: np.ndarray) -> np.ndarray:
        """What the outputs shall be: codes of classes, or numbers about 0."""
        mean, std = np.asarray(self.target)
        return y if y.dtype.kind == "i" else ((y - mean) / std).astype("float32")


forward = nnx.jit(lambda network, x: network(x))


def infer(network: Network, x: np.ndarray) -> np.ndarray:
    """The outputs for all rows."""
    return np.concatenate([forward(network, x[i : i + BATCH]) for i in range(0, len(x), BATCH)])


def predict(network: Network, X: pd.DataFrame) -> np.ndarray:
    """The probability of each class (rows, classes), or the number of each row (rows,)."""
    outputs = infer(network, _tables.array(X)).astype("float64")
    mean, std = np.asarray(network.target, "float64")
    if outputs.shape[1] == 1:
        return outputs[:, 0] * std + mean
    powers = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def load(path: Path, config: Config, schema: Schema) -> Network:
    pick(config.model)
    network = nnx.eval_shape(lambda: Network(schema, config.model, nnx.Rngs(0)))
    nnx.update(network, read(path, nnx.state(network)))
    return network
