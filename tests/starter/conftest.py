"""Runs inside a rendered project's environment: tests/project/test_starter.py starts it there."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace

import pytest

PACKAGE = os.environ.get("STARTER")
collect_ignore_glob = [] if PACKAGE else ["check_*.py"]
SHORT = {"epochs": 3, "rounds": 10, "patience": 3, "threads": 1}
MODULES = (
    "_runs",
    "_tables",
    "config",
    "data",
    "evaluate",
    "metrics",
    "model",
    "plots",
    "predict",
    "train",
)


@pytest.fixture
def starter() -> SimpleNamespace:
    """The modules of the project's package."""
    return SimpleNamespace(
        **{name: importlib.import_module(f"{PACKAGE}.{name}") for name in MODULES}
    )


@pytest.fixture
def train(
    starter: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Path]:
    """Trains shortly in an empty folder, with the project's own settings; the run's folder."""
    settings = (Path(os.environ["PROJECT"]) / "configs/train.toml").read_text(encoding="utf-8")
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs/train.toml").write_text(settings, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    known = {field.name for field in fields(starter.config.Model)}
    short = [f"model.{name}={value}" for name, value in SHORT.items() if name in known]

    def run(*changes: str) -> Path:
        starter.train.main([*short, *changes])
        return max(Path("runs").iterdir(), key=lambda folder: folder.stat().st_mtime_ns)

    return run
