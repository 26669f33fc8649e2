"""Trains boosted trees with LightGBM and keeps them, with all that is known of them, in runs/.

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

import lightgbm as lgb
import pandas as pd
from lightgbm.callback import CallbackEnv, EarlyStopException
from tqdm import tqdm

from . import _runs, data, model


def train(run: _runs.Run) -> None:
    """The whole training, from the table to the report."""
    config, settings, path = run.config, run.config.model, run.folder / model.FILE
    schema, parts = data.load(config, ("train", "validation"))
    run.keep_schema(schema)

    if not path.exists():  # else only the report is missing
        train_set = model.dataset(*parts["train"], settings)
        validation_set = model.dataset(*parts["validation"], settings, reference=train_set)
        parameters = model.parameters(config, schema)
        history, kept = resumed(run, parameters)
        every = max(1, settings.rounds // 10)
        progress = tqdm(total=settings.rounds, initial=len(history), disable=None)

        def after_round(env: CallbackEnv) -> None:
            """Notes the losses, keeps the booster at times, and stops at patience's end."""
            losses = {f"{name}_loss": loss for name, _, loss, _ in env.evaluation_result_list}
            history.append({"round": env.iteration + 1, **losses})
            progress.update()
            # lgb.early_stopping would count anew when a stopped run goes on.
            if len(history) - best_of(history) >= settings.patience:
                raise EarlyStopException(best_of(history) - 1, env.evaluation_result_list)
            if len(history) % every == 0 and len(history) < settings.rounds:
                with _runs.replacing(run.checkpoint) as temporary:
                    content = {"history": history, "model": env.model.model_to_string()}
                    temporary.write_text(json.dumps(content), encoding="utf-8")

        with progress:
            booster = lgb.train(
                parameters,
                train_set,
                num_boost_round=settings.rounds - len(history),
                valid_sets=[train_set, validation_set],
                valid_names=["train", "validation"],
                callbacks=[after_round],
                init_model=kept,
            )
        pd.DataFrame(history).to_csv(run.folder / "history.csv", index=False)
        best = booster.best_iteration = best_of(history)
        run.info.update(best_round=best, device=parameters["device_type"])
        with _runs.replacing(path) as temporary:  # before the report: an error there loses nothing
            model.save(booster, temporary)

    booster = model.load(path, config, schema)
    run.report(lambda X: model.predict(booster, X), parts, schema)


def best_of(history: list[dict[str, float]]) -> int:
    """The round with the least validation loss."""
    return int(min(history, key=lambda row: row["validation_loss"])["round"])


def resumed(run: _runs.Run, parameters: dict[str, Any]) -> tuple[list, lgb.Booster | None]:
    """The losses and the booster of the checkpoint, if there is one to go on from."""
    forest = parameters.get("boosting", "gbdt") != "gbdt"  # it is begun anew
    if not run.checkpoint.exists() or forest:
        return [], None
    if any("fraction" in name and share != 1 for name, share in parameters.items()):
        run.note("resumed: LightGBM has drawn other rows or columns than without the stop")
    content = json.loads(run.checkpoint.read_text(encoding="utf-8"))
    return content["history"], lgb.Booster(model_str=content["model"])


def main(given: Sequence[str] | None = None) -> None:
    with _runs.start(__doc__, given) as run:
        train(run)


if __name__ == "__main__":
    main()
