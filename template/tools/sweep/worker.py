# Owned by the template.
"""A worker: takes trials of a search, new ones and those of dead workers, until all are done."""

from __future__ import annotations

import contextlib
import json
import math
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import optuna
import space
from optuna.trial import FrozenTrial, TrialState
from record import CouldNot, figure
from search import Search, exclusive

try:
    import fcntl
except ModuleNotFoundError:  # Windows
    fcntl = None  # type: ignore[assignment]

PAUSE = 2.0
"""Seconds from one sign of life to the next, and from one look for trials to the next."""

AGE = 60.0
"""Seconds without a sign of life after which a worker of another machine is dead."""

TRIES = 3
"""So often a trial is begun whose training is killed."""

BOOT = Path("/proc/sys/kernel/random/boot_id")
HERE = f"{platform.node()} {BOOT.read_text().strip() if BOOT.is_file() else ''}"


def work(search: Search) -> None:
    """Raises CouldNot where no trial could succeed."""
    study, lock = search.study(), exclusive(str(search.folder / "trials"))
    while not search.ended(study.get_trials(deepcopy=False)):
        lock.acquire()  # one worker at a time: so each trial is taken by one, and none is too many
        try:
            taken = _take(search, study)
        finally:
            lock.release()
        if not taken:  # the others have the last ones
            time.sleep(PAUSE)
            continue
        trial, log = taken
        with log:
            _try(search, study, trial, log)


def _take(search: Search, study: optuna.Study) -> tuple[optuna.Trial, IO[str]] | None:
    trials = study.get_trials(deepcopy=False)
    for each in trials:
        if each.state == TrialState.RUNNING and (log := _claim(search, each)):
            trial = optuna.trial.Trial(study, each._trial_id)
            print(f"trial {each.number} is taken up again: its worker is dead", flush=True)
            break
    else:
        if search.ended(trials) or len(trials) >= search.trials:
            return None
        trial = study.ask()
        log = _claim(search, study.trials[trial.number])
        assert log
    trial.set_user_attr("worker", HERE)
    trial.set_user_attr("tries", trial.user_attrs.get("tries", 0) + 1)
    return trial, log


def _claim(search: Search, trial: FrozenTrial) -> IO[str] | None:
    """The log of a trial that nobody works on, locked; None if somebody does.

    The lock goes with the training's process, also where its worker is dead. On another machine it
    need not be seen; there, what counts is when the log was last touched, by the disk's own clock.
    """
    path, place = search.log(trial.number), trial.user_attrs.get("worker")
    if place and (place != HERE or not fcntl):
        clock = search.folder / "clock"
        clock.touch()
        if path.exists() and clock.stat().st_mtime - path.stat().st_mtime < AGE:
            return None
    log = path.open("a", encoding="utf-8")
    try:
        if fcntl:
            fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        log.close()
        return None
    except OSError:  # a file system without locks
        pass
    return log


def _try(search: Search, study: optuna.Study, trial: optuna.Trial, log: IO[str]) -> None:
    """Trains and tells the search how it ended; a training that was killed is left for the next."""
    began, number = time.monotonic(), trial.number
    settings = [f"{key}={text}" for key, text in space.suggest(trial, search.dimensions).items()]
    code = 0 if _figures(search, number) else _train(search, number, settings, log)
    figures, killed = _figures(search, number), code < 0 or code == 130
    if killed and trial.user_attrs["tries"] < TRIES:
        print(f"trial {number} was killed; it goes on from its checkpoint", flush=True)
        return
    value = figures.get(search.metric) if figures and code == 0 else None
    if folder := search.run_folder(number):
        trial.set_user_attr("run", folder.name)
    if value is None or not math.isfinite(value):
        error = f"{search.metric} is {value}" if value is not None else _last_line(log)
        error = f"killed {TRIES} times" if killed else error
        if figures and value is None and code == 0:
            error = f"no figure {search.metric}"
        trial.set_user_attr("error", error)
        study.tell(number, state=TrialState.FAIL)
        print(f"trial {number} failed: {error}", flush=True)
        if figures and value is None and code == 0:
            known = ", ".join(figures)
            raise CouldNot(
                f"There is no figure {search.metric!r}. As metric, name one of: {known}."
            )
        return
    study.tell(number, value)
    best = study.best_trial
    print(
        f"trial {number}: {search.metric} {figure(value)}, best {figure(best.value)} (trial "
        f"{best.number}), {time.monotonic() - began:.1f} s  {' '.join(settings)}",
        flush=True,
    )


def _train(search: Search, number: int, settings: list[str], log: IO[str]) -> int:
    """Trains, and gives signs of life meanwhile; the exit code."""
    command = [sys.executable, "-m", f"{search.package}.train", "--name", search.run(number)]
    command += ["--config", str(search.settings), *settings]
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
    )
    try:
        while True:
            os.utime(log.name)
            with contextlib.suppress(subprocess.TimeoutExpired):
                return child.wait(PAUSE)
    except KeyboardInterrupt:
        child.terminate()
        child.wait()
        raise


def _figures(search: Search, number: int) -> dict[str, float] | None:
    """Of the validation rows; None where the training is not finished."""
    folder = search.run_folder(number)
    if not folder or not (folder / "metrics.json").is_file():
        return None
    state = json.loads((folder / "run.json").read_text(encoding="utf-8"))["state"]
    figures = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    return figures["validation"] if state == "finished" else None


def _last_line(log: IO[str]) -> str:
    """Of what a training said: why it failed."""
    lines = Path(log.name).read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
