"""What it costs that each worker proves its environment, how workers start, and share a search.

Part of `make bench`; by itself it fills the table of docs/scaling.md and measures nothing else:

    python benchmarks/scaling.py
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from measure import Failed, Size, Way, content, medians, run
from report import table
from support.engine import Tiny
from support.real import cached_environ, copied
from support.template import ROOT, make_template

PAGE = ROOT / "docs" / "scaling.md"
MARKS = re.compile(r"(?<=<!-- measured -->\n).*?(?=<!-- /measured -->)", re.DOTALL)
TOGETHER = 16
NOTHING = ("python", "-c", "pass")
TRIALS = 8
MANY = 160
UNTRAINED = """
import sys
sys.path[:0] = ["tools/sweep", "tools/runs"]
import optuna, search, space, worker

optuna.logging.set_verbosity(optuna.logging.ERROR)
worker._try = lambda found, study, trial, log: (
    space.suggest(trial, found.dimensions), study.tell(trial.number, trial.number))
worker.work(search.load(sys.argv[1]))
"""


class Scaling(NamedTuple):
    """Seconds."""

    packages: Size
    bare: float
    """A command in the environment, by `tools/env run`."""

    worker: float
    """The same as a worker, which is held to the launcher's environment."""

    full: float
    """The same, every file hashed."""

    workers: float
    """So many workers at once."""

    shared: float
    """The same by `uv run`, all in one environment."""

    own: float
    """The same, each in an environment of its own."""

    search: float
    """A search of TRIALS trials, by one worker."""

    halved: float
    """The same by two."""

    trials: float
    """MANY trials chosen and told, without a training, by one worker."""

    crowd: float
    """The same by so many workers at once."""


def measure(folder: Path, rounds: int) -> Scaling:
    """A project with Dask and Ray, made with uv so that `uv run` can be beside it."""
    template = make_template(folder / "template")
    (folder / "home").mkdir()
    answers = {"env_manager": "uv", "scale_out": ["dask", "ray"], "extras": ["sweep"]}
    project = copied(template, folder / "p", cached_environ(folder / "home"), **answers)
    cluster = [str(project.python), "tools/cluster"]

    def worker(*words: str) -> list[str]:
        published = folder / f"launcher{''.join(words)}.json"
        argv = [*cluster, "publish", *words]
        facts = subprocess.check_output(argv, cwd=project.root, env=project.environ)
        published.write_bytes(facts)
        return [*cluster, "worker", str(published), "--", *NOTHING]

    uv = [project.environ["UV"], "run", "--offline", "--frozen"]
    alone = {
        "bare": [str(project.python), "tools/env", "run", "--", *NOTHING],
        "worker": worker(),
        "full": worker("--full"),
    }
    together = {
        "workers": alone["worker"],
        "shared": [*uv, *NOTHING],
        "own": [*uv, "--isolated", *NOTHING],
    }
    ways: dict[str, Way] = {name: _alone(project, argv) for name, argv in alone.items()}
    ways |= {name: _together(project, argv, TOGETHER) for name, argv in together.items()}
    ways |= {"search": _search(project, 1), "halved": _search(project, 2)}
    ways |= {"trials": _untrained(project, 1), "crowd": _untrained(project, TOGETHER)}
    return Scaling(content(project.env / "lib"), **medians(ways, rounds))


def _alone(project: Tiny, argv: Sequence[str]) -> Way:
    return lambda: run(argv, project.root, project.environ)


def _search(project: Tiny, workers: int) -> Way:
    """From its table to its page."""
    table = project.root / "configs" / "sweep.toml"

    def way() -> float:
        shutil.rmtree(project.root / "runs", ignore_errors=True)
        text = re.sub(
            "^trials = [0-9]+", f"trials = {TRIALS}", table.read_text("utf-8"), flags=re.M
        )
        table.write_text(text, encoding="utf-8")
        argv = [str(project.python), "tools/sweep", "--workers", str(workers), "model.threads=1"]
        return run(argv, project.root, project.environ)

    return way


def _untrained(project: Tiny, workers: int) -> Way:
    """With the settings of the search before."""

    def way() -> float:
        (before,) = (project.root / "runs").glob("sweep-*/search.json")
        folder = before.parent.with_name("untrained")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        about = {**json.loads(before.read_bytes()), "trials": MANY}
        (folder / "search.json").write_text(json.dumps(about), encoding="utf-8")
        return _together(project, [str(project.python), "-c", UNTRAINED, folder.name], workers)()

    return way


def _together(project: Tiny, argv: Sequence[str], count: int) -> Way:
    def way() -> float:
        started = perf_counter()
        workers = [
            subprocess.Popen(
                argv,
                cwd=project.root,
                env=project.environ,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            for _ in range(count)
        ]
        codes = [worker.wait() for worker in workers]
        if any(codes):
            raise Failed(f"`{' '.join(argv)}` ended badly, {count} at once.")
        return perf_counter() - started

    return way


def write(found: Scaling) -> None:
    """Fill the table of the page."""
    rows = [
        ["a command in the environment (`tools/env run`)", found.bare],
        ["the same as a worker, held to the launcher's environment", found.worker],
        ["the same, every file hashed (`--full`)", found.full],
        [f"{TOGETHER} workers at once", found.workers],
        [f"{TOGETHER} times `uv run` at once, in the one environment", found.shared],
        [f"{TOGETHER} times `uv run --isolated`, an environment each", found.own],
        [f"`poe sweep` of {TRIALS} trials, one worker", found.search],
        ["the same, two workers", found.halved],
        [f"{MANY} trials chosen and told, without a training, one worker", found.trials],
        [f"the same, {TOGETHER} workers at once", found.crowd],
    ]
    size = f"an environment of {found.packages.files:,} files, {found.packages.megabytes:,.0f} MB"
    filled = table([size, "seconds"], [[str(what), f"{took:.2f}"] for what, took in rows])
    PAGE.write_text(MARKS.sub(lambda _: f"{filled}\n", PAGE.read_text("utf-8")), encoding="utf-8")
    print(filled)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        write(measure(Path(scratch), 3))
