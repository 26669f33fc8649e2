"""The settings: a TOML file, then KEY=VALUE from the command line, read into typed values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ._settings import dump, read
from .model import Settings

__all__ = ["Config", "Data", "dump", "load"]


@dataclass(frozen=True)
class Data:
    """The [data] table."""

    file: str
    target: str
    drop: tuple[str, ...] = ()
    split: Literal["random", "group", "time"] = "random"
    split_by: str = ""
    split_seed: int = 0
    validation: float = 0.2
    test: float = 0.2

    def __post_init__(self) -> None:
        if min(self.validation, self.test) <= 0 or self.validation + self.test >= 1:
            raise ValueError("data.validation and data.test must be above 0, and below 1 together")
        if (self.split == "random") == bool(self.split_by):
            raise ValueError("data.split_by names the column for split = group or time, else none")
        if self.split_seed < 0:
            raise ValueError("data.split_seed must not be below 0")


@dataclass(frozen=True)
class Config:
    """All that decides a run but the data's content; [model] is declared in model.py."""

    task: Literal["auto", "classification", "regression"]
    seed: int
    data: Data
    model: Settings

    def __post_init__(self) -> None:
        if self.seed not in range(2**31):
            raise ValueError("seed must be from 0 to 2147483647")


def load(path: Path, changes: Sequence[str] = ()) -> Config:
    """The settings of a file, with KEY=VALUE put over them. Raises ValueError, in words."""
    return read(Config, path, changes)
