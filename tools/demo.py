"""`make demo`: a real project beside this clone, its environment made and checked, a model trained.

Asks nothing. A project of an earlier demo is left alone; the new one gets the next free name.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from itertools import count
from pathlib import Path

TEMPLATE = Path(__file__).resolve().parent.parent


def main() -> int:
    project = free_place(TEMPLATE.parent)
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    engine = [sys.executable, "tools/env"]
    answers = ["--data", "project_name=Seedbed demo", "--data", f"python_version={python}"]
    copy = [sys.executable, "-m", "copier", "copy", "--quiet", "--defaults", "--trust"]
    copy += ["--vcs-ref", "HEAD", *answers, str(TEMPLATE), str(project)]
    steps = {
        f"Generate {project} with its environment": (copy, TEMPLATE),
        "Check that the environment is exactly what is locked": ([*engine, "check"], project),
        "Train": ([*engine, "run", "--", "poe", "-q", "train"], project),
        "Run the project's own tests": ([*engine, "run", "--", "poe", "-q", "test", "-q"], project),
    }
    took = {}
    for title, (argv, cwd) in steps.items():
        print(f"\n== {title}", flush=True)
        started = time.monotonic()
        # Trouble with the environment is a failure here: nobody is asked, and nothing comes after.
        code = subprocess.run(argv, cwd=cwd, env=strict(), check=False).returncode
        took[title] = time.monotonic() - started
        if code:
            print(f"\nThe demo ended here. Mend what is said above, then run: make demo ({code})")
            return 1
    report(project, took)
    return 0


def report(project: Path, took: dict[str, float]) -> None:
    """Print what came out: seconds, metrics, the report."""
    run = max((project / "runs").glob("*/metrics.json")).parent
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    print("\n== Done")
    for title, seconds in took.items():
        print(f"{seconds:7.1f} s  {title}")
    print(f"\nValidation accuracy {metrics['validation']['accuracy']:.4f}. Look at the report:")
    print(f"  {run / 'report.html'}")
    print(f"\nGo on there:\n  cd {shlex.quote(str(project))}\n  . ./activate.sh")


def free_place(parent: Path) -> Path:
    """The first of seedbed-demo, seedbed-demo-2, ... that does not exist in `parent`."""
    names = ("seedbed-demo" if n == 1 else f"seedbed-demo-{n}" for n in count(1))
    return next(parent / name for name in names if not (parent / name).exists())


def strict() -> dict[str, str]:
    """The variables with which a hook fails where it would otherwise only tell."""
    return {**os.environ, "SEEDBED_STRICT": "1"}


if __name__ == "__main__":
    sys.exit(main())
