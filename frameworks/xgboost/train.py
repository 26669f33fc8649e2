"""Trains boosted trees with XGBoost and keeps them, with all that is known of them, in runs/.

    poe train                                            # configs/train.toml
    poe train seed=1 model.learning_rate=0.05            # any key in place of the file's
    poe train --config configs/other.toml                # or runs/ID/config.toml
    poe train --resume                                   # goes on with the newest stopped run

On the digits: validation accuracy 0.98 after 3 s. The last line printed names the run's folder.
Settings are in configs/train.toml, data and split in data.py, figures in metrics.py and plots.py;
what is learned, with objective, weights and device, is in model.py.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pandas as pd
import xgboost as xgb
from tqdm import tqdm

from . import _runs, data, model


def train(run: _runs.Run) -> None:
    """The whole training, from the table to the report."""
    config, path = run.config, run.folder / model.FILE
    schema, parts = data.load(config, ("train", "validation"))
    run.keep_schema(schema)

    if not path.exists():  # else only the report is missing
        train_set = model.matrix(*parts["train"], config.model)
        validation_set = model.matrix(*parts["validation"], config.model, ref=train_set)
        parameters = model.parameters(config, schema)
        rounds = Rounds(run, parameters)
        with rounds.progress:
            booster = xgb.train(
                {**parameters, "seed": config.seed + len(rounds.history)},
                train_set,
                num_boost_round=config.model.rounds - len(rounds.history),
                evals=[(train_set, "train"), (validation_set, "validation")],
                callbacks=[rounds],
                xgb_model=rounds.kept,
                verbose_eval=False,
            )
        pd.DataFrame(rounds.history).to_csv(run.folder / "history.csv", index=False)
        run.info.update(best_round=rounds.best(), device=parameters["device"])
        with _runs.replacing(path) as temporary:  # before the report: an error there loses nothing
            model.save(booster[: rounds.best()], temporary)

    booster = model.load(path, config, schema)
    run.report(lambda X: model.predict(booster, X), parts, schema)


class Rounds(xgb.callback.TrainingCallback):
    """Notes the losses of each round, keeps the booster at times, and stops at patience's end.

    xgb.callback.EarlyStopping would begin to count anew when a stopped run goes on.
    """

    def __init__(self, run: _runs.Run, parameters: dict[str, Any]) -> None:
        self.run, self.parameters, self.settings = run, parameters, run.config.model
        self.kept: bytearray | None = None
        self.history: list[dict[str, float]] = []
        if run.checkpoint.exists():
            self.kept = bytearray(run.checkpoint.read_bytes())
            self.history = json.loads(xgb.Booster(model_file=self.kept).attr("history"))
        self.progress = tqdm(total=self.settings.rounds, initial=len(self.history), disable=None)

    def after_iteration(self, booster: xgb.Booster, epoch: int, evals_log: dict[str, Any]) -> bool:
        # Of several metrics the first counts.
        losses = {f"{name}_loss": next(iter(log.values()))[-1] for name, log in evals_log.items()}
        self.history.append({"round": len(self.history) + 1, **losses})
        self.progress.update()
        if len(self.history) - self.best() >= self.settings.patience:
            return True
        if len(self.history) % max(1, self.settings.rounds // 10) == 0:
            booster.set_attr(history=json.dumps(self.history))
            content = booster.save_raw("ubj")
            with _runs.replacing(self.run.checkpoint) as path:
                path.write_bytes(content)
            if any("sample" in name and share != 1 for name, share in self.parameters.items()):
                # A checkpoint has no state of the random numbers. They begin anew here, so that a
                # resumed run draws the same rows and columns as one that was never stopped.
                booster.load_model(content)
                seed = self.run.config.seed + len(self.history)
                booster.set_param({**self.parameters, "seed": seed})
        return False

    def best(self) -> int:
        return int(min(self.history, key=lambda row: row["validation_loss"])["round"])


def main(given: Sequence[str] | None = None) -> None:
    with _runs.start(__doc__, given) as run:
        train(run)


if __name__ == "__main__":
    main()
