"""`poe train`: learns from the data and leaves a run folder with the model and all about it."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import UserError, guarded
from .files import find_root, shown

if TYPE_CHECKING:
    from .config import Config
    from .data import Data
    from .learning import Epoch, Learner
    from .unfinished import Unfinished


def main(arguments: Sequence[str] | None = None, root: Path | None = None) -> int:
    """The command: returns its exit code. `root` is the project's root (found when None)."""
    parser = argparse.ArgumentParser("train", description="Train a model and keep it in runs/.")
    parser.add_argument("--config", type=Path, metavar="FILE", help="default: configs/train.toml")
    parser.add_argument("--seed", type=int, metavar="N", help="in place of the configuration's")
    parser.add_argument(
        "--resume", action="store_true", help="go on with the newest run that was stopped"
    )
    asked = parser.parse_args(arguments)
    if not asked.resume:
        return guarded(lambda: train(root or find_root(), asked.config, asked.seed))
    if asked.config is not None or asked.seed is not None:
        parser.error("--resume takes configuration and seed from the stopped run")
    return guarded(lambda: resume(root or find_root()))


# Imports stand in the functions here, as in the other commands: then --help is instant, and Ctrl-C
# is caught from the first moment on.


def train(root: Path, config_file: Path | None = None, seed: int | None = None) -> Path:
    """Trains as the configuration says and returns the folder of the finished run.

    Raises UserError when the configuration or the data cannot be used.
    """
    from . import config, data, provenance, unfinished

    settings = config.load(config_file or root / config.DEFAULT, seed)
    for folder in unfinished.stopped(root)[-1:]:
        print(f"note: {shown(folder, root)} was stopped: go on with `poe train --resume`, or")
        print("      delete that folder")
    origin = provenance.collect(root)
    found = data.load(root, settings.data, settings.seed)
    asked = {
        "config": asdict(settings),
        "data": {"file": found.file, "sha256": found.sha256},
        "environment": origin["environment"],
    }
    with unfinished.begin(root, asked) as run:
        return _learn(root, run, settings, found, origin)


def resume(root: Path) -> Path:
    """Goes on with the newest run that was stopped, as it was asked for then.

    Raises UserError when there is none, or when its configuration or data cannot be used.
    """
    from . import config, data, provenance, runs, unfinished

    with unfinished.resume(root) as run:
        try:
            settings = config.parse(run.asked.get("config"), "config")
            recorded = run.asked["data"]["sha256"]
            fingerprint = run.asked["environment"]["fingerprint"]
        except (UserError, KeyError, TypeError) as error:
            raise runs.damaged(run.folder / unfinished.ASKED, root, error) from None
        origin = provenance.collect(root)
        found = data.load(root, settings.data, settings.seed)
        if found.sha256 != recorded:
            happened = f"{found.file} is not the data that {shown(run.folder, root)} began with."
            raise UserError(happened, "Bring that file back, or start anew with `poe train`.")
        print(f"run   {shown(run.folder, root)} goes on")
        if fingerprint != origin["environment"]["fingerprint"]:
            print("note: the environment is not the one that it began in; figures may differ")
        return _learn(root, run, settings, found, origin)


def _learn(
    root: Path, run: Unfinished, settings: Config, found: Data, origin: dict[str, Any]
) -> Path:
    """From the first epoch, or from the checkpoint, to the finished run."""
    from . import metrics, runs, unfinished
    from .learning import best_of
    from .model import FILE_NAME, Model
    from .progress import Progress

    started, clock = time.gmtime(), time.perf_counter()
    _mention(origin["environment"])
    _describe(found, settings.seed)
    model = Model(settings.model, settings.seed, found.classes)
    with Progress(settings.model.epochs) as progress:
        history = model.fit(
            found.parts["train"], found.parts["validation"], progress.show, run.checkpoint
        )
    best = best_of(history).number
    print(f"kept  epoch {best} of {len(history)}: the least validation loss\n")
    figures = metrics.of_model(model, found.parts)
    print(metrics.table(figures))
    model.save(run.folder / FILE_NAME)
    runs.write_json(run.folder / runs.METRICS, figures)
    _draw(run.folder, model, found, history, best)
    info: dict[str, Any] = {
        "started": _text(started),
        "finished": _text(time.gmtime()),
        "seconds": round(time.perf_counter() - clock, 2),
        "seed": settings.seed,
        "epochs": len(history),
        "best_epoch": best,
        "resumed_after": model.resumed_after,
        "config": asdict(settings),
        "data": {"file": found.file, "sha256": found.sha256},
        **origin,
    }
    finished = unfinished.finish(run, started, info)
    print(f"\nrun   {shown(finished, root)} ({info['seconds']:.1f} s)")
    for picture in sorted(finished.glob("*.png")):
        print(f"      {shown(picture, root)}")
    return finished


def _mention(environment: dict[str, str | None]) -> None:
    """Says so when the result does not come from the locked environment."""
    from .provenance import NO_ENGINE

    if environment["state"] != "ready" and environment["reason"] != NO_ENGINE:
        reason = environment["reason"] or f"it is {environment['state']}"
        print(f"note: this is not the locked environment ({reason.rstrip('.')})")
        print("      `python tools/env sync` brings it to the lock")


def _describe(found: Data, seed: int) -> None:
    columns = found.parts["train"].features.shape[1]
    sizes = ", ".join(f"{name} {len(part.labels)}" for name, part in found.parts.items())
    print(f"data  {found.file}, sha256 {found.sha256[:12]}...")
    print(f"      {columns} columns, {len(found.classes)} classes")
    print(f"rows  {sizes} (seed {seed})")


def _draw(folder: Path, model: Learner, found: Data, history: list[Epoch], best: int) -> None:
    from . import plots

    test = found.parts["test"]
    guesses = model.predict(test.features)
    plots.learning_curve(history, best, folder / "learning_curve.png")
    plots.confusion_matrix(test.labels, guesses, model.classes, folder / "confusion_matrix.png")


def _text(moment: time.struct_time) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", moment)


if __name__ == "__main__":
    sys.exit(main())
