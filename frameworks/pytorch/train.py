"""Trains a neural network with PyTorch and keeps it, with all that is known of it, in runs/.

    poe train                                       # configs/train.toml
    poe train seed=1 model.learning_rate=0.001      # any key in place of the file's
    poe train --config configs/other.toml           # or runs/ID/config.toml
    poe train --resume                              # goes on where a run was stopped
    torchrun --nproc-per-node=2 -m PACKAGE.train    # on two GPUs; PACKAGE is this folder's name

On the digits: validation accuracy 0.98 after 8 seconds. The last line names the run's folder.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from contextlib import redirect_stdout
from math import inf, isfinite

import numpy as np
import pandas as pd
import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import BatchSampler, DataLoader, DistributedSampler, TensorDataset
from tqdm import tqdm

from . import _runs, data, model
from ._device import RANK, WORLD, pick, precision, seed_everything, shared


def train(run: _runs.Run) -> None:
    """The whole training, from the table to the report."""
    schema, parts = data.load(run.config, ("train", "validation"))
    if RANK == 0:
        run.keep_schema(schema)
    path = run.folder / model.FILE
    if not shared(path.exists()):  # else what was stopped was the report
        weights = learn(run, schema, *parts["train"], *parts["validation"])
        if RANK == 0:
            with _runs.replacing(path) as temporary:  # before anything is measured: it is kept
                torch.save(weights, temporary)
    if RANK == 0:
        network = model.load(path, run.config, schema)
        run.report({name: (y, model.predict(network, X)) for name, (X, y) in parts.items()}, schema)


def learn(run, schema, X, y, X_val, y_val) -> dict[str, torch.Tensor]:
    """The weights after the epoch with the least validation loss."""
    settings, seed = run.config.model, run.config.seed
    if settings.batch_size % WORLD:
        remedy = f"Say model.batch_size={WORLD * (settings.batch_size // WORLD + 1)}."
        raise SystemExit(f"{WORLD} processes cannot share model.batch_size equally. {remedy}")
    device = pick(settings)
    dtype = precision(settings, device)
    run.info["device"] = str(device)
    seed_everything(seed, epoch=0)
    network = model.Network(schema, settings)
    x, x_val = model.tensor(X), model.tensor(X_val)
    network.adapt(x, y)
    rows = TensorDataset(x, network.scaled(y))
    sampler = DistributedSampler(rows, WORLD, RANK)
    batches = BatchSampler(sampler, settings.batch_size // WORLD, drop_last=False)
    loader = DataLoader(rows, sampler=batches, batch_size=None)  # cuts out a batch at once
    target_val = network.scaled(y_val).to(device)

    network.to(device)
    weight = None
    if schema.classes and settings.class_weight == "balanced":
        weight = torch.from_numpy(1 / np.bincount(y).clip(1)).float()
    criterion = (nn.CrossEntropyLoss(weight) if schema.classes else nn.MSELoss()).to(device)
    optimizer = torch.optim.AdamW(
        network.parameters(), settings.learning_rate, weight_decay=settings.weight_decay
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, settings.epochs)
    scaler = torch.amp.GradScaler(device.type, enabled=dtype == torch.float16)
    learners = {"network": network, "optimizer": optimizer, "schedule": schedule, "scaler": scaler}
    history, best, weights = [], {"epoch": 0, "validation_loss": inf}, {}
    there = RANK == 0 and run.checkpoint.exists()
    kept = torch.load(run.checkpoint, map_location="cpu", weights_only=True) if there else None
    if kept := shared(kept):
        for name, learner in learners.items():
            learner.load_state_dict(kept[name])
        history, best, weights = kept["history"], kept["best"], kept["weights"]
    parallel = DistributedDataParallel(network) if WORLD > 1 else network  # averages the gradients

    for epoch in tqdm(range(len(history) + 1, settings.epochs + 1), disable=RANK > 0 or None):
        if epoch > best["epoch"] + settings.patience:
            break
        sampler.set_epoch(seed_everything(seed, epoch))
        network.train()
        total = torch.zeros((), device=device)
        for batch in loader:
            inputs, target = (each.to(device) for each in batch)  # (batch, columns), (batch,)
            with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
                loss = criterion(parallel(inputs), target)
            optimizer.zero_grad()
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            total += loss.detach() * len(target)
        schedule.step()

        of_validation = criterion(model.infer(network, x_val), target_val)
        losses = torch.stack([total / len(sampler), of_validation])
        if WORLD > 1:
            distributed.all_reduce(losses)  # so that all stop after the same epoch
        loss_train, loss_val = (losses / WORLD).tolist()
        if not isfinite(loss_val):
            remedy = "Train anew with a lower model.learning_rate."
            raise SystemExit(f"In epoch {epoch} the loss is no number any more. {remedy}")
        history.append({"epoch": epoch, "train_loss": loss_train, "validation_loss": loss_val})
        if loss_val < best["validation_loss"]:
            best, weights = history[-1], copy.deepcopy(network.state_dict())
        state = {name: learner.state_dict() for name, learner in learners.items()}
        if RANK == 0:
            with _runs.replacing(run.checkpoint) as path:
                torch.save({**state, "history": history, "best": best, "weights": weights}, path)

    run.info["best_epoch"] = best["epoch"]
    if RANK == 0:
        pd.DataFrame(history).to_csv(run.folder / "history.csv", index=False)
    return weights


def main(given: Sequence[str] | None = None) -> None:
    if WORLD > 1:
        distributed.init_process_group()
    with _runs.start(__doc__, given) if RANK == 0 else redirect_stdout(None) as run:
        train(shared(run))


if __name__ == "__main__":
    main()
