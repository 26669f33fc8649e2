# Owned by the template.
"""A search: what is looked for, and the file that all its workers share."""

from __future__ import annotations

import hashlib
import importlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import space
from journal import open_journal
from optuna.trial import FrozenTrial
from record import RUNS, CouldNot

HOPELESS = 5
"""So many trials that failed, and none that did not, end a search."""


@dataclass(frozen=True)
class Search:
    folder: Path
    package: str
    """What is trained: `python -m PACKAGE.train`."""
    metric: str
    """Of the validation rows, as in metrics.json."""
    direction: str
    trials: int
    seed: int
    dimensions: dict[str, Any]
    """A range or a list of choices by KEY, as in configs/sweep.toml."""
    fixed: list[str]
    """KEY=VALUE of the command line."""

    @property
    def settings(self) -> Path:
        """The file with all that is the same in each trial."""
        return self.folder / "settings.toml"

    def study(self) -> optuna.Study:
        return optuna.create_study(
            study_name=self.folder.name,
            storage=open_journal(self.folder / "journal.log"),
            direction=self.direction,
            sampler=Sampler(self.seed),
            load_if_exists=True,
        )

    def log(self, number: int) -> Path:
        """What the training of a trial says."""
        return self.folder / f"trial-{number:04}.log"

    def run(self, number: int) -> str:
        """The name of a trial's run."""
        return f"{self.folder.name}-{number}"

    def run_folder(self, number: int) -> Path | None:
        found = sorted(RUNS.glob(f"*_{self.run(number)}"))
        return found[-1] if found else None

    def ended(self, trials: list[FrozenTrial]) -> bool:
        """Whether it has all its trials, or none of the first ones succeeded."""
        done = [trial for trial in trials if trial.state.is_finished()]
        return len(done) >= self.trials or self.hopeless(trials)

    def hopeless(self, trials: list[FrozenTrial]) -> bool:
        done = [trial.state.name for trial in trials if trial.state.is_finished()]
        return len(done) >= min(HOPELESS, self.trials) and "COMPLETE" not in done


class Sampler(optuna.samplers.TPESampler):
    """Optuna's usual one, but its chance depends on the number of the trial alone: so a search that
    was stopped goes on as one that was not."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        seed = np.random.SeedSequence([self.seed, trial.number]).generate_state(1)[0]
        super().__init__(seed=int(seed), constant_liar=True)
        super().before_trial(study, trial)


def prepare(config_file: Path, space_file: Path, changes: list[str]) -> Search:
    """The search of these files, new or begun. Raises CouldNot for what no trial could do."""
    package = next(Path("src").glob("*/train.py")).parent.name
    config = importlib.import_module(f"{package}.config")
    try:
        settings = config.load(config_file, changes)
        table = space.read(space_file, {change.partition("=")[0] for change in changes})
        for key, dimension in table["space"].items():
            for text in space.ends(dimension):
                config.load(config_file, [*changes, f"{key}={text}"])
    except ValueError as error:
        raise CouldNot(str(error)) from None
    data = Path(settings.data.file).expanduser()
    if not data.exists():
        importlib.import_module(f"{package}.data").load(
            settings, ()
        )  # makes the example, or says why
    code = {str(path): _sha256(path) for path in sorted(Path("src").rglob("*.py"))}
    about = {
        **{key: table[key] for key in ("metric", "direction", "seed")},
        "dimensions": table["space"],
        "fixed": changes,
        "package": package,
    }
    dumped = config.dump(settings)
    identity = json.dumps([about, dumped, _sha256(data), code], sort_keys=True)
    folder = RUNS / f"sweep-{hashlib.sha256(identity.encode()).hexdigest()[:8]}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "settings.toml").write_text(dumped, encoding="utf-8")
    found = Search(folder, trials=table["trials"], **about)
    new = folder / "new-search.json"
    new.write_text(json.dumps({**about, "trials": found.trials}, indent=2), encoding="utf-8")
    new.replace(folder / "search.json")
    return found


def forget(search: Search) -> None:
    """Removes what it knows of its trials, all of which failed; their runs stay."""
    for path in [search.folder / "journal.log", *search.folder.glob("trial-*.log")]:
        path.unlink()


def load(name: str) -> Search:
    """A search that was prepared, by its folder or the folder's name."""
    for place in (RUNS / name, Path(name)):
        if (place / "search.json").is_file():
            about = json.loads((place / "search.json").read_text(encoding="utf-8"))
            return Search(RUNS / place.name, **about)
    raise CouldNot(f"There is no search {name}. Begin one: poe sweep")


def _sha256(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
