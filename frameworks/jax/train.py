"""Trains a neural network with JAX and keeps it, with all that is known of it, in runs/.

    poe train                                       # configs/train.toml
    poe train seed=1 model.learning_rate=0.001      # any key in place of the file's
    poe train --config configs/other.toml           # or runs/ID/config.toml
    poe train --resume                              # goes on with the newest stopped run

On the digits: validation accuracy 0.98 after 8 s. The last line printed names the run's folder.
Settings are in configs/train.toml, data and split in data.py, the network in model.py, figures in
metrics.py and plots.py; _epochs.py counts the epochs, ends them early, and keeps the best one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from . import _runs, _tables, data, model
from ._device import key_of, pick, write
from ._epochs import Epochs


def train(run: _runs.Run) -> None:
    """The whole training, from the table to the report."""
    schema, parts = data.load(run.config, ("train", "validation"))
    run.keep_schema(schema)
    path = run.folder / model.FILE
    if not path.exists():  # else only the report is missing
        weights = learn(run, schema, *parts["train"], *parts["validation"])
        with _runs.replacing(path) as temporary:  # before the report: an error there loses nothing
            write(weights, temporary)
    network = model.load(path, run.config, schema)
    run.report(lambda X: model.predict(network, X), parts, schema)


def learn(run: _runs.Run, schema: data.Schema, X, y, X_val, y_val) -> Any:
    """The weights after the epoch with the least validation loss."""
    settings, seed = run.config.model, run.config.seed
    run.info["device"] = pick(settings)
    key = key_of(seed, epoch=0)
    network = nnx.jit(lambda: model.Network(schema, settings, nnx.Rngs(key)))()
    x, x_val = _tables.array(X), _tables.array(X_val)
    network.adapt(x, y)  # to the columns' mean and standard deviation
    rows, target_val = (jnp.asarray(x), jnp.asarray(network.scaled(y))), network.scaled(y_val)
    weight = jnp.ones(len(schema.classes or [0]))
    if schema.classes and settings.class_weight == "balanced":
        weight = jnp.asarray(1 / np.bincount(y).clip(1))

    @jax.jit
    def criterion(outputs: jax.Array, target: jax.Array) -> jax.Array:
        if schema.classes is None:
            return optax.squared_error(outputs[:, 0], target).mean()
        losses = optax.softmax_cross_entropy_with_integer_labels(outputs, target)
        return jnp.average(losses, weights=weight[target])

    graph, params, constants = nnx.split(network, nnx.Param, ...)
    size = min(settings.batch_size, len(x))
    steps = len(x) // size  # the rest is left out: the next epoch has another order
    schedule = optax.cosine_decay_schedule(settings.learning_rate, steps * settings.epochs)
    optimizer = optax.adamw(schedule, weight_decay=settings.weight_decay)

    @jax.jit
    def train_epoch(params: Any, state: Any, rows: Any, order: Any, key: Any) -> Any:
        """One compiled loop over all batches: `order` has the rows of each, (steps, batch)."""

        def train_step(carry: Any, batch: Any) -> Any:
            (params, state), (places, step) = carry, batch
            inputs, target = (array[places] for array in rows)  # (batch, columns), (batch,)

            def loss_of(params: Any) -> jax.Array:
                rngs = nnx.Rngs(dropout=jax.random.fold_in(key, step))
                return criterion(nnx.merge(graph, params, constants)(inputs, rngs), target)

            loss, gradients = jax.value_and_grad(loss_of)(params)
            updates, state = optimizer.update(gradients, state, params)
            return (optax.apply_updates(params, updates), state), loss

        batches = (order, jnp.arange(steps))
        (params, state), losses = jax.lax.scan(train_step, (params, state), batches)
        return params, state, losses.mean()

    epochs = Epochs(run, params, jax.jit(optimizer.init)(params))
    params, state = epochs.params, epochs.state  # those of a checkpoint, if there is one
    for epoch in epochs:  # a stopped run goes on with its next one; patience may end them early
        order = np.random.default_rng([seed, epoch]).permutation(len(x))
        order = order[: steps * size].reshape(steps, size)
        params, state, loss = train_epoch(params, state, rows, order, key_of(seed, epoch))

        outputs = model.infer(nnx.merge(graph, params, constants), x_val)
        loss_val = criterion(outputs, target_val)
        epochs.end(loss, loss_val, params, state)  # keeps a checkpoint and the best parameters
    return nnx.state(nnx.merge(graph, epochs.finish(), constants))


def main(given: Sequence[str] | None = None) -> None:
    with _runs.start(__doc__, given) as run:
        train(run)


if __name__ == "__main__":
    main()
