# Owned by the template: `copier update` merges its changes with yours.
"""Where PyTorch computes, in one process or several, and what chance begins with."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, redirect_stdout
from typing import Any

import numpy as np
import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import BatchSampler, Dataset, DistributedSampler

WORLD = int(os.environ.get("WORLD_SIZE", 1))  # processes that train together: torchrun sets these
RANK = int(os.environ.get("RANK", 0))  # the first one, 0, writes and prints


# `settings` is config.Model; projects from before have it as model.Settings.
def pick(settings: Any) -> torch.device:
    """The device to compute on; sets how many threads the processor takes."""
    if settings.threads:
        torch.set_num_threads(settings.threads)
    best = "mps" if torch.backends.mps.is_available() else "cpu"
    best = "cuda" if torch.cuda.is_available() else best
    try:
        if torch.cuda.is_available():  # of several processes on a machine, each has its own
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", 0)))
        return torch.zeros(1, device=best if settings.device == "auto" else settings.device).device
    except (RuntimeError, AssertionError):
        remedy = "Say model.device=cpu, or auto."
        raise SystemExit(f"PyTorch has no {settings.device!r} here. {remedy}") from None


def precision(settings: Any, device: torch.device) -> torch.dtype:
    """What autocast computes in. NVIDIA's GPUs before Ampere have no bfloat16."""
    if settings.precision != "auto":
        return getattr(torch, settings.precision)
    modern = device.type == "cuda" and torch.cuda.get_device_capability(device) >= (8, 0)
    return torch.bfloat16 if modern else torch.float32


@contextmanager
def together(leading: AbstractContextManager[Any]) -> Iterator[Any]:
    """What the first process has entered, in all of them; the others print nothing."""
    if WORLD > 1:
        distributed.init_process_group()
    with leading if RANK == 0 else redirect_stdout(None) as value:
        yield shared(value)


def shared(value: Any) -> Any:
    """What the first process has, in all of them."""
    box = [value]
    if WORLD > 1:
        distributed.broadcast_object_list(box)
    return box[0]


def averaged(values: torch.Tensor) -> list[float]:
    """The mean over all processes."""
    if WORLD > 1:
        distributed.all_reduce(values)
    return (values / WORLD).tolist()


def parallel(network: nn.Module) -> nn.Module:
    """The same network, whose gradients are the mean over all processes."""
    return DistributedDataParallel(network) if WORLD > 1 else network


class Batches(BatchSampler):
    """The places of the rows of each batch, of which every process has an equal share."""

    sampler: DistributedSampler

    def __init__(self, rows: Dataset, size: int) -> None:
        if size % WORLD:
            remedy = f"Say model.batch_size={WORLD * (size // WORLD + 1)}."
            raise SystemExit(f"{WORLD} processes cannot share model.batch_size equally. {remedy}")
        super().__init__(DistributedSampler(rows, WORLD, RANK), size // WORLD, drop_last=False)

    def shuffle(self, number: int) -> None:
        """An order that follows from the number alone."""
        self.sampler.set_epoch(number)


def seed_everything(seed: int, epoch: int) -> int:
    """Chance begins anew in each epoch, so that a resumed run ends as the whole one."""
    number = int(np.random.SeedSequence([seed, epoch]).generate_state(1)[0])
    random.seed(number)
    np.random.seed(number)
    torch.manual_seed(number + RANK)  # each process drops out other neurons
    return number
