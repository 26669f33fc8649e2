# Owned by the template.
"""A command on several workers of an engine that exists, each held to this very environment."""

from __future__ import annotations

import importlib
import json
from collections.abc import Sequence
from pathlib import Path

import environment


def launch(command: Sequence[str], *, on: str, workers: int, full: bool = False) -> int:
    """Start it on so many workers of `dask`, `ray` or `slurm` and wait; their lines are shown.

    `full` has each of them hash its environment, too. 0 where all ended with 0, else 1. Raises
    CouldNot.
    """
    if not Path(__file__).with_name(f"on_{on}.py").is_file():
        mend = "Add it to the answer `scale_out`: copier update --trust --data scale_out=..."
        raise environment.CouldNot(f"This project has no launcher for {on}.", mend)
    expected = json.dumps(environment.publish(full=full))
    engine = importlib.import_module(f"on_{on}")
    ended = engine.launch([*command], workers=workers, expected=expected)
    failed = {number: each for number, each in sorted(ended.items()) if each[0]}
    for number, (code, lines) in failed.items():
        print(f"worker {number} failed, exit code {code}:", *lines, sep="\n  ")
    print(f"{len(ended) - len(failed)} of {len(ended)} workers ended well")
    return 1 if failed else 0
