"""A training on several processes, as torchrun starts them, and jobs of a Slurm that runs here."""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from support.engine import MINOR, Tiny
from support.real import cached_environ, copied, cpu_torch, inside, serve_torch
from support.slurm import Cluster, wait

pytestmark = pytest.mark.thorough

TORCH = cpu_torch()
TORCHRUN = ["python", "-m", "torch.distributed.run", "--nproc-per-node=2", "-m", "own.train"]
# Long enough to be stopped. Without dropout: of each process it would drop out other neurons.
LONG = ["model.dropout=0", "model.epochs=100", "model.patience=100"] if TORCH else []
SETTINGS = ["data.file=even.csv", "data.target=z", *LONG]


@pytest.fixture(scope="module")
def project(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tiny]:
    place = tmp_path_factory.mktemp("distributed")
    (place / "home").mkdir()
    environ = cached_environ(place / "home", OMP_NUM_THREADS="1")
    answers: dict[str, Any] = {"package_name": "own", "python_version": MINOR}
    answers["scale_out"] = ["slurm"]
    with serve_torch(TORCH) if TORCH else nullcontext() as address:
        if address:
            answers |= {"framework": "pytorch", "accelerator": "cpu", "torch_index": address}
        made = copied(template, place / "my-project", environ, **answers)
        # A table of which two processes share each batch equally.
        rows = [f"{x},{y},{x * y + x / 7}\n" for x in range(25) for y in range(40)]
        (made.root / "even.csv").write_text("x,y,z\n" + "".join(rows), encoding="utf-8")
        yield made


@pytest.fixture(scope="module")
def alone(project: Tiny) -> Path:
    """The run of one process that nothing has stopped."""
    inside(project, "python", "-m", "own.train", "--name", "alone", *SETTINGS)
    return named(project, "alone")


def named(project: Tiny, name: str) -> Path:
    (run,) = (project.root / "runs").glob(f"*_{name}")
    return run


def losses(run: Path) -> list[float]:
    with (run / "history.csv").open(encoding="utf-8") as lines:
        return [float(row[key]) for row in csv.DictReader(lines) for key in row if "loss" in key]


def figures(run: Path) -> Any:
    return json.loads((run / "metrics.json").read_text(encoding="utf-8"))


def started_again(project: Tiny, slurm: Cluster, file: str) -> Path:
    """The run of a job that was told, in its midst, that its time is nearly up."""
    argv = ["sbatch", "--parsable", "--cpus-per-task=1", f"slurm/{file}", *SETTINGS]
    environ = {**project.environ, **slurm.environ}
    job = subprocess.check_output(argv, cwd=project.root, env=environ, text=True).strip()
    said = project.root / f"slurm-{job}.out"
    begun = (project.root / "runs").glob
    wait(lambda: any(begun(f"*_slurm-{job}/checkpoint")) or slurm.job(job)["JobState"] == "FAILED")
    slurm.call("scancel", "--batch", "--signal=USR1", job)
    slurm.release(job)
    assert slurm.until(job, "COMPLETED")["Restarts"] == "1", said.read_text(encoding="utf-8")
    run = named(project, f"slurm-{job}")
    assert len(json.loads((run / "run.json").read_text(encoding="utf-8"))["parts"]) == 2
    assert said.read_text(encoding="utf-8").count("data  ") == 2
    return run


def test_a_training_goes_back_into_the_queue_and_on_as_if_nothing_had_been(
    project: Tiny, slurm: Cluster, alone: Path
) -> None:
    run = started_again(project, slurm, "train.sbatch")
    assert figures(run) == figures(alone)


if TORCH:

    @pytest.fixture(scope="module")
    def together(project: Tiny) -> Path:
        """The run of two processes that nothing has stopped."""
        said = inside(project, *TORCHRUN, "--name", "together", *SETTINGS)
        assert said.count("\nrun ") == said.count("data  ") == 1  # the first process alone speaks
        return named(project, "together")

    def test_two_processes_learn_what_one_does(alone: Path, together: Path) -> None:
        assert losses(together)[:8] == pytest.approx(losses(alone)[:8], rel=1e-4)

    def test_a_batch_that_cannot_be_shared_is_refused(project: Tiny) -> None:
        done = project.run("run", "--", *TORCHRUN, *SETTINGS, "model.batch_size=33")
        assert done.returncode == 1
        assert "2 processes cannot share model.batch_size equally. Say model" in done.stderr

    def test_a_training_on_two_nodes_is_stopped_and_ends_as_the_whole_one(
        project: Tiny, slurm: Cluster, together: Path
    ) -> None:
        run = started_again(project, slurm, "distributed.sbatch")
        assert losses(run) == losses(together)
        assert figures(run) == figures(together)


def test_a_lost_node_s_worker_is_started_on_another(project: Tiny, slurm: Cluster) -> None:
    last = "echo the $SLURM_ARRAY_TASK_ID. && echo here >>ended.txt"
    work = f'[ -n "$SLURM_RESTART_COUNT" ] || [ $SLURM_ARRAY_TASK_ID = 0 ] || sleep 300; {last}'
    words = ["tools/cluster", "launch", "--on", "slurm", "--workers", "2", "--", "sh", "-c", work]
    environ = {**project.environ, **slurm.environ}
    argv = [str(project.python), *words]
    with subprocess.Popen(
        argv, cwd=project.root, env=environ, stdout=subprocess.PIPE, text=True
    ) as launcher:
        assert launcher.stdout
        job = launcher.stdout.readline().split()[-1]
        wait((project.root / "ended.txt").exists)
        wait(lambda: slurm.job(f"{job}_1")["JobState"] == "RUNNING")
        slurm.lose(slurm.job(f"{job}_1")["BatchHost"])
        slurm.release(f"{job}_1")
        said = launcher.stdout.read()
    assert "[1] the 1." in said
    assert "2 of 2 workers ended well" in said
    assert launcher.returncode == 0
    assert not list(project.root.glob("slurm-launch-*"))
