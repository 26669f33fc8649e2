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
from optuna.storages.journal import JournalFileOpenLock
from optuna.trial import FrozenTrial, TrialState
from record import CouldNot, figure
from search import Search

try:
    import fcntl
except ModuleNotFoundError:  # Windows
    fcntl = None  # type: ignore[assignment]

PAUSE = 2.0
"""Seconds from one sign of life to the next, and from one look for trials to the next."""

AGE = 60.0
"""Seconds without a sign of life after which a worker of another machine is dead."""

STUCK = 90
"""Seconds after which one who has not yet taken a trial is dead; the journal alone waits for 30."""

TRIES = 3
"""So often a trial is begun whose training is killed."""

BOOT = Path("/proc/sys/kernel/random/boot_id")
HERE = f"{platform.node()} {BOOT.read_text().strip() if BOOT.is_file() else ''}"


def work(search: Search) -> None:
    """Raises CouldNot where no trial could succeed."""
    study = search.study()
    lock = JournalFileOpenLock(str(search.folder / "trials"), grace_period=STUCK)
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
        # One who was held for dead, and is not, finds its trial done by another.
        with log, contextlib.suppress(optuna.exceptions.UpdateFinishedTrialError):
            _try(search, study, trial, log)


def _take(search: Search, study: optuna.Study) -> tuple[optuna.Trial, IO[str]] | None:
    """A trial that nobody works on, new or begun, and its log, which is locked."""
    trials = study.get_trials(deepcopy=False)
    clock = search.folder / "clock"
    clock.touch()
    now = clock.stat().st_mtime
    for each in trials:
        if each.state != TrialState.RUNNING or _alive_elsewhere(search, each, now):
            continue
        if not (log := _locked(search.log(each.number))):
            continue
        if study.get_trials(deepcopy=False)[each.number].state == TrialState.RUNNING:
            trial = optuna.Trial(study, each._trial_id)
            print(f"trial {each.number} is taken up again: its worker is dead", flush=True)
            break
        log.close()  # its worker told how it ended in between
    else:
        if search.ended(trials) or len(trials) >= search.trials:
            return None
        trial = study.ask()
        log = _locked(search.log(trial.number))
        assert log
    trial.set_user_attr("worker", HERE)
    trial.set_user_attr("tries", trial.user_attrs.get("tries", 0) + 1)
    return trial, log


def _alive_elsewhere(search: Search, trial: FrozenTrial, now: float) -> bool:
    """Whether the worker of another machine, whose lock need not be seen here, touched the log a
    short time ago. `now` is by the clock of the disk, as the times of its files."""
    path, place = search.log(trial.number), trial.user_attrs.get("worker")
    if not place or (place == HERE and fcntl) or not path.exists():
        return False
    return now - path.stat().st_mtime < AGE


def _locked(path: Path) -> IO[str] | None:
    """A log, opened; None where a worker or its training, which inherits the lock, has it."""
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
    killed = code < 0 or code == 130
    if killed and trial.user_attrs["tries"] < TRIES:
        print(f"trial {number} was killed; it goes on from its checkpoint", flush=True)
        return
    if folder := search.run_folder(number):
        trial.set_user_attr("run", folder.name)
    figures = _figures(search, number) if code == 0 else None
    value = figures.get(search.metric) if figures else None
    if value is not None and math.isfinite(value):
        study.tell(number, value)
        best = study.best_trial
        print(
            f"trial {number}: {search.metric} {figure(value)}, best {figure(best.value)} (trial "
            f"{best.number}), {time.monotonic() - began:.1f} s  {' '.join(settings)}",
            flush=True,
        )
        return
    if value is not None:
        error = f"{search.metric} is {value}"
    elif figures:
        error = f"no figure {search.metric}"
    else:
        error = f"killed {TRIES} times" if killed else _last_line(log)
    trial.set_user_attr("error", error)
    study.tell(number, state=TrialState.FAIL)
    print(f"trial {number} failed: {error}", flush=True)
    if figures and value is None:
        known = ", ".join(figures)
        raise CouldNot(f"There is no figure {search.metric!r}. As metric, name one of: {known}.")


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
