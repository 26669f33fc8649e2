"""A training on several processes, as torchrun starts them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.engine import MINOR, Tiny
from support.index import serve
from support.real import cached_environ, copied, cpu_torch, inside

pytestmark = pytest.mark.thorough

TORCH = cpu_torch()
TORCHRUN = ["python", "-m", "torch.distributed.run", "--nproc-per-node=2", "-m", "own.train"]
# Each process drops out other neurons than one alone.
SETTINGS = ["data.file=even.csv", "data.target=z", "model.dropout=0", "model.epochs=4"]


@pytest.fixture(scope="module")
def project(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tiny]:
    assert TORCH
    place = tmp_path_factory.mktemp("distributed")
    (place / "home").mkdir()
    environ = cached_environ(place / "home", OMP_NUM_THREADS="1")
    answers = {"framework": "pytorch", "package_name": "own", "python_version": MINOR}
    with serve(TORCH) as address:
        answers |= {"accelerator": "cpu", "torch_index": address}
        yield copied(template, place / "my-project", environ, **answers)


def even(path: Path) -> None:
    """A table of which two processes share each batch equally."""
    rows = [(x, y, x * y + x / 7) for x in range(25) for y in range(40)]
    path.write_text("x,y,z\n" + "".join(f"{x},{y},{z}\n" for x, y, z in rows), encoding="utf-8")


def losses(run: Path) -> list[float]:
    with (run / "history.csv").open(encoding="utf-8") as lines:
        return [float(row[key]) for row in csv.DictReader(lines) for key in row if "loss" in key]


if TORCH:

    def test_two_processes_learn_what_one_does(project: Tiny) -> None:
        even(project.root / "even.csv")
        inside(project, "python", "-m", "own.train", *SETTINGS)
        said = inside(project, *TORCHRUN, *SETTINGS)
        one, two = sorted((project.root / "runs").glob("*-seed*"))
        assert said.count("\nrun ") == said.count("data  ") == 1  # the first process alone speaks
        assert losses(two) == pytest.approx(losses(one), rel=1e-4)

    def test_a_batch_that_cannot_be_shared_is_refused(project: Tiny) -> None:
        done = project.run("run", "--", *TORCHRUN, "model.batch_size=33")
        assert done.returncode == 1
        assert "2 processes cannot share model.batch_size equally. Say model" in done.stderr
