# Owned by the template: `copier update` merges its changes with yours.
"""The epochs of a training: their batches, when they end, what is kept, how a stopped run goes on."""

from __future__ import annotations

import numpy as np
import pandas as pd

from . import _runs
from ._device import number_of, tf


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
    """Seeds each epoch by itself, keeps the best weights and all to go on with, and stops in time.

    EarlyStopping of Keras would count anew where a stopped run goes on.
    """

    def __init__(self, run: _runs.Run, network: tf.keras.Model) -> None:
        """The network, which is compiled, takes what a stopped run has kept."""
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

    def finish(self) -> list[np.ndarray]:
        """The weights after the best epoch; the losses of all are written into the run's folder."""
        self.run.info["best_epoch"] = int(self.history[:, 1].argmin()) + 1
        table = pd.DataFrame(self.history, columns=["train_loss", "validation_loss"])
        table.index = pd.RangeIndex(1, len(table) + 1, name="epoch")
        table.to_csv(self.run.folder / "history.csv")
        return self.best
