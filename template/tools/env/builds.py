"""PyTorch's builds for a CPU, for CUDA or for ROCm, which are on an index of their own each.

PyTorch's own index is known to uv by the name of the build. A company's has an address: resolving
finds it in pyproject.toml, and installing takes the packages it is for from there and nowhere else.
https://docs.astral.sh/uv/guides/integration/pytorch/
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from .manifest import folder
from .project import Project
from .requirements import Pin, read


class Part(NamedTuple):
    """Some lines of the lock, and where they come from."""

    requirements: Path
    again: list[str]
    """Those of its packages that must be fetched anew."""

    source: str
    """Address, "" for the ordinary one."""


def parts(project: Project, again: Sequence[str]) -> list[Part]:
    """The lock, cut where its packages come from two indexes. Raises EnvError as `read` does."""
    if not project.torch_index:
        return [Part(project.lock, list(again), "")]
    pins = read(project.lock, project.command("lock"))
    theirs = [pin for pin in pins if pin.name in project.torch_packages]
    others = [pin for pin in pins if pin.name not in project.torch_packages]
    return [
        Part(_written(project, name, some), [pin.name for pin in some if pin.name in again], index)
        for name, some, index in (("torch", theirs, project.torch_index), ("others", others, ""))
        if some
    ]


def _written(project: Project, name: str, pins: list[Pin]) -> Path:
    path = folder(project.env) / f"{name}.txt"
    path.write_text("".join(f"{pin.text}\n" for pin in pins), encoding="utf-8")
    return path
