"""The devices that JAX can compute on here."""

from __future__ import annotations

import re
from importlib.metadata import distributions

import jax
import jax.numpy as jnp
import numpy as np

LIBRARY = "jax"


def build() -> str:
    """What the library was built for: a GPU's plugin is a distribution of its own."""
    found = re.findall(r"jax-(cuda|rocm)(\d+)-plugin", " ".join(_distributions()))
    return ", ".join(f"{kind.upper()} {number}" for kind, number in found) or "CPU"


def names() -> list[str]:
    """All devices, the most capable last."""
    others = [str(device) for device in jax.devices() if device.platform != "cpu"]
    return ["cpu", *reversed(others)]


def check(name: str) -> None:
    """Computes something small on a device; raises whatever goes wrong."""
    devices = [*jax.devices("cpu"), *jax.devices()]
    device = next(each for each in devices if name in (str(each), each.platform))
    matrix = jax.device_put(jnp.ones((256, 256)), device)
    np.testing.assert_array_equal(np.asarray(matrix @ matrix), np.full((256, 256), 256.0))


def _distributions() -> set[str]:
    return {str(each.metadata["Name"]).replace("_", "-").lower() for each in distributions()}
