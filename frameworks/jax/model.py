"""The model: the only module that knows the learning library, so another one replaces this file.

What the others rely on: FILE_NAME, ModelConfig, and Model, a Learner.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from . import arrays
from .networks import Network, NetworkConfig, softmax

FILE_NAME = "model.npz"
ModelConfig = NetworkConfig
"""The [model] table of the configuration."""


class Model(Network):
    """A neural network of JAX, with an optimizer of Optax."""

    config_type = ModelConfig
    _layers: list[Any]
    _state: Any

    _write = staticmethod(arrays.write)
    _read = staticmethod(arrays.read)

    def _begin(self, inputs: np.ndarray, targets: np.ndarray) -> Any:
        scaled, targets = super()._begin(inputs, targets)
        self._set_weights(arrays.first(self._sizes(), self.seed))
        self._state = _optimizer(self.config.learning_rate, self.config.l2).init(self._layers)
        return jnp.asarray(scaled), jnp.asarray(targets)

    def _one_epoch(self, rows: Any, number: int) -> None:
        settings = self.config.learning_rate, self.config.l2
        for places in self._batches(len(rows[0]), number):
            self._layers, self._state = _step(self._layers, self._state, rows, places, settings)

    def _probabilities(self, inputs: np.ndarray) -> np.ndarray:
        return softmax(np.asarray(_scores(self._layers, self._scaled(inputs))))

    def _weights(self) -> arrays.Arrays:
        return [np.asarray(each) for each in self._layers]

    def _set_weights(self, weights: arrays.Arrays) -> None:
        self._layers = [jnp.asarray(each) for each in weights]

    def _progress(self) -> arrays.Arrays:
        return [np.asarray(each) for each in jax.tree_util.tree_leaves(self._state)]

    def _set_progress(self, progress: arrays.Arrays) -> None:
        form = jax.tree_util.tree_structure(self._state)
        self._state = jax.tree_util.tree_unflatten(form, [jnp.asarray(each) for each in progress])


def _optimizer(learning_rate: Any, l2: Any) -> optax.GradientTransformation:
    return optax.chain(optax.add_decayed_weights(l2), optax.adam(learning_rate))


@jax.jit
def _step(layers: list[Any], state: Any, rows: Any, places: Any, settings: Any) -> Any:
    """One batch: the layers and the optimizer's state after it."""
    inputs, targets = rows
    gradients = jax.grad(_loss)(layers, inputs[places], targets[places])
    updates, state = _optimizer(*settings).update(gradients, state, layers)
    return optax.apply_updates(layers, updates), state


@jax.jit
def _scores(layers: list[Any], inputs: Any) -> Any:
    for at in range(0, len(layers) - 2, 2):
        inputs = jax.nn.relu(inputs @ layers[at] + layers[at + 1])
    return inputs @ layers[-2] + layers[-1]


def _loss(layers: list[Any], batch: Any, targets: Any) -> Any:
    scores = _scores(layers, batch)
    return optax.softmax_cross_entropy_with_integer_labels(scores, targets).mean()
