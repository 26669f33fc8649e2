"""Trains a neural network with PyTorch and keeps it, with all that is known of it, in runs/.

    poe train                                       # configs/train.toml
    poe train seed=1 model.learning_rate=0.001      # any key in place of the file's
    poe train --config configs/other.toml           # or runs/ID/config.toml
    poe train --resume                              # goes on with the newest stopped run
    torchrun --nproc-per-node=2 -m PACKAGE.train    # on two GPUs; PACKAGE is this folder's name

On the digits: validation accuracy 0.98 after 8 s. The last line printed names the run's folder.
Settings are in configs/train.toml, data and split in data.py, the network in model.py, figures in
metrics.py and plots.py; _epochs.py counts the epochs, ends them early, and keeps the best one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR
from torch.utils.data import DataLoader, TensorDataset

from . import _runs, data, model
from ._device import (
    RANK,
    Batches,
    parallel,
    pick,
    precision,
    seed_everything,
    shared,
    together,
)
from ._epochs import Epochs


def train(run: _runs.Run) -> None:
    """The whole training, from the table to the report."""
    schema, parts = data.load(run.config, ("train", "validation"))
    if RANK == 0:
        run.keep_schema(schema)
    path = run.folder / model.FILE
    if not shared(path.exists()):  # else only the report is missing
        weights = learn(run, schema, *parts["train"], *parts["validation"])
        if RANK == 0:
            with _runs.replacing(path) as temporary:  # an error in the report loses nothing
                torch.save(weights, temporary)
    if RANK == 0:
        network = model.load(path, run.config, schema)
        run.report(lambda X: model.predict(network, X), parts, schema)


def learn(run: _runs.Run, schema: data.Schema, X, y, X_val, y_val) -> dict[str, torch.Tensor]:
    """The weights after the epoch with the least validation loss."""
    settings, seed = run.config.model, run.config.seed
    device = pick(settings)
    dtype = precision(settings, device)
    run.info["device"] = str(device)

    seed_everything(seed, epoch=0)
    network = model.Network(schema, settings)
    x, x_val = model.tensor(X), model.tensor(X_val)
    network.adapt(x, y)  # to the columns' mean and standard deviation
    target_val = network.scaled(y_val).to(device)
    rows = TensorDataset(x, network.scaled(y))
    batches = Batches(rows, settings.batch_size)
    loader = DataLoader(rows, sampler=batches, batch_size=None)  # cuts out a batch at once

    network.to(device)
    weight = None
    if schema.classes and settings.class_weight == "balanced":
        weight = torch.from_numpy(1 / np.bincount(y).clip(1)).float()
    criterion = (nn.CrossEntropyLoss(weight) if schema.classes else nn.MSELoss()).to(device)
    optimizer = torch.optim.AdamW(
        network.parameters(), settings.learning_rate, weight_decay=settings.weight_decay
    )
    schedule = CosineAnnealingLR(optimizer, settings.epochs)
    scaler = torch.amp.GradScaler(device.type, enabled=dtype == torch.float16)
    # Puts back what a checkpoint has of them, if there is one.
    epochs = Epochs(run, network, optimizer=optimizer, schedule=schedule, scaler=scaler)
    learner = parallel(network)  # where several processes train, the mean of their gradients counts

    for epoch in epochs:  # a stopped run goes on with its next one; patience may end them early
        batches.shuffle(seed_everything(seed, epoch))
        network.train()
        total = torch.zeros((), device=device)
        for batch in loader:
            inputs, target = (each.to(device) for each in batch)  # (batch, columns), (batch,)
            with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
                loss = criterion(learner(inputs), target)
            optimizer.zero_grad()
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            total += loss.detach() * len(target)
        schedule.step()

        loss_train = total / len(batches.sampler)
        loss_val = criterion(model.infer(network, x_val), target_val)
        epochs.end(loss_train, loss_val)  # keeps a checkpoint and the best weights
    return epochs.finish()  # the best weights


def main(given: Sequence[str] | None = None) -> None:
    with together(_runs.start(__doc__, given)) as run:  # which all processes share
        train(run)


if __name__ == "__main__":
    main()
