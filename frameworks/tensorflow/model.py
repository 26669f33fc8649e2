"""The model: the only module that knows the learning library, so another one replaces this file.

What the others rely on: FILE_NAME, ModelConfig, and Model, a Learner.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import arrays
from .devices import tensorflow as tf
from .networks import Network, NetworkConfig, softmax

FILE_NAME = "model.npz"
ModelConfig = NetworkConfig
"""The [model] table of the configuration."""


class Model(Network):
    """A neural network of Keras (2 or 3) on TensorFlow."""

    config_type = ModelConfig
    _network: Any = None

    _write = staticmethod(arrays.write)
    _read = staticmethod(arrays.read)

    def _begin(self, inputs: np.ndarray, targets: np.ndarray) -> Any:
        scaled, targets = super()._begin(inputs, targets)
        self._set_weights(arrays.first(self._sizes(), self.seed))
        # Keras 2 refuses what does not fit.
        rate = min(self.config.learning_rate, float(tf.float32.max))
        self._optimizer = tf.keras.optimizers.Adam(rate)
        # It makes its variables at its first step, and a checkpoint's must find a place.
        self._apply([tf.zeros(each.shape) for each in self._network.trainable_variables])
        self._optimizer.iterations.assign(0)
        self._step = tf.function(self._one_step)
        return tf.constant(scaled), tf.constant(targets)

    def _one_epoch(self, rows: Any, number: int) -> None:
        inputs, targets = rows
        for places in self._batches(len(inputs), number):
            self._step(inputs, targets, tf.constant(places))

    def _probabilities(self, inputs: np.ndarray) -> np.ndarray:
        return softmax(self._network(tf.constant(self._scaled(inputs))).numpy())

    def _weights(self) -> arrays.Arrays:
        return self._network.get_weights()

    def _set_weights(self, weights: arrays.Arrays) -> None:
        if self._network is None:
            self._network = self._new_network()
        self._network.set_weights(weights)

    def _progress(self) -> arrays.Arrays:
        return [each.numpy() for each in self._optimizer_variables()]

    def _set_progress(self, progress: arrays.Arrays) -> None:
        for at, variable in enumerate(self._optimizer_variables()):
            variable.assign(progress[at])

    def _new_network(self) -> Any:
        first, *hidden, last = self._sizes()
        layers = [tf.keras.layers.Dense(size, "relu") for size in hidden]
        output = tf.keras.layers.Dense(last)
        return tf.keras.Sequential([tf.keras.Input((first,)), *layers, output])

    def _one_step(self, inputs: Any, targets: Any, places: Any) -> None:
        variables = self._network.trainable_variables
        with tf.GradientTape() as tape:
            scores = self._network(tf.gather(inputs, places), training=True)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
                tf.gather(targets, places), scores
            )
            penalty = tf.add_n([tf.nn.l2_loss(each) for each in variables])
            loss = tf.reduce_mean(losses) + self.config.l2 * penalty
        self._apply(tape.gradient(loss, variables))

    def _apply(self, gradients: list[Any]) -> None:
        variables = self._network.trainable_variables
        pairs = [(gradient, variables[at]) for at, gradient in enumerate(gradients)]
        self._optimizer.apply_gradients(pairs)

    def _optimizer_variables(self) -> list[Any]:
        """An attribute in Keras 3, a method in Keras 2."""
        variables = self._optimizer.variables
        return variables() if callable(variables) else variables
