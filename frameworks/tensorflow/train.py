"""Trains a neural network with Keras and keeps it, with all that is known of it, in runs/.

    poe train                                       # configs/train.toml
    poe train seed=1 model.learning_rate=0.001      # any key in place of the file's
    poe train --config configs/other.toml           # or runs/ID/config.toml
    poe train --resume                              # goes on where a run was stopped

On the digits: validation accuracy 0.98 after 10 seconds. The last line names the run's folder.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from tqdm.keras import TqdmCallback

from . import _runs, _tables, data, model
from ._device import number_of, pick, tf


def train(run: _runs.Run) -> None:
    """The whole training, from the table to the report."""
    schema, parts = data.load(run.config, ("train", "validation"))
    run.keep_schema(schema)
    path = run.folder / model.FILE
    if not path.exists():  # else what was stopped was the report
        network = learn(run, schema, *parts["train"], *parts["validation"])
        with _runs.replacing(path) as temporary:  # before anything is measured: it cannot be lost
            network.save_weights(str(temporary))
    network = model.load(path, run.config, schema)
    run.report({name: (y, model.predict(network, X)) for name, (X, y) in parts.items()}, schema)


def learn(run: _runs.Run, schema: data.Schema, X, y, X_val, y_val) -> model.Network:
    """The network as it was after the epoch with the least validation loss."""
    settings, seed = run.config.model, run.config.seed
    run.info["device"] = pick(settings)
    tf.keras.utils.set_random_seed(number_of(seed, epoch=0))
    network = model.Network(schema, settings)
    x = _tables.array(X)
    network.adapt(x, y)
    steps = -(-len(x) // settings.batch_size)
    optimizers = tf.keras.optimizers
    rate = optimizers.schedules.CosineDecay(settings.learning_rate, steps * settings.epochs)
    if hasattr(optimizers, "AdamW"):
        optimizer = optimizers.AdamW(rate, weight_decay=settings.weight_decay)
    else:
        run.note("this TensorFlow has no AdamW, so there is no weight decay: it is Adam")
        optimizer = optimizers.Adam(rate)
    loss, weight = tf.keras.losses.MeanSquaredError(), None
    if schema.classes:
        loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        if settings.class_weight == "balanced":
            weight = dict(enumerate(len(y) / (len(schema.classes) * np.bincount(y).clip(1))))
    network.compile(optimizer, loss)

    epochs = Epochs(run, network)
    if not epochs.enough():  # a resumed run may have all that it needs
        network.fit(
            batches(x, network.scaled(y), settings.batch_size, seed, len(epochs.history)),
            validation_data=(_tables.array(X_val), network.scaled(y_val)),
            validation_batch_size=model.BATCH,
            steps_per_epoch=steps,
            initial_epoch=len(epochs.history),
            epochs=settings.epochs,
            class_weight=weight,
            shuffle=False,  # they are in an order already
            callbacks=[epochs, TqdmCallback(disable=None, verbose=0)],
            verbose=0,
        )
    run.info["best_epoch"] = int(epochs.history[:, 1].argmin()) + 1
    table = pd.DataFrame(epochs.history, columns=["train_loss", "validation_loss"])
    table.index = pd.RangeIndex(1, len(table) + 1, name="epoch")
    table.to_csv(run.folder / "history.csv")
    network.set_weights(epochs.best)
    return network


def batches(x: np.ndarray, target: np.ndarray, size: int, seed: int, done: int) -> tf.data.Dataset:
    """The batches of all epochs after the first `done`, each epoch in an order of its own."""
    with tf.device("cpu"):
        inputs, targets = tf.constant(x), tf.constant(target)

    def order(epoch: tf.Tensor) -> tf.data.Dataset:
        chance = tf.random.stateless_uniform([len(x)], tf.stack([seed, epoch]))
        places = tf.argsort(chance)
        steps = tf.data.Dataset.range(-(-len(x) // size))
        return steps.map(lambda step: places[step * size : (step + 1) * size])

    places = tf.data.Dataset.range(done + 1, 1 << 30).flat_map(order)
    rows = places.map(lambda some: (tf.gather(inputs, some), tf.gather(targets, some)))
    return rows.prefetch(1)


class Epochs(tf.keras.callbacks.Callback):
    """Seeds each epoch by itself; keeps the best weights and all that is needed to go on."""

    def __init__(self, run: _runs.Run, network: model.Network) -> None:
        super().__init__()
        self.run, self.network, self.history, self.best = run, network, np.empty((0, 2)), []
        if run.checkpoint.exists():
            # Without gradients nothing is learned, but then the optimizer has its variables.
            zeros = [(tf.zeros_like(each), each) for each in network.trainable_variables]
            network.optimizer.apply_gradients(zeros)
            with np.load(run.checkpoint, allow_pickle=False) as kept:
                arrays, count = [kept[name] for name in kept.files], len(network.get_weights())
            self.history, self.best = arrays[0], arrays[1 : count + 1]
            network.set_weights(arrays[count + 1 : 2 * count + 1])
            for place, state in enumerate(self.states(), 2 * count + 1):
                state.assign(arrays[place])
            if tf.keras.__version__ < "3":
                run.note("resumed: before Keras 3, dropout goes on otherwise than in a whole run")

    def states(self) -> list[tf.Variable]:
        """What the optimizer remembers."""
        found = self.network.optimizer.variables
        return found() if callable(found) else found  # a method before Keras 3

    def enough(self) -> bool:
        """Whether the last epochs brought nothing better, or all are done."""
        settings, done = self.run.config.model, len(self.history)
        waited = done - self.history[:, 1].argmin() - 1 if done else 0
        return bool(done >= settings.epochs or waited >= settings.patience)

    def on_epoch_begin(self, epoch: int, *_: object) -> None:
        number = number_of(self.run.config.seed, epoch + 1)
        tf.keras.utils.set_random_seed(number)
        for layer in self.network.layers:
            if hasattr(layer, "seed_generator"):
                layer.seed_generator.state.assign([number, 0])

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        losses = np.array([logs["loss"], logs["val_loss"]], "float64")
        if not np.isfinite(losses).all():
            remedy = "Train anew with a lower model.learning_rate."
            raise SystemExit(f"In epoch {epoch + 1} the loss is no number any more. {remedy}")
        self.history = np.vstack([self.history, losses])
        weights = self.network.get_weights()
        if self.history[:, 1].argmin() == epoch:
            self.best = weights
        states = [state.numpy() for state in self.states()]
        with _runs.replacing(self.run.checkpoint) as path, path.open("wb") as file:
            np.savez(file, self.history, *self.best, *weights, *states)
        self.model.stop_training = self.enough()


def main(given: Sequence[str] | None = None) -> None:
    with _runs.start(__doc__, given) as run:
        train(run)


if __name__ == "__main__":
    main()
