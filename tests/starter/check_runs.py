"""How runs go on, and what is said where one cannot."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

Train = Callable[..., Path]


def info(run: Path) -> Any:
    return json.loads((run / "run.json").read_text(encoding="utf-8"))


def test_a_run_that_has_a_name_goes_on_by_it_and_no_other_does(train: Train) -> None:
    named = train("--name", "mine")
    stopped = json.dumps({**info(named), "state": "running"})
    (named / "run.json").write_text(stopped, encoding="utf-8")
    train("--name", "other")
    train("--name", "mine")
    assert len(list(Path("runs").iterdir())) == 2
    assert len(info(named)["parts"]) == 2
    with pytest.raises(SystemExit, match="is finished"):
        train("--name", "mine")


@pytest.mark.usefixtures("train")  # in an empty folder
def test_without_a_stopped_run_there_is_nothing_to_go_on_with(starter: SimpleNamespace) -> None:
    with pytest.raises(SystemExit, match="no stopped run"):
        starter.train.main(["--resume"])


def test_a_stopped_run_takes_no_other_settings(
    train: Train, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        train("--resume", "seed=1")
    assert "not KEY=VALUE and --resume together" in capsys.readouterr().err


def test_a_file_without_a_column_that_was_learned_is_refused(
    starter: SimpleNamespace, train: Train
) -> None:
    train()
    pd.DataFrame({"another": [1, 2]}).to_csv("rows.csv", index=False)
    with pytest.raises(SystemExit, match=r"has no column .* The run needs it"):
        starter.predict.main(["rows.csv"])
    assert not Path("predictions.csv").exists()
