"""Trains a neural network with Keras and keeps it, with all that is known of it, in runs/.

    poe train                                       # configs/train.toml
    poe train seed=1 model.learning_rate=0.001      # any key in place of the file's
    poe train --config configs/other.toml           # or runs/ID/config.toml
    poe train --resume                              # goes on with the newest stopped run

On the digits: validation accuracy 0.98 after 10 s. The last line printed names the run's folder.
Settings are in configs/train.toml, data and split in data.py, the network in model.py, figures in
metrics.py and plots.py; _epochs.py counts the epochs, ends them early, and keeps the best one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from tqdm.keras import TqdmCallback

from . import _runs, _tables, data, model
from ._device import number_of, pick, tf
from ._epochs import Epochs, batches


def train(run: _runs.Run) -> None:
    """The whole training, from the table to the report."""
    schema, parts = data.load(run.config, ("train", "validation"))
    run.keep_schema(schema)
    path = run.folder / model.FILE
    if not path.exists():  # else only the report is missing
        network = learn(run, schema, *parts["train"], *parts["validation"])
        with _runs.replacing(path) as temporary:  # before the report: an error there loses nothing
            network.save_weights(str(temporary))
    network = model.load(path, run.config, schema)
    run.report(lambda X: model.predict(network, X), parts, schema)


def learn(run: _runs.Run, schema: data.Schema, X, y, X_val, y_val) -> model.Network:
    """The network as it was after the epoch with the least validation loss."""
    settings, seed = run.config.model, run.config.seed
    run.info["device"] = pick(settings)
    tf.keras.utils.set_random_seed(number_of(seed, epoch=0))
    network = model.Network(schema, settings)
    x = _tables.array(X)
    network.adapt(x, y)  # to the columns' mean and standard deviation
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

    epochs = Epochs(run, network)  # with what a checkpoint has; keeps it and the best weights
    if not epochs.enough():  # a resumed run may have all that it needs
        network.fit(
            batches(x, network.scaled(y), settings.batch_size, seed, len(epochs.history)),
            validation_data=(_tables.array(X_val), network.scaled(y_val)),
            validation_batch_size=model.BATCH,
            steps_per_epoch=steps,
            initial_epoch=len(epochs.history),
            epochs=settings.epochs,
            class_weight=weight,  # in the loss of the training, not of the validation
            shuffle=False,  # batches() has shuffled them
            callbacks=[epochs, TqdmCallback(disable=None, verbose=0)],
            verbose=0,
        )
    network.set_weights(epochs.finish())
    return network


def main(given: Sequence[str] | None = None) -> None:
    with _runs.start(__doc__, given) as run:
        train(run)


if __name__ == "__main__":
    main()
