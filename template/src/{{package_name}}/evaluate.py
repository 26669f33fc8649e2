"""`poe evaluate`: measures a stored model again and says whether its figures still hold."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from .errors import UserError, guarded
from .files import find_root, shown


def main(arguments: Sequence[str] | None = None, root: Path | None = None) -> int:
    """The command: returns its exit code, 1 when the figures are not the stored ones."""
    parser = argparse.ArgumentParser("evaluate", description="Measure a stored model again.")
    parser.add_argument("run", nargs="?", metavar="RUN", help="id or path; default: the newest run")
    asked = parser.parse_args(arguments)
    return guarded(lambda: evaluate(root or find_root(), asked.run))


def evaluate(root: Path, name: str | None = None) -> None:
    """Loads the run's model, splits the data as the run did, and compares with metrics.json.

    Raises UserError when the run cannot be used, the data is another, or the figures differ.
    """
    from . import config, data, metrics, runs

    run = runs.find(root, name)
    try:
        settings = config.parse(run.info.get("config"), "config")
        recorded = run.info["data"]["sha256"]
    except (UserError, KeyError, TypeError) as error:
        raise runs.damaged(run.folder / runs.INFO, root, error) from None
    print(f"run   {shown(run.folder, root)}")
    found = data.load(root, settings.data, settings.seed)
    if found.sha256 != recorded:
        raise UserError(
            f"{found.file} is not the data of this run: its sha256 begins with "
            f"{found.sha256[:12]}, the run's with {str(recorded)[:12]}.",
            "Bring that file back, or train on the present one with `poe train`.",
        )
    figures = metrics.of_model(runs.load_model(run, root), found.parts)
    print(f"data  {found.file}, sha256 {found.sha256[:12]}...\n\n{metrics.table(figures)}\n")
    differences = metrics.differences(run.metrics, figures)
    if differences:
        more = f" and {len(differences) - 1} more" if len(differences) > 1 else ""
        raise UserError(
            f"The figures are not those of metrics.json ({differences[0]}{more}).",
            "Check that the environment is the run's with `python tools/env check`.",
        )
    print("same  all figures equal metrics.json")


if __name__ == "__main__":
    sys.exit(main())
