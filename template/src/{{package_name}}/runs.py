"""The run folder: what a training keeps there, how a stopped one goes on, how one is found."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import IO, Any

from . import config, data, metrics, model, plots

RUNS = Path("runs")


@dataclass
class Run:
    """A training under way. `info` becomes run.json."""

    folder: Path
    config: config.Config
    info: dict[str, Any]

    @property
    def checkpoint(self) -> Path:
        """The file with all that is needed to go on, if there is one."""
        return self.folder / "checkpoint"

    def note(self, text: str) -> None:
        """Says something that a reader of the figures has to know, and keeps it."""
        print(f"note: {text}")
        self.info["notes"].append(text)

    def keep_schema(self, schema: data.Schema) -> None:
        """Keeps what the columns mean, and which data it is."""
        same_data(self.info, self.config, schema)
        write_json(self.folder / "schema.json", asdict(schema))

    def report(self, predictions: dict[str, Any], schema: data.Schema) -> None:
        """Figures and pictures out of (y, what is predicted) of train and validation."""
        (y_train, _), (y, predicted) = predictions["train"], predictions["validation"]
        simple = metrics.baseline(y_train, len(y), schema.classes)
        pairs = {**predictions, "baseline": (y, simple)}
        figures = {name: metrics.measure(*pair, schema.classes) for name, pair in pairs.items()}
        write_json(self.folder / "metrics.json", figures)
        print(metrics.table(figures))
        plots.draw(self.folder, y, predicted, schema.classes)


@contextmanager
def start(doc: str, given: Sequence[str] | None = None) -> Iterator[Run]:
    """A new run or a stopped one. Whatever happens inside, what was learned stays."""
    parser = arguments(doc)
    parser.add_argument("--config", type=Path, metavar="FILE", default=Path("configs/train.toml"))
    parser.add_argument("--resume", action="store_true", help="go on with the newest stopped run")
    parser.add_argument("--name", help="begin a run of this name, or go on with it")
    asked = parser.parse_intermixed_args(given)
    if asked.resume and asked.changes:
        parser.error("a stopped run keeps its settings: not KEY=VALUE and --resume together")
    if asked.name and not asked.name.replace("-", "").isalnum():
        parser.error("a name has letters, digits and hyphens")
    found = _stopped(asked.name) if asked.resume or asked.name else None
    if asked.resume and not found:
        raise SystemExit("There is no stopped run to go on with. Start one: poe train")
    run, lock = found or _new(settings(asked.config, asked.changes), asked.name)
    if found and not asked.resume and run.config != settings(asked.config, asked.changes):
        run.note("the settings given now are others; a stopped run keeps its own")
    state, began, clock = "failed", _now(), time.perf_counter()
    origin = tool("provenance", run.folder, len(run.info["parts"]) + 1)
    run.info.update({key: value for key, value in origin.items() if key not in run.info})
    part = {"started": began, "command": ["train", *(sys.argv[1:] if given is None else given)]}
    run.info["parts"].append(
        {**part, **{k: origin[k] for k in ("git", "environment") if k in origin}}
    )
    write_json(run.folder / "run.json", run.info)
    try:
        yield run
        state = "finished"
    except KeyboardInterrupt:
        state = "stopped"
        raise SystemExit(130) from None
    finally:
        seconds = round(time.perf_counter() - clock, 2)
        run.info["parts"][-1].update(finished=_now(), seconds=seconds)
        write_json(run.folder / "run.json", {**run.info, "state": state})
        lock.close()
        if state == "finished":
            for path in (run.checkpoint, run.folder / "lock"):
                path.unlink(missing_ok=True)
            tool("report", run.folder)
            print(f"run   {run.folder} ({seconds:.1f} s)")
        elif asked.resume or run.checkpoint.exists() or (run.folder / model.FILE).exists():
            print(f"{run.folder} is kept. Go on: poe train --resume", file=sys.stderr)
        else:
            shutil.rmtree(run.folder)  # nothing was learned yet


def load(name: str | None = None, changes: Sequence[str] = ()) -> tuple[Path, Any, Any, Any]:
    """A run's folder, settings (with `changes` put over them), schema and fitted model."""
    folder = find(name)
    wanted = settings(folder / "config.toml", changes)
    schema = data.Schema(**json.loads((folder / "schema.json").read_text(encoding="utf-8")))
    try:
        return folder, wanted, schema, model.load(folder / model.FILE, wanted, schema)
    except Exception as error:  # a damaged file may raise anything
        advice = "Name another run, or train anew."
        raise SystemExit(f"{folder / model.FILE} cannot be read ({error}). {advice}") from error


