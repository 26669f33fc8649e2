# Owned by the template.
"""Workers of Dask: of a scheduler that runs already, jobs of Slurm, or processes of this machine.

https://distributed.dask.org, https://jobqueue.dask.org
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import dask.config
import follow
from cloudpickle import register_pickle_by_value
from distributed import Client, Future, LocalCluster, as_completed, get_worker
from environment import CouldNot

TOPIC = "tools-cluster"


def launch(command: list[str], *, workers: int, expected: str) -> dict[int, follow.Ended]:
    """How each worker ended, by its number. Raises CouldNot."""
    register_pickle_by_value(follow)
    register_pickle_by_value(sys.modules[__name__])
    running: dict[int, tuple[str, int]] = {}
    with _client(workers) as client:
        client.subscribe_topic(TOPIC, lambda event: _told(running, *event[1]))
        futures = {
            client.submit(_work, number, command, os.getcwd(), expected, pure=False): number
            for number in range(workers)
        }
        try:
            return {futures[each]: _ended(each) for each in as_completed(futures)}
        finally:  # Dask stops no task that has begun
            for future, number in futures.items():
                if number in running and not future.done():
                    address, pid = running[number]
                    with suppress(Exception):
                        client.run(os.kill, pid, signal.SIGTERM, workers=[address])


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
        with (
            LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as local,
            Client(local) as client,
        ):
            yield client


def _slurm(workers: int):  # its class is there only where Slurm was chosen, too
    from dask_jobqueue import SLURMCluster

    try:
        return SLURMCluster(n_workers=workers, processes=1, python=sys.executable)
    except ValueError as error:
        mend = "Set DASK_JOBQUEUE__SLURM__CORES and DASK_JOBQUEUE__SLURM__MEMORY, as 4 and 8GiB."
        raise CouldNot(f"Dask does not know how large a job is: {error}", mend) from None


def _work(number: int, command: list[str], root: str, expected: str) -> follow.Ended:
    """Runs in a worker of Dask."""
    worker = get_worker()

    def tell(what: str | int) -> None:
        worker.log_event(TOPIC, (number, worker.address, what))

    return follow.follow(command, root=root, expected=expected, say=tell, started=tell)


def _told(running: dict[int, tuple[str, int]], number: int, address: str, what: str | int) -> None:
    """What a worker sent: the id of its process, or a line."""
    if isinstance(what, int):
        running[number] = (address, what)
    else:
        print(f"[{number}] {what}", flush=True)


def _ended(future: Future) -> follow.Ended:
    error = future.exception()
    return (3, [f"error: Dask lost it: {error}"]) if error else future.result()
