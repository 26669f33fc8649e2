"""The devices that PyTorch can compute on here."""

from __future__ import annotations

import numpy as np
import torch

from .errors import UserError

LIBRARY = "torch"


def pick(name: str) -> torch.device:
    """The device of that name; for "auto" a GPU (CUDA, else Apple's), else the processor.

    Raises UserError where there is no such device.
    """
    if name == "auto":
        return torch.device(names()[-1])
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError):
        happened = f"PyTorch has no device {name!r} here."
        remedy = f"Write one of {', '.join(['auto', *names()])} as device in [model]."
        raise UserError(happened, remedy, 2) from None
    return device


def build() -> str:
    """What the library was built for."""
    if torch.version.cuda:
        return f"CUDA {torch.version.cuda}"
    hip = getattr(torch.version, "hip", None)
    return f"ROCm {hip}" if hip else "CPU"


def names() -> list[str]:
    """All devices, the most capable last."""
    found = ["cpu"]
    if torch.backends.mps.is_available():
        found.append("mps")
    if torch.cuda.is_available():
        found += [f"cuda:{number}" for number in reversed(range(torch.cuda.device_count()))]
    return found


def check(name: str) -> None:
    """Computes something small on a device; raises whatever goes wrong."""
    matrix = torch.ones(256, 256, device=name)
    np.testing.assert_array_equal((matrix @ matrix).cpu().numpy(), np.full((256, 256), 256.0))