def find(name: str | None = None) -> Path:
    """The folder of a run, by its name or path; None for the newest one with figures."""
    done = [path.parent for path in sorted(RUNS.glob("[0-9]*-seed*/metrics.json"))]
    if name is None:
        if not done:
            raise SystemExit("There is no finished run yet. Make one: poe train")
        return done[-1]
    for folder in (RUNS / name, Path(name)):
        if (folder / "metrics.json").is_file():
            return folder
    newest = ", ".join(folder.name for folder in done[-3:])
    raise SystemExit(f"There is no finished run {name!r}. The newest: {newest or 'none'}.")


def same_data(info: dict[str, Any], wanted: config.Config, schema: data.Schema) -> None:
    """Notes in `info` which data it is; where it is noted, other data is refused."""
    digest, path = hashlib.sha256(), Path(wanted.data.file).expanduser()
    with path.open("rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    found = {"file": str(path), "sha256": digest.hexdigest(), "rows": schema.rows}
    if info.setdefault("data", found)["sha256"] != found["sha256"]:
        raise SystemExit(f"{path} is not the data of {info['id']}. Bring that back, or train anew.")


def settings(path: Path, changes: Sequence[str]) -> config.Config:
    try:
        return config.load(path, changes)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None


def arguments(doc: str, *first: str, **how: Any) -> argparse.ArgumentParser:
    """What the commands have in common."""
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=doc, formatter_class=form)
    if first:
        parser.add_argument(*first, **how)
    parser.add_argument("changes", metavar="KEY=VALUE", nargs="*", help="in place of a setting")
    return parser


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file beside `path` to write, which takes its place when it is whole."""
    temporary = path.with_name(f"new-{path.name}")  # PyTorch refuses ".name"
    yield temporary
    temporary.replace(path)


def write_json(path: Path, content: dict[str, Any]) -> None:
    text = json.dumps(content, indent=2, ensure_ascii=False)
    with replacing(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def _new(wanted: config.Config, name: str | None) -> tuple[Run, IO[str]]:
    if name and any(RUNS.glob(f"*_{name}/run.json")):
        happened = f"The run {name} is finished, or another process trains it."
        raise SystemExit(f"{happened} Give another --name.")
    begun, end = time.strftime("%Y%m%d-%H%M%S", time.gmtime()), f"_{name}" if name else ""
    for number in count(1):
        folder = RUNS / f"{begun}-seed{wanted.seed}{f'-{number}' if number > 1 else ''}{end}"
        try:
            folder.mkdir(parents=True)
            break
        except FileExistsError:
            continue
    (folder / "config.toml").write_text(config.dump(wanted), encoding="utf-8")
    info = {"id": folder.name, "state": "running", "seed": wanted.seed, "config": asdict(wanted)}
    return Run(folder, wanted, {**info, "notes": [], "parts": []}), _lock(folder)


def _stopped(name: str | None) -> tuple[Run, IO[str]] | None:
    for path in sorted(RUNS.glob(f"*_{name}/run.json" if name else "*/run.json"), reverse=True):
        info = json.loads(path.read_text(encoding="utf-8"))
        if info.get("state") in ("running", "stopped", "failed") and (lock := _lock(path.parent)):
            return Run(path.parent, settings(path.parent / "config.toml", ()), info), lock
    return None


def _lock(folder: Path) -> IO[str] | None:
    """An open file, locked until this process ends; None while another one holds it."""
    stream = (folder / "lock").open("w", encoding="utf-8")
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return None
    return stream


def tool(*words: Any) -> dict[str, Any]:
    """What one of the template's tools says; nothing where a person has removed them."""
    if not Path("tools/runs").is_dir():
        return {}
    command = [sys.executable, "tools/runs", *map(str, words)]
    # Standard error is the person's: what a tool cannot do is not kept from them.
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    return json.loads(done.stdout) if done.returncode == 0 and done.stdout else {}


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
