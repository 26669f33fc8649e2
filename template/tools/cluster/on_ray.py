# Owned by the template.
"""Workers of Ray: of a cluster that runs already, or processes of this machine.

https://docs.ray.io/en/latest/cluster/running-applications/job-submission/quickstart.html
"""

from __future__ import annotations

import json
import os
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import uuid
from urllib.parse import urlsplit

from environment import CouldNot
from follow import Ended, follow

# Ray reads these when it is imported. It would make each worker an environment of its own (under
# `uv run`), leave out lines that two workers have in common, and write a password to the home.
os.environ |= {"RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0", "RAY_DEDUP_LOGS": "0", "RAY_COLOR_PREFIX": "0"}
if not {"RAY_ADDRESS", "RAY_AUTH_MODE"} & os.environ.keys():
    os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
import ray

LAUNCHER = "TOOLS_CLUSTER_LAUNCHER"
"""The variable of a job in which it finds what the launcher published."""


def launch(command: list[str], *, workers: int, expected: str) -> dict[int, Ended]:
    """How each worker ended, by its number. Raises CouldNot."""
    address = os.environ.get("RAY_ADDRESS", "")
    if address:
        _knock(address)
    if address.startswith(("http://", "https://")):
        return {0: _submit(command, workers, expected)}
    ray.cloudpickle.register_pickle_by_value(sys.modules[follow.__module__])
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    where = f"the cluster at {address}" if address else "this machine"
    print(f"ray: {workers} worker processes of {where}", flush=True)
    try:
        if address:
            ray.init(runtime_env={"py_executable": sys.executable}, logging_level="warning")
        else:
            ray.init("local", num_cpus=workers, include_dashboard=False, logging_level="warning")
    except (ConnectionError, RuntimeError) as error:
        raise _refused(address, error) from None
    except OSError as error:  # the path of a socket holds about a hundred bytes
        mend = "Give it a folder with a shorter name: export RAY_TMPDIR=/tmp"
        raise CouldNot(
            f"Ray cannot work in its folder for temporary files: {error}.", mend
        ) from None
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # Ray has set its own
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


def _knock(address: str) -> None:
    """Ray itself waits for minutes where nobody answers."""
    place = urlsplit(address if "//" in address else f"//{address}")
    try:
        if place.hostname and place.port:
            socket.create_connection((place.hostname, place.port), timeout=10).close()
    except OSError as error:
        raise _refused(address, error) from None


def _refused(address: str, error: Exception) -> CouldNot:
    mend = "Start it there with `ray start --head`, or unset RAY_ADDRESS."
    return CouldNot(f"No cluster of Ray answers at {address}: {error}.", mend)


def _share(workers: int) -> float:
    """The GPUs of each worker: one, or the same part of one, as Ray hides all others."""
    gpus = int(ray.cluster_resources().get("GPU", 0))
    return 1 / -(-workers // gpus) if gpus else 0


def _work(number: int, command: list[str], root: str, expected: str) -> Ended:
    """Runs in a worker of Ray, which shows to the launcher what is printed."""

    def say(line: str) -> None:
        print(f"[{number}] {line}", flush=True)

    return follow(command, root=root, expected=expected, say=say)


def _ended(task: ray.ObjectRef) -> Ended:
    try:
        return ray.get(task)
    except ray.exceptions.RayError as error:
        return 3, [f"error: Ray lost it: {error}"]


def _submit(command: list[str], workers: int, expected: str) -> Ended:
    """This launch as a job, in an environment like ours, where RAY_ADDRESS has its job server."""
    job = f"tools-cluster-{uuid.uuid4().hex[:8]}"
    inner = ["launch", "--on", "ray", "--workers", str(workers), "--", *command]
    held = ["worker", "/dev/stdin", "--", sys.executable, "tools/cluster", *inner]
    line = shlex.join([sys.executable, "tools/cluster", *held])
    words = f'cd {shlex.quote(os.getcwd())} && printf %s "${LAUNCHER}" | {line}'
    variables = json.dumps({"env_vars": {LAUNCHER: expected}})
    client = [sys.executable, "-m", "ray.scripts.scripts", "job"]
    argv = [*client, "submit", "--submission-id", job, "--runtime-env-json", variables]
    try:
        return subprocess.call([*argv, "--", "sh", "-c", words]), []
    except KeyboardInterrupt:
        subprocess.call([*client, "stop", job])
        raise
