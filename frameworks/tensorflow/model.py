"""The model: the network, how it is loaded and how it predicts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from . import _tables
from ._device import pick, precision, tf
from .config import Config, Model
from .data import Schema

FILE = "model.weights.h5"
EMBEDDING = 8  # numbers that stand for a word
BATCH = 8192  # rows at a time where nothing is learned


class Network(tf.keras.Model):
    """A multi-layer perceptron on scaled numbers and embedded words."""

    def __init__(self, schema: Schema, settings: Model) -> None:
        super().__init__(dtype="float32")  # of what comes in; layers may compute in less
        words = [len(known) + 1 for known in schema.columns.values() if known != "number"]
        self.numbers = len(schema.columns) - len(words)
        size, kind = (self.numbers,), precision(settings)
        weight = self.add_weight  # mean and std are those of the training rows
        self.mean = weight(name="mean", shape=size, initializer="zeros", trainable=False)
        self.std = weight(name="std", shape=size, initializer="ones", trainable=False)
        self.target = weight(name="target", shape=(2,), initializer="zeros", trainable=False)
        self.missing = weight(name="missing", shape=size, initializer="zeros")  # is learned
        self.first = np.cumsum([0, *words])[:-1]  # word of each column
        self.embedding = tf.keras.layers.Embedding(max(1, sum(words)), EMBEDDING)
        dense = tf.keras.layers.Dense
        self.hidden = [dense(each, "relu", dtype=kind) for each in settings.hidden]
        self.dropout = tf.keras.layers.Dropout(settings.dropout, dtype=kind)
        self.top = dense(len(schema.classes or [0]), dtype="float32")
        super().__call__(np.zeros((1, len(schema.columns)), "float32"))  # makes the weights

    def call(self, x: tf.Tensor, training: bool = False) -> tf.Tensor:  # (batch, numbers + words)
        numbers, codes = x[:, : self.numbers], tf.cast(x[:, self.numbers :], "int64")
        scaled = tf.clip_by_value((numbers - self.mean) / self.std, -10, 10)
        scaled = tf.where(tf.math.is_nan(numbers), self.missing, scaled)  # (batch, numbers)
        words = self.embedding(codes + self.first)  # (batch, words, EMBEDDING)
        words = tf.reshape(words, (tf.shape(x)[0], len(self.first) * EMBEDDING))
        hidden = tf.concat([scaled, words], axis=1)
        for layer in self.hidden:
            hidden = self.dropout(layer(hidden), training=training)
        return self.top(hidden)  # (batch, classes), or of a regression (batch, 1)

    def adapt(self, x: np.ndarray, y: np.ndarray) -> None:
        """Takes mean and standard deviation of the training rows."""
        columns = [c[~np.isnan(c)].astype("float64") for c in x.T[: self.numbers]]
        self.mean.assign([c.mean() if len(c) else 0 for c in columns])
        self.std.assign([(c.std() if len(c) else 0) or 1 for c in columns])
        self.target.assign([y.mean(), y.std() or 1] if y.dtype.kind == "f" else [0, 1])

    def scaled(self, y: np.ndarray) -> np.ndarray:
        """What the outputs shall be: codes of classes, or numbers about 0."""
        mean, std = self.target.numpy()
        return y if y.dtype.kind == "i" else ((y - mean) / std).astype("float32")


def predict(network: Network, X: pd.DataFrame) -> np.ndarray:
    """The probability of each class (rows, classes), or the number of each row (rows,)."""
    outputs = network.predict(_tables.array(X), batch_size=BATCH, verbose=0).astype("float64")
    mean, std = network.target.numpy().astype("float64")
    if outputs.shape[1] == 1:
        return outputs[:, 0] * std + mean
    powers = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def load(path: Path, config: Config, schema: Schema) -> Network:
    pick(config.model)
    network = Network(schema, config.model)
    network.load_weights(str(path))
    return network
