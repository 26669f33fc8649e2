# Owned by the template.
"""What is in the folders of runs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RUNS = Path("runs")


class CouldNot(Exception):
    """What happened, and what mends it."""


@dataclass(frozen=True)
class Record:
    """A finished run."""

    folder: Path
    info: dict[str, Any]
    """run.json"""
    figures: dict[str, dict[str, float]]
    """Of train, validation, baseline, and test after `poe evaluate`."""

    @property
    def settings(self) -> dict[str, Any]:
        """By dotted keys, as on the command line."""
        flat = {}
        for key, value in self.info.get("config", {}).items():
            inner = value if isinstance(value, dict) else None
            flat.update({f"{key}.{k}": v for k, v in inner.items()} if inner else {key: value})
        return flat

    @property
    def seconds(self) -> float:
        """Of all its parts."""
        return sum(part.get("seconds", 0.0) for part in self.info.get("parts", ()))


def read(folder: Path) -> Record:
    """Raises CouldNot for a folder that is no finished run."""
    try:
        info = _json(folder / "run.json")
        figures = dict(_json(folder / "metrics.json"))
        test = folder / "test.json"
        if test.is_file():
            figures["test"] = _json(test)["test"]
        return Record(folder, info, figures)
    except (OSError, ValueError, KeyError) as error:
        raise CouldNot(f"{folder} is no finished run ({error}). Name another one.") from None


def find(name: str) -> Record:
    """A run by its name or folder."""
    for folder in (RUNS / name, Path(name)):
        if (folder / "run.json").is_file():
            return read(folder)
    known = ", ".join(folder.name for folder in finished()[-3:])
    raise CouldNot(f"There is no run {name!r}. The newest: {known or 'none yet (poe train)'}.")


def finished() -> list[Path]:
    """The folders of runs that have figures, the newest last."""
    return [path.parent for path in sorted(RUNS.glob("[0-9]*-seed*/metrics.json"))]


def figure(value: float) -> str:
    """Four digits, but whole numbers in full."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
