"""What it costs that each worker of a cluster proves its environment, and how workers start.

Part of `make bench`; by itself it fills the table of docs/scaling.md and measures nothing else:

    python benchmarks/scaling.py
"""

from __future__ import annotations

import re
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


def measure(folder: Path, rounds: int) -> Scaling:
    """A project with Dask and Ray, made with uv so that `uv run` can be beside it."""
    template = make_template(folder / "template")
    (folder / "home").mkdir()
    answers = {"env_manager": "uv", "scale_out": ["dask", "ray"]}
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
    ways |= {name: _together(project, argv) for name, argv in together.items()}
    return Scaling(content(project.env / "lib"), **medians(ways, rounds))


def _alone(project: Tiny, argv: Sequence[str]) -> Way:
    return lambda: run(argv, project.root, project.environ)


def _together(project: Tiny, argv: Sequence[str]) -> Way:
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
            for _ in range(TOGETHER)
        ]
        codes = [worker.wait() for worker in workers]
        if any(codes):
            raise Failed(f"`{' '.join(argv)}` ended badly, {TOGETHER} at once.")
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
    ]
    size = f"an environment of {found.packages.files:,} files, {found.packages.megabytes:,.0f} MB"
    filled = table([size, "seconds"], [[str(what), f"{took:.2f}"] for what, took in rows])
    PAGE.write_text(MARKS.sub(lambda _: f"{filled}\n", PAGE.read_text("utf-8")), encoding="utf-8")
    print(filled)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        write(measure(Path(scratch), 3))
