"""What is more than one job on a Slurm that runs here: searches, and Dask's workers."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from project.test_sweep import chosen, make, searching, space, training, trials
from support.engine import Tiny
from support.slurm import Cluster, wait

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def project(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    return make(template, tmp_path_factory.mktemp("slurm-and-dask"), ["dask", "slurm"])


def test_dask_has_its_workers_as_jobs_of_slurm(
    project: Tiny, slurm: Cluster, tmp_path: Path
) -> None:
    told = {"DASK_JOBQUEUE__SLURM__CORES": "1", "DASK_JOBQUEUE__SLURM__MEMORY": "1GiB"}
    code = (
        "import os, pathlib, time\n"
        f"place, job = pathlib.Path({str(tmp_path)!r}), os.environ['SLURM_JOB_ID']\n"
        "(place / job).touch()\n"
        "while len(list(place.iterdir())) < 2: time.sleep(0.1)\n"
        "print('job', job)"
    )
    argv = [str(project.env / "bin" / "python"), "tools/cluster", "launch", "--on", "dask"]
    done = subprocess.run(
        [*argv, "--workers", "2", "--", "python", "-c", code],
        cwd=project.root,
        env={**project.environ, **slurm.environ, **told},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "dask: 2 workers as jobs of Slurm" in done.stdout
    assert len({*re.findall(r"\] job (\d+)", done.stdout)}) == 2
    wait(lambda: not slurm.call("squeue", "--noheader"))


def test_a_search_on_slurm_loses_a_node_and_ends(project: Tiny, slurm: Cluster) -> None:
    space(project, trials=3)
    with searching(project, "1", "--on", "slurm", "--workers", "2", **slurm.environ) as search:
        victim = training(project, "1")
        assert victim
        variables = Path(f"/proc/{victim}/environ").read_bytes().decode().split("\0")
        facts = dict(each.partition("=")[::2] for each in variables)
        element = f"{facts['SLURM_ARRAY_JOB_ID']}_{facts['SLURM_ARRAY_TASK_ID']}"
        slurm.lose(facts["SLURMD_NODENAME"])
        slurm.release(element)
        output = search.communicate()[0]
    assert search.returncode == 0, output
    assert [each[:2] for each in chosen(project)] == [[n, "COMPLETE"] for n in range(3)]
    assert [each[4]["tries"] for each in trials(project)] == [1, 2, 1]
    assert "2 of 2 workers ended well" in output
