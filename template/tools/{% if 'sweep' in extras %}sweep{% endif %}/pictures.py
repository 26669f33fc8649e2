# Owned by the template.
"""Pictures of a search: how it went, what mattered, and which settings go together."""

from __future__ import annotations

import matplotlib
import optuna
from optuna.trial import FrozenTrial
from optuna.visualization import matplotlib as drawn
from search import Search

FEW = 4
"""Of fewer trials nobody can say what mattered."""

matplotlib.use("agg")  # into files, with or without a screen


def draw(search: Search, study: optuna.Study, trials: list[FrozenTrial]) -> None:
    """Writes them into the folder of the search; `trials` are those that succeeded."""
    metric = {"target_name": search.metric}
    pictures = {"history": drawn.plot_optimization_history(study, **metric)}
    varied = [
        key for key in search.dimensions if len({str(trial.params[key]) for trial in trials}) > 1
    ]
    if len(trials) >= FEW and len({trial.value for trial in trials}) > 1 and varied:
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=search.seed)
        pictures |= {
            "importance": drawn.plot_param_importances(study, evaluator, **metric),
            "parallel_coordinates": drawn.plot_parallel_coordinate(study, varied, **metric),
        }
    for name, axes in pictures.items():
        axes.figure.set_size_inches(10, 5)
        axes.figure.savefig(search.folder / f"{name}.png", dpi=150, bbox_inches="tight")
