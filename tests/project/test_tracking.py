"""Runs in MLflow: what it is shown, a killed run that goes on there, and what it costs: nothing."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
from project.test_cluster import eventually
from support.engine import MINOR, Tiny
from support.real import cached_environ, copied, inside

pytestmark = pytest.mark.thorough

SHORT = ["model.rounds=4", "model.threads=1"]
SPACE = 'metric = "log_loss"\ndirection = "minimize"\ntrials = 2\nseed = 0\n'
SHOWN = (
    "import json, mlflow; client = mlflow.MlflowClient()\n"
    "print(json.dumps([[run.info.run_name, run.info.status, run.data.params, run.data.metrics, "
    "run.data.tags, [m.step for m in client.get_metric_history(run.info.run_id, 'train_loss')], "
    "[a.path for a in client.list_artifacts(run.info.run_id)]] for run in "
    "mlflow.search_runs(experiment_names=['own'], output_format='list')]))"
)


@pytest.fixture(scope="module")
def made(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    place = tmp_path_factory.mktemp("tracking")
    (place / "home").mkdir()
    environ = cached_environ(place / "home", OMP_NUM_THREADS="1")
    answers = {"framework": "lightgbm", "tracking": "mlflow", "extras": ["sweep", "types"]}
    answers |= {"python_version": MINOR, "libraries": [], "package_name": "own"}
    return copied(template, place / "my-project", environ, **answers)


@pytest.fixture
def project(made: Tiny) -> Tiny:
    """Without runs, here and in MLflow."""
    for place in ("runs", "mlruns"):
        shutil.rmtree(made.root / place, ignore_errors=True)
    (made.root / "mlflow.db").unlink(missing_ok=True)
    return made


def shown(project: Tiny) -> list[Any]:
    """Name, status, parameters, figures, tags, epochs and files of each run."""
    told: list[Any] = json.loads(inside(project, "python", "-c", SHOWN).splitlines()[-1])
    return told


def test_a_run_that_was_killed_goes_on_in_the_same_run_of_mlflow(project: Tiny) -> None:
    argv = [str(project.env / "bin" / "python"), "-m", "own.train", "model.rounds=100"]
    with subprocess.Popen(
        argv, cwd=project.root, env=project.environ, stdout=subprocess.DEVNULL
    ) as train:
        runs = project.root / "runs"
        eventually(lambda: any(runs.glob("*/checkpoint")) or train.poll() is not None)
        train.send_signal(signal.SIGKILL)
    ((name, state, *_),) = shown(project)
    assert state == "RUNNING"
    inside(project, "poe", "-q", "train", "--resume")
    ((again, state, parameters, figures, tags, rounds, files),) = shown(project)
    assert (again, state) == (name, "FINISHED")
    assert parameters["model.rounds"] == "100"
    recorded = json.loads((runs / name / "metrics.json").read_text("utf-8"))
    assert figures["validation/log_loss"] == recorded["validation"]["log_loss"]
    assert rounds == list(range(1, len(rounds) + 1))
    assert tags["environment"] == project.info()["fingerprint"]
    assert {"report.html", "model.txt", "config.toml"} <= {*files}


def test_the_code_that_shows_runs_holds_its_type_hints(project: Tiny) -> None:
    inside(project, "poe", "types")


def test_workers_of_a_search_that_begin_at_once_are_all_shown_under_its_name(project: Tiny) -> None:
    space = f"{SPACE}[space]\nmodel.learning_rate = {{ low = 0.1, high = 0.3 }}\n"
    (project.root / "configs" / "sweep.toml").write_text(space, encoding="utf-8")
    inside(project, "poe", "-q", "sweep", "--workers", "2", *SHORT)
    (folder,) = (project.root / "runs").glob("sweep-*")
    assert [(each[1], each[4]["search"]) for each in shown(project)] == [
        ("FINISHED", folder.name)
    ] * 2


def test_a_server_that_does_not_answer_costs_no_training(project: Tiny) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
    done = project.run(
        *["run", "--", "poe", "-q", "train", *SHORT],
        MLFLOW_TRACKING_URI=address,
        MLFLOW_HTTP_REQUEST_MAX_RETRIES="0",
    )
    assert done.returncode == 0, done.stderr
    assert "note: MLflow has not all of this run: " in done.stderr
    assert "Traceback" not in done.stderr
    assert len(list((project.root / "runs").glob("*/metrics.json"))) == 1
