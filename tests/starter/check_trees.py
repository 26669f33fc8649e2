"""What is promised of XGBoost and LightGBM beside what holds for any model."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

ROWS = 400
OWN = ("data.file=own.csv", "data.target=kind")
Train = Callable[..., Path]


def own(**columns: Any) -> pd.DataFrame:
    """Two classes, one rare, that a number, a text and chance tell."""
    random = np.random.default_rng(0)
    size, town = random.normal(size=ROWS), random.choice(["Köln", "東京", ""], ROWS)
    rare = size + (town == "Köln") + random.normal(size=ROWS) > 1.8
    table = pd.DataFrame({"size": size, "town": town, **columns})
    return table.assign(kind=np.where(rare, "ja", "nein ✓"))


def figures(run: Path) -> Any:
    return json.loads((run / "metrics.json").read_text(encoding="utf-8"))


def test_the_figures_do_not_depend_on_the_threads(train: Train) -> None:
    own().to_csv("own.csv", index=False)
    one, three = (train(*OWN, f"model.threads={number}") for number in (1, 3))
    assert figures(one) == figures(three)


@pytest.mark.parametrize("share", [1.0, 0.7])
@pytest.mark.parametrize("target", ["kind", "size"])
def test_a_stopped_run_ends_like_the_whole_one_or_says_why_not(
    target: str,
    share: float,
    starter: SimpleNamespace,
    train: Train,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own().to_csv("own.csv", index=False)
    settings = ["data.file=own.csv", f"data.target={target}", f"model.subsample={share}"]
    whole = train(*settings, "model.rounds=30")
    replacing, count = starter._runs.replacing, iter(range(100))

    @contextmanager
    def stop(path: Path) -> Iterator[Path]:
        with replacing(path) as temporary:
            yield temporary
        if path.name == "checkpoint" and next(count) == 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(starter._runs, "replacing", stop)
        with pytest.raises(SystemExit):
            train(*settings, "model.rounds=30")
    starter.train.main(["--resume"])
    resumed = max(Path("runs").iterdir(), key=lambda folder: folder.stat().st_mtime_ns)
    notes = json.loads((resumed / "run.json").read_text(encoding="utf-8"))["notes"]
    draws_anew = starter.model.FILE == "model.txt" and share < 1
    assert [note.split(":")[0] for note in notes] == (["resumed"] if draws_anew else [])
    if not draws_anew:
        assert figures(resumed) == figures(whole)
        assert (resumed / "history.csv").read_bytes() == (whole / "history.csv").read_bytes()


def test_any_name_of_a_column_will_do(starter: SimpleNamespace, train: Train) -> None:
    names = ["size [m]", "a b", "a_b", 'x: {"y"} <z>', "Größe"]
    own(**{name: np.arange(ROWS) % (at + 3) for at, name in enumerate(names)}).to_csv(
        "own.csv", index=False
    )
    train(*OWN)
    starter.predict.main(["own.csv"])
    assert len(pd.read_csv("predictions.csv")) == ROWS


def test_a_text_that_no_training_row_has_is_as_good_as_missing(
    starter: SimpleNamespace, train: Train
) -> None:
    own(remark="").to_csv("own.csv", index=False)
    train(*OWN)
    _, settings, schema, _ = starter._runs.load()
    rows = starter.data.load(settings, ["test"], schema)[1]["test"][0].index
    table = own(remark="")
    table.loc[rows[:2], "remark"] = "late"
    table.to_csv("own.csv", index=False)
    train(*OWN)
    starter.predict.main(["own.csv"])
    assert len(pd.read_csv("predictions.csv")) == ROWS


def test_balanced_classes_make_the_rare_one_likelier(
    starter: SimpleNamespace, train: Train
) -> None:
    own().to_csv("own.csv", index=False)
    likely = []
    for weight in ("none", "balanced"):
        train(*OWN, f"model.class_weight={weight}")
        starter.predict.main(["own.csv"])
        likely.append(pd.read_csv("predictions.csv")["probability_ja"].mean())
    assert likely[1] > 2 * likely[0]


def test_a_device_that_is_not_here_is_said(train: Train) -> None:
    own().to_csv("own.csv", index=False)
    with pytest.raises(SystemExit, match=r"Say model\.device=cpu"):
        train(*OWN, "model.device=cuda")
    assert not list(Path("runs").iterdir())
