# Owned by the template.
"""Workers of Ray: of a cluster that runs already, or processes of this machine.

https://docs.ray.io/en/latest/cluster/running-applications/job-submission/quickstart.html
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import uuid

import follow
from environment import CouldNot

# Before Ray is imported: it would have `uv run` make an environment of its own for each worker, and
# leave out lines that two workers have in common.
os.environ |= {"RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0", "RAY_DEDUP_LOGS": "0"}
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
import ray


def launch(command: list[str], *, workers: int, expected: str) -> dict[int, follow.Ended]:
    """How each worker ended, by its number. Raises CouldNot."""
    address = os.environ.get("RAY_ADDRESS", "")
    if address.startswith(("http://", "https://")):
        return {0: _submit(command, workers)}
    ray.cloudpickle.register_pickle_by_value(follow)
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    where = f"the cluster at {address}" if address else "this machine"
    print(f"ray: {workers} worker processes of {where}", flush=True)
    try:
        if address:
            ray.init(runtime_env={"py_executable": sys.executable}, logging_level="warning")
        else:
            ray.init("local", num_cpus=workers, include_dashboard=False, logging_level="warning")
    except ConnectionError as error:
        mend = "Start it there with `ray start --head`, or unset RAY_ADDRESS."
        raise CouldNot(f"No cluster of Ray answers at {address}: {error}.", mend) from None
    try:
        remote = ray.remote(_work).options(scheduling_strategy="SPREAD", num_gpus=_share(workers))
        tasks = {
            remote.remote(number, command, os.getcwd(), expected): number
            for number in range(workers)
        }
        ended = {}
        while tasks:
            (done,), _ = ray.wait([*tasks])
            ended[tasks.pop(done)] = _ended(done)
        return ended
    finally:
        ray.shutdown()


def _share(workers: int) -> float:
    """The GPUs of each worker: one, or the same part of one, as Ray hides all others."""
    gpus = int(ray.cluster_resources().get("GPU", 0))
    return 1 / -(-workers // gpus) if gpus else 0


def _work(number: int, command: list[str], root: str, expected: str) -> follow.Ended:
    """Runs in a worker of Ray, which shows to the launcher what is printed."""

    def say(line: str) -> None:
        print(f"[{number}] {line}", flush=True)

    return follow.follow(command, root=root, expected=expected, say=say)


def _ended(task: ray.ObjectRef) -> follow.Ended:
    try:
        return ray.get(task)
    except ray.exceptions.RayError as error:
        return 3, [f"error: Ray lost it: {error}"]


def _submit(command: list[str], workers: int) -> follow.Ended:
    """This launch as a job of the cluster whose job server RAY_ADDRESS names."""
    job = f"tools-cluster-{uuid.uuid4().hex[:8]}"
    here = [sys.executable, "tools/cluster", "launch", "--on", "ray", "--workers", str(workers)]
    words = f"cd {shlex.quote(os.getcwd())} && exec {shlex.join([*here, '--', *command])}"
    ray = [sys.executable, "-m", "ray.scripts.scripts", "job"]
    print(f"ray: job {job} of {os.environ['RAY_ADDRESS']}", flush=True)
    try:
        code = subprocess.call([*ray, "submit", "--submission-id", job, "--", "sh", "-c", words])
        return code, []
    except KeyboardInterrupt:
        subprocess.call([*ray, "stop", job])
        raise
