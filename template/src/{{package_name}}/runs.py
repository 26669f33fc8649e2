"""Run folders: made under another name until complete, found again, and read."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from re import compile as pattern
from secrets import token_hex
from shutil import rmtree
from typing import TYPE_CHECKING, Any

from .errors import UserError
from .files import shown

if TYPE_CHECKING:
    from .model import Model

ID = pattern(r"(\d{8}-\d{6})-seed\d+(-\d+)?")
METRICS, INFO = "metrics.json", "run.json"


@dataclass(frozen=True)
class Run:
    """A finished run."""

    folder: Path
    info: dict[str, Any]
    metrics: dict[str, Any]


@contextmanager
def unfinished(root: Path) -> Iterator[Path]:
    """A new folder to fill. Unless `finish` has given it its name, it is gone after the block;
    after a kill it stays, under a name that nothing takes for a run."""
    folder = root / "runs" / f".unfinished-{token_hex(4)}"
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        rmtree(folder, ignore_errors=True)


def finish(folder: Path, started: datetime, seed: int, info: Mapping[str, Any]) -> Path:
    """Writes run.json and gives the folder its id (time, seed, and a number when that is taken).

    Returns the folder's new path.
    """
    base = f"{started:%Y%m%d-%H%M%S}-seed{seed}"
    for number in count(1):
        target = folder.with_name(base if number == 1 else f"{base}-{number}")
        if target.exists():
            continue
        write_json(folder / INFO, {"id": target.name, **info})
        try:
            return folder.rename(target)
        except OSError:
            if not target.exists():  # else another run took the name in this moment
                raise
    raise AssertionError("count() does not end")


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
    return Run(folder, _read(folder / INFO, root), _read(folder / METRICS, root))


def load_model(run: Run, root: Path) -> "Model":
    """The run's model. Raises UserError when its file is missing or damaged."""
    from .model import FILE_NAME, Model  # here: finding a run needs no learning library

    path = run.folder / FILE_NAME
    try:
        return Model.load(path)
    except FileNotFoundError:
        raise damaged(path, root, "the file is missing") from None
    except Exception as error:  # a damaged pickle may raise anything
        raise damaged(path, root, error) from None


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Writes JSON as people read it, the same bytes for the same content."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


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


def _read(path: Path, root: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise damaged(path, root, "the file is missing") from None
    except ValueError as error:
        raise damaged(path, root, error) from None
    if not isinstance(content, dict):
        raise damaged(path, root, "not a JSON object")
    return content
