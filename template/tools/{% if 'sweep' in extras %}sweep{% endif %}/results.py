# Owned by the template.
"""What came of a search: in the terminal, as pictures and as a page."""

from __future__ import annotations

import json
from typing import Any

import compare
import optuna
import page
import pictures
from optuna.trial import FrozenTrial, TrialState
from search import Search

SHOWN = 10
"""So many of the best trials are in the terminal; the page has all."""


def say_where(search: Search, study: optuna.Study) -> None:
    trials = study.get_trials(deepcopy=False)
    done = sum(trial.state.is_finished() for trial in trials)
    where = f"{done} of {search.trials} trials are done" if trials else f"{search.trials} trials"
    print(f"search {search.folder}: {where}", flush=True)


def show(search: Search, study: optuna.Study) -> None:
    """Prints the best trials, writes the pictures and the page."""
    trials = study.get_trials(deepcopy=False)
    head, rows = table(search, trials)
    if not rows:
        return
    print()
    compare.show_table(head, rows[:SHOWN])
    good = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    if good:
        pictures.draw(search, study, good)
        run = study.best_trial.user_attrs["run"]
        print(f"\nbest  {run}. On the test rows: poe evaluate {run}")
    path = search.folder / "report.html"
    path.write_text(of_search(search, head, rows, good), encoding="utf-8")
    print(f"page  {path}")


def table(search: Search, trials: list[FrozenTrial]) -> tuple[list[str], list[list[Any]]]:
    """The head and a row for each trial that is done, the best first and the failed ones last."""
    sign = -1 if search.direction == "maximize" else 1
    done = [trial for trial in trials if trial.state.is_finished()]
    done.sort(key=lambda trial: (trial.value is None, sign * (trial.value or 0.0), trial.number))
    failed = any(trial.value is None for trial in done)
    head = ["trial", search.metric, *search.dimensions, "run", *["error"] * failed]
    rows = []
    for trial in done:
        values = [_value(trial.params.get(key)) for key in search.dimensions]
        about = [trial.user_attrs.get("run"), *[trial.user_attrs.get("error")] * failed]
        rows.append([trial.number, trial.value, *values, *about])
    return head, rows


def of_search(
    search: Search, head: list[str], rows: list[list[Any]], good: list[FrozenTrial]
) -> str:
    """The page: one file."""
    names = ("history", "importance", "parallel_coordinates")
    drawn = [search.folder / f"{name}.png" for name in names]
    shown = "".join(page.picture(path) for path in drawn if path.is_file())
    best = dict(zip(head, rows[0])) if good else {}
    looked_for = {"minimize": "least", "maximize": "most"}[search.direction]
    body = [
        f"<h1>Search for the {looked_for} {search.metric}</h1>",
        f"<p class=quiet>{search.folder.name}, {len(rows)} of {search.trials} trials, "
        f"{len(rows) - len(good)} failed, seed {search.seed}</p>",
        f"<h2>Best trial</h2>{page.pairs(best)}" if best else "",
        f"<h2>Trials</h2><div class=pictures>{shown}</div>" if shown else "<h2>Trials</h2>",
        page.table(head, rows),
        "<h2>Searched</h2>",
        page.pairs({key: json.dumps(each) for key, each in search.dimensions.items()}),
        "<details><summary>Settings of all trials</summary><pre>",
        page.escape(search.settings.read_text(encoding="utf-8")),
        "</pre></details>",
    ]
    return page.document(f"Search {search.folder.name}", body, "wide")


def _value(value: Any) -> Any:
    """A parameter as in the settings: of a choice, Optuna has the text."""
    return json.loads(value) if isinstance(value, str) else value
