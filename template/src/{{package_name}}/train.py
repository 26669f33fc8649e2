"""`poe train`: learns from the data and leaves a run folder with the model and all about it."""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import guarded
from .files import find_root, shown

if TYPE_CHECKING:
    from .data import Data
    from .model import Epoch, Model


def main(arguments: Sequence[str] | None = None, root: Path | None = None) -> int:
    """The command: returns its exit code. `root` is the project's root (found when None)."""
    parser = argparse.ArgumentParser("train", description="Train a model and keep it in runs/.")
    parser.add_argument("--config", type=Path, metavar="FILE", help="default: configs/train.toml")
    parser.add_argument("--seed", type=int, metavar="N", help="in place of the configuration's")
    asked = parser.parse_args(arguments)
    return guarded(lambda: train(root or find_root(), asked.config, asked.seed))


def train(root: Path, config_file: Path | None = None, seed: int | None = None) -> Path:
    """Trains as the configuration says and returns the folder of the finished run.

    Raises UserError when the configuration or the data cannot be used.
    """
    # Imported here, as in the other commands: then --help is instant, and Ctrl-C is caught from
    # the first moment on.
    from . import config, data, metrics, provenance, runs
    from .model import FILE_NAME, Model
    from .progress import Progress

    started, clock = datetime.now(UTC), time.perf_counter()
    settings = config.load(config_file or root / config.DEFAULT, seed)
    origin = provenance.collect(root)
    _mention(origin["environment"])
    found = data.load(root, settings.data, settings.seed)
    _describe(found, settings.seed)

    with runs.unfinished(root) as folder:
        model = Model(settings.model, settings.seed, found.classes)
        with Progress(settings.model.epochs) as progress:
            history = model.fit(found.parts["train"], found.parts["validation"], progress.show)
        best = min(history, key=lambda epoch: epoch.validation_loss).number
        print(f"kept  epoch {best} of {len(history)}: the least validation loss\n")
        figures = metrics.of_model(model, found.parts)
        print(metrics.table(figures))
        model.save(folder / FILE_NAME)
        runs.write_json(folder / runs.METRICS, figures)
        _draw(folder, model, found, history, best)
        info: dict[str, Any] = {
            "started": _text(started),
            "finished": _text(datetime.now(UTC)),
            "seconds": round(time.perf_counter() - clock, 2),
            "seed": settings.seed,
            "epochs": len(history),
            "best_epoch": best,
            "config": asdict(settings),
            "data": {"file": found.file, "sha256": found.sha256},
            **origin,
        }
        finished = runs.finish(folder, started, settings.seed, info)
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


def _describe(found: "Data", seed: int) -> None:
    columns = found.parts["train"].features.shape[1]
    sizes = ", ".join(f"{name} {len(part.labels)}" for name, part in found.parts.items())
    print(f"data  {found.file}, sha256 {found.sha256[:12]}...")
    print(f"      {columns} columns, {len(found.classes)} classes")
    print(f"rows  {sizes} (seed {seed})")


def _draw(folder: Path, model: "Model", found: "Data", history: "list[Epoch]", best: int) -> None:
    from . import plots

    test = found.parts["test"]
    guesses = model.predict(test.features)
    plots.learning_curve(history, best, folder / "learning_curve.png")
    plots.confusion_matrix(test.labels, guesses, model.classes, folder / "confusion_matrix.png")


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


if __name__ == "__main__":
    sys.exit(main())
