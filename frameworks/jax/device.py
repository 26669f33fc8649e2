# Owned by the template: `copier update` merges its changes with yours.
"""Where JAX computes, and what chance begins with."""

from __future__ import annotations

import os
from typing import Any

import jax


# `settings` is config.Model; projects from before have it as model.Settings.
def pick(settings: Any) -> str:
    """Chooses the device to compute on, and how many threads the processor takes."""
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
