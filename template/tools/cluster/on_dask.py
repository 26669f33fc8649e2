# Owned by the template.
"""Workers of Dask: of a scheduler that runs already, jobs of Slurm, or processes of this machine.

https://distributed.dask.org, https://jobqueue.dask.org
"""

from __future__ import annotations

import importlib.util
import logging
import os
import shutil
import signal
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import dask.config
from cloudpickle import register_pickle_by_value
from distributed import Client, Future, LocalCluster, as_completed, get_worker
from environment import CouldNot
from follow import Ended, follow


def launch(command: list[str], *, workers: int, expected: str) -> dict[int, Ended]:
    """How each worker ended, by its number. Raises CouldNot."""
    register_pickle_by_value(sys.modules[follow.__module__])
    register_pickle_by_value(sys.modules[__name__])
    root, topic = os.getcwd(), f"tools-cluster-{uuid.uuid4()}"

    def work(number: int) -> Ended:  # of a function that is not nested, Dask sends the name alone
        return _work(number, command, root, expected, topic)

    with _client(workers) as client:
        client.subscribe_topic(topic, lambda event: print(event[1], flush=True))
        futures = {client.submit(work, each, pure=False): each for each in range(workers)}
        return {futures[each]: _ended(each) for each in as_completed(futures)}


@contextmanager
def _client(workers: int) -> Iterator[Client]:
    address = dask.config.get("scheduler-address", None)
    if address:
        print(f"dask: {workers} workers of the scheduler at {address}", flush=True)
        try:
            client = Client(address)
        except OSError as error:
            happened = f"No scheduler of Dask answers at {address}: {error}."
            mend = "Start it there with `dask scheduler`, or unset DASK_SCHEDULER_ADDRESS."
            raise CouldNot(happened, mend) from None
        with client:
            yield client
    elif importlib.util.find_spec("dask_jobqueue") and shutil.which("sbatch"):
        print(f"dask: {workers} workers as jobs of Slurm", flush=True)
        with _slurm(workers) as cluster, Client(cluster) as client:
            yield client
    else:
        print(f"dask: {workers} worker processes of this machine", flush=True)
        with _local(workers) as cluster, Client(cluster) as client:
            yield client


def _local(workers: int) -> LocalCluster:
    ours = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the launcher, not for them
    try:
        return LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            dashboard_address=":0",
            silence_logs=logging.ERROR,
        )
    finally:
        signal.signal(signal.SIGINT, ours)


def _slurm(workers: int):  # its class is there only where Slurm was chosen, too
    from dask_jobqueue import SLURMCluster

    one = ["--nthreads", "1"]  # command at a time in a job, however many cores it has for it
    told = dask.config.get("jobqueue.slurm.worker-extra-args", None) or []
    each = {"processes": 1, "python": sys.executable, "worker_extra_args": [*one, *told]}
    try:
        return SLURMCluster(n_workers=workers, **each)
    except ValueError as error:
        mend = "Set DASK_JOBQUEUE__SLURM__CORES and DASK_JOBQUEUE__SLURM__MEMORY, as 4 and 8GiB."
        raise CouldNot(f"Dask does not know how large a job is: {error}", mend) from None


def _work(number: int, command: list[str], root: str, expected: str, topic: str) -> Ended:
    """Runs in a worker of Dask, which stops nothing that has begun: so this looks for itself."""
    worker = get_worker()
    key = worker.get_current_task()
    return follow(
        command,
        root=root,
        expected=expected,
        say=lambda line: worker.log_event(topic, f"[{number}] {line}"),
        wanted=lambda: worker.state.tasks[key].state == "executing",
    )


def _ended(future: Future) -> Ended:
    error = future.exception()
    return (3, [f"error: Dask lost it: {error}"]) if error else future.result()
