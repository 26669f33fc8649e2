# Owned by the template: `copier update` merges its changes with yours.
"""Where JAX computes, what chance begins with, and how arrays are kept."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import jax
import numpy as np


# `settings` is config.Model; projects from before have it as model.Settings.
def pick(settings: Any) -> str:
    """Chooses the device to compute on, and how many threads the processor takes."""
    # Else XLA tries out kernels: the start takes minutes, and the same seed gives other figures.
    exact = "--xla_gpu_deterministic_ops=true"
    os.environ["XLA_FLAGS"] = f"{exact} {os.environ.get('XLA_FLAGS', '')}"  # the person's count
    if settings.threads:
        os.environ["NPROC"] = str(settings.threads)  # read by XLA when it starts
    kind, _, number = settings.device.partition(":")
    try:
        devices = jax.devices(None if kind == "auto" else kind)
        jax.config.update("jax_default_device", devices[int(number or 0)])
    except (RuntimeError, IndexError, ValueError):
        remedy = "Say model.device=cpu, or auto."
        raise SystemExit(f"JAX has no {settings.device!r} here. {remedy}") from None
    return str(devices[int(number or 0)])


def key_of(seed: int, epoch: int) -> jax.Array:
    """Chance begins anew in each epoch, so that a resumed run ends as the whole one."""
    return jax.random.fold_in(jax.random.key(seed), epoch)


def write(tree: Any, path: Path) -> None:
    """The arrays of a tree in NumPy's format, without pickles: reading them runs no code."""
    with path.open("wb") as file:
        np.savez(file, *jax.tree_util.tree_leaves(tree))


def read(path: Path, like: Any) -> Any:
    """What was written of a tree of the same form."""
    with np.load(path, allow_pickle=False) as kept:
        leaves = [kept[name] for name in kept.files]
    return jax.tree_util.tree_unflatten(jax.tree_util.tree_structure(like), leaves)
