# Owned by the template.
"""Pictures of a search: how it went, what mattered, and which settings go together."""

from __future__ import annotations

import math

import optuna
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from optuna.distributions import CategoricalDistribution
from optuna.trial import FrozenTrial
from search import Search

FEW = 4
"""Of fewer trials nobody can say what mattered."""


def draw(search: Search, study: optuna.Study, trials: list[FrozenTrial]) -> None:
    """Writes them into the folder of the search; `trials` are those that succeeded."""
    history(search, trials).savefig(search.folder / "history.png")
    varied = [
        key for key in search.dimensions if len({str(trial.params[key]) for trial in trials}) > 1
    ]
    if len(trials) >= FEW and len({trial.value for trial in trials}) > 1 and varied:
        importance(search, study).savefig(search.folder / "importance.png")
        parallel(search, trials, varied).savefig(search.folder / "parallel_coordinates.png")


def history(search: Search, trials: list[FrozenTrial]) -> Figure:
    figure = Figure(figsize=(6, 4), dpi=150, constrained_layout=True)
    axes, better = figure.subplots(), max if search.direction == "maximize" else min
    numbers, values = [t.number for t in trials], [t.value for t in trials]
    axes.plot(numbers, values, "o", alpha=0.6, label="trial")
    best = [better(values[: at + 1]) for at in range(len(values))]
    axes.step(numbers, best, where="post", label="best so far")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel="trial", ylabel=search.metric, title="History")
    axes.legend(frameon=False)
    return figure


def importance(search: Search, study: optuna.Study) -> Figure:
    """https://optuna.readthedocs.io/en/stable/reference/importance.html"""
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=search.seed)
    found = optuna.importance.get_param_importances(study, evaluator=evaluator)
    names = sorted(found, key=lambda name: found[name])
    figure = Figure(figsize=(6, 4), dpi=150, constrained_layout=True)
    axes = figure.subplots()
    axes.barh(names, [found[name] for name in names])
    axes.set(xlabel=f"share of what varies in {search.metric}", title="Importance")
    return figure


def parallel(search: Search, trials: list[FrozenTrial], keys: list[str]) -> Figure:
    """A line for each trial, the better the darker; each setting has a scale of its own."""
    figure = Figure(figsize=(2.5 + 1.6 * len(keys), 4), dpi=150, constrained_layout=True)
    axes, places, ticks = figure.subplots(), [], []
    for key in keys:
        dimension = trials[0].distributions[key]
        values = [trial.params[key] for trial in trials]
        if isinstance(dimension, CategoricalDistribution):
            choices, count = list(dimension.choices), max(1, len(dimension.choices) - 1)
            places.append([choices.index(value) / count for value in values])
            ticks.append([(at / count, text) for at, text in enumerate(choices)])
        else:
            low, high = (_scaled(each, dimension) for each in (dimension.low, dimension.high))
            places.append([(_scaled(value, dimension) - low) / (high - low) for value in values])
            ticks.append([(0.0, f"{dimension.low:g}"), (1.0, f"{dimension.high:g}")])
    sign = 1 if search.direction == "maximize" else -1
    order = sorted(range(len(trials)), key=lambda at: sign * trials[at].value)  # the best on top
    for rank, at in enumerate(order):
        strength = rank / max(1, len(order) - 1)
        best = rank == len(order) - 1
        style = {"color": "C1", "linewidth": 2.5} if best else {"color": "C0", "linewidth": 1.2}
        line = [column[at] for column in places]
        label = f"trial {trials[at].number}, the best" if best else None
        axes.plot(line, "o-", alpha=0.1 + 0.9 * strength**2, label=label, **style)
    for at, each in enumerate(ticks):
        axes.axvline(at, color="grey", linewidth=0.8)
        for place, text in each:
            axes.annotate(text, (at, place), (4, 4), textcoords="offset points", fontsize=8)
    axes.set_xticks(range(len(keys)), keys, rotation=20, ha="right")
    axes.set(yticks=[], ylim=(-0.05, 1.1), xlim=(-0.2, len(keys) - 0.4))
    axes.set_title("Settings that go together")
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(0, -0.3))
    return figure


def _scaled(value: float, dimension: optuna.distributions.BaseDistribution) -> float:
    return math.log(value) if dimension.log else value
