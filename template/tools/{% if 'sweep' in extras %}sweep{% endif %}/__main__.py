# Owned by the template.
"""Searches for good settings: configs/sweep.toml says which, and each trial is a `poe train`.

    poe sweep                              # begins a search, or goes on with it
    poe sweep --workers 4                  # four trainings at a time on this machine
    poe sweep --on slurm --workers 16      # on others: dask, ray, slurm
    poe sweep data.target=price seed=1     # fixed for all trials
    python tools/sweep worker SEARCH       # one worker more, wherever the project's folder is

The same table, settings, data and code are the same search. With one worker, the same seed gives
the same trials. Exit codes: 0 complete, 2 wrong use, 3 could not, 130 stopped.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import warnings
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "runs"))

import optuna
import results
import search
import worker
from record import CouldNot


def main() -> int:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("poe sweep", description=__doc__, formatter_class=form)
    parser.add_argument("words", metavar="KEY=VALUE", nargs="*", help="fixed for all trials")
    parser.add_argument("--config", type=Path, metavar="FILE", default=Path("configs/train.toml"))
    parser.add_argument("--space", type=Path, metavar="FILE", default=Path("configs/sweep.toml"))
    parser.add_argument("--on", choices=["local", "dask", "ray", "slurm"], default="local")
    parser.add_argument("--workers", type=int, metavar="N", default=1, help="trainings at a time")
    asked = parser.parse_intermixed_args()
    joins = asked.words[:1] == ["worker"] and len(asked.words) == 2
    if not joins and (strange := [word for word in asked.words if "=" not in word]):
        parser.error(f"{strange[0]!r} is no KEY=VALUE")
    if asked.workers < 1:
        parser.error("--workers is at least 1")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if joins:
            worker.work(search.load(asked.words[1]))
            return 0
        return sweep(asked)
    except CouldNot as error:
        print(f"error: {error}", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        return 130


def sweep(asked: argparse.Namespace) -> int:
    """The whole search, from its table to its page."""
    if asked.on != "local" and not Path(f"tools/cluster/on_{asked.on}.py").is_file():
        remedy = "Add it to the answer `scale_out`: copier update --trust --data scale_out=..."
        raise CouldNot(f"This project has no launcher for {asked.on}. {remedy}")
    found = search.prepare(asked.config, asked.space, asked.words)
    study, again = found.study(), " ".join(["poe sweep", *sys.argv[1:]])
    if found.hopeless(study.get_trials(deepcopy=False)):
        search.forget(found)
        study = found.study()
    results.say_where(found, study)
    try:
        if not found.ended(study.get_trials(deepcopy=False)):
            launch(found, asked.on, asked.workers)
    finally:
        trials = study.get_trials(deepcopy=False)
        results.show(found, study)
        if found.hopeless(trials):
            print(f"error: No trial succeeded. Mend that, and repeat: {again}", file=sys.stderr)
        elif not found.ended(trials):
            done = sum(trial.state.is_finished() for trial in trials)
            print(f"{done} of {found.trials} trials are done. Go on: {again}", file=sys.stderr)
    return 0 if found.ended(trials) and not found.hopeless(trials) else 3


def launch(found: search.Search, on: str, workers: int) -> None:
    """So many workers, until all have ended."""
    command = ["tools/sweep", "worker", found.folder.name]
    if on == "local":
        each = [
            subprocess.Popen([sys.executable, *command], env={**os.environ, **share(at, workers)})
            for at in range(workers)
        ]
    else:
        words = ["tools/cluster", "launch", "--on", on, "--workers", str(workers), "--", "python"]
        each = [subprocess.Popen([sys.executable, *words, *command])]
    try:
        for process in each:
            process.wait()
    except KeyboardInterrupt:  # by SIGTERM, they have not heard of it yet
        for process in each:
            process.terminate()
        for process in each:
            process.wait()
        raise


def share(at: int, workers: int) -> dict[str, str]:
    """The variables that give one of several workers its part of this machine: cores, and a GPU."""
    if workers == 1:
        return {}
    free = getattr(os, "sched_getaffinity", lambda _: range(os.cpu_count() or 1))(0)
    cores = str(max(1, len(free) // workers))
    shared = {"OMP_NUM_THREADS": cores, "LOKY_MAX_CPU_COUNT": cores}
    wanted = {name: value for name, value in shared.items() if name not in os.environ}
    if gpus := visible_gpus():
        wanted["CUDA_VISIBLE_DEVICES"] = gpus[at % len(gpus)]
    return wanted


def visible_gpus() -> list[str]:
    """As CUDA names them: what a queue gave to this job, else all of this machine."""
    given = os.environ.get("CUDA_VISIBLE_DEVICES")
    if given is not None:
        return given.split(",")
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True).stdout
    except OSError:
        return []
    return [str(at) for at in range(len(re.findall(r"^GPU ", listed, re.MULTILINE)))]


if __name__ == "__main__":
    sys.exit(main())
