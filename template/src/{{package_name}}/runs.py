"""Folders of finished runs: found again, and read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from re import compile as pattern
from typing import TYPE_CHECKING, Any

from .errors import UserError
from .files import shown

if TYPE_CHECKING:
    from .learning import Learner

ID = pattern(r"(\d{8}-\d{6})-seed\d+(-\d+)?")
METRICS, INFO = "metrics.json", "run.json"


@dataclass(frozen=True)
class Run:
    """A finished run."""

    folder: Path
    info: dict[str, Any]
    metrics: dict[str, Any]


def find(root: Path, name: str | None) -> Run:
    """The run with that id or path, or the newest finished one for None.

    Raises UserError when there is no such run, or when its files cannot be read.
    """
    if name is None:
        folder = _newest(root / "runs")
    else:
        folder = next((f for f in (root / "runs" / name, Path(name)) if f.is_dir()), None)
        if folder is None or folder.name.startswith(".unfinished-"):
            known = sorted(f.name for f in _finished(root / "runs"))[-3:]
            remedy = f"The newest are {', '.join(known)}." if known else "Run `poe train` first."
            raise UserError(f"There is no run {name!r}.", remedy, 2)
    return Run(folder, read_json(folder / INFO, root), read_json(folder / METRICS, root))


def load_model(run: Run, root: Path) -> Learner:
    """The run's model. Raises UserError when its file is missing or damaged."""
    from .model import FILE_NAME, Model  # here: finding a run needs no learning library

    path = run.folder / FILE_NAME
    try:
        return Model.load(path)
    except FileNotFoundError:
        raise damaged(path, root, "the file is missing") from None
    except Exception as error:  # a damaged file may raise anything
        raise damaged(path, root, error) from None


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Writes JSON as people read it, the same bytes for the same content."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    path.write_bytes(f"{text}\n".encode())


def read_json(path: Path, root: Path) -> dict[str, Any]:
    """An object out of a file of JSON. Raises UserError when it is missing or damaged."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise damaged(path, root, "the file is missing") from None
    except ValueError as error:
        raise damaged(path, root, error) from None
    if not isinstance(content, dict):
        raise damaged(path, root, "not a JSON object")
    return content


def damaged(path: Path, root: Path, why: object) -> UserError:
    """The error for a run's file that cannot be used."""
    happened = f"{shown(path, root)} cannot be read ({why})."
    return UserError(happened, "Name another run, or make a new one with `poe train`.")


def _finished(folder: Path) -> list[Path]:
    return [f for f in folder.glob("*-seed*") if ID.fullmatch(f.name) and f.is_dir()]


def _newest(folder: Path) -> Path:
    """By the time in the id; in the same second, by when the folder was completed."""
    runs = _finished(folder)
    if not runs:
        raise UserError("There is no finished run yet.", "Run `poe train` first.")
    return max(runs, key=lambda run: (run.name[:15], run.stat().st_mtime_ns))
