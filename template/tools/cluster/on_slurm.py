# Owned by the template.
"""Workers as jobs of Slurm, an array of slurm/workers.sbatch, which says what each needs.

https://slurm.schedmd.com/job_array.html
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import follow
from environment import CouldNot

PAUSE = 2.0
"""Seconds between two looks at the queue and at what the workers have written."""

LATE = 60.0
"""Seconds until a network file system shows here what was written on another machine."""


def launch(command: list[str], *, workers: int, expected: str) -> dict[int, follow.Ended]:
    """How each worker ended, by its number. Raises CouldNot."""
    if not shutil.which("sbatch"):
        mend = "Run this on a machine from which jobs are submitted."
        raise CouldNot("There is no Slurm here: `sbatch` is not on PATH.", mend)
    folder = Path(tempfile.mkdtemp(prefix="slurm-launch-", dir=".")).resolve()
    (folder / "environment.json").write_text(expected, encoding="utf-8")
    job = _submit(command, workers, folder)
    print(f"slurm: {workers} workers, job {job}", flush=True)
    try:
        told = [""] * workers
        for _ in _looks(job, workers, folder):
            for number in range(workers):
                newest = _lines(folder, number)[-1:]
                if newest and newest[0] != told[number]:
                    told[number] = newest[0]
                    print(f"[{number}] {newest[0]}", flush=True)
        return {number: _ended(folder, number) for number in range(workers)}
    finally:
        subprocess.run(["scancel", job], stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(folder, ignore_errors=True)


def _submit(command: list[str], workers: int, folder: Path) -> str:
    """The number of the job."""
    options = [
        "--parsable",
        f"--array=0-{workers - 1}",
        f"--output={folder}/%a.out",
        f"--export=ALL,PUBLISHED={folder}/environment.json,ENDED={folder}",
    ]
    argv = ["sbatch", *options, "slurm/workers.sbatch", *command]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        shutil.rmtree(folder)
        mend = "Set what the cluster wants in slurm/workers.sbatch."
        raise CouldNot(f"Slurm does not take the job: {done.stderr.strip()}.", mend)
    return done.stdout.strip().partition(";")[0]  # behind it, the name of a cluster


def _looks(job: str, workers: int, folder: Path) -> Iterator[None]:
    """Time to look, until each worker has ended or the queue has none of them any more."""
    argv = ["squeue", "--noheader", f"--jobs={job}"]
    seen = time.monotonic()
    while len(list(folder.glob("*.code"))) < workers and time.monotonic() < seen + LATE:
        queue = subprocess.run(argv, capture_output=True, text=True, check=False)
        # A controller that does not answer is waited for; it forgets a job some time after its end.
        if queue.stdout or (queue.returncode and "Invalid job id" not in queue.stderr):
            seen = time.monotonic()
        yield
        time.sleep(PAUSE)
    yield


def _ended(folder: Path, number: int) -> follow.Ended:
    code = folder / f"{number}.code"
    if code.exists():
        return int(code.read_text()), _lines(folder, number)
    return 3, [*_lines(folder, number), "error: Slurm lost it, or its time was up."]


def _lines(folder: Path, number: int) -> list[str]:
    """The last that a worker has written."""
    path = folder / f"{number}.out"
    if not path.exists():
        return []
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 10_000))
        return file.read().decode("utf-8", "replace").splitlines()[-follow.KEPT :]
