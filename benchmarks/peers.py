"""`make bench-peers`: this template beside other ways to begin, and docs/comparison.md about it.

For Linux and macOS. Everything happens in a temporary folder. The cold figure of a way is its first
run, with caches of its own that are empty; the warm ones come after it. Four environments are
downloaded and one is cloned: about six minutes where the network is quick.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median

import comparison
import report
import spoiling
from bench import say, version
from comparison import Measured
from measure import Failed
from scene import Scene, build
from ways import WAYS, Made, Project, Way, prepare


def main() -> int:
    """Exit code: 0 when our own way was measured, else 1; others that fail are named as such."""
    parser = argparse.ArgumentParser(description="Measure, and write docs/comparison.md.")
    parser.add_argument("--rounds", type=int, default=1, metavar="N", help="warm runs; default: 1")
    parser.add_argument("--only", metavar="WAY", help="measure this one, and write no page")
    given = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory(prefix="peers-") as folder:
            say("setting the scene ...")
            scene = build(Path(folder))
            prepare(scene)
            measured, failed = {}, {}
            for way in (way for way in WAYS if given.only in (None, way.name)):
                try:
                    measured[way.name] = measure(scene, way, given.rounds)
                except Failed as error:
                    if way is WAYS[0] or given.only:
                        raise
                    say(f"{way.name}: {error}")
                    failed[way.name] = str(error).partition("\n")[0]
            where = report.machine(version(scene, "uv"), version(scene, str(scene.copier)))
            if given.only:
                print(*measured.values(), sep="\n")
            else:
                comparison.write(list(measured.values()), failed, where, given.rounds)
    except Failed as error:
        print(f"{error}\nMend that, then run it again: make bench-peers", file=sys.stderr)
        return 1
    return 0


def measure(scene: Scene, way: Way, rounds: int) -> Measured:
    """Make the project cold and warm, then spoil its environment and ask. Raises Failed."""
    project = Project(scene, way)
    say(f"{way.name}: cold ...")
    cold = project.make()
    say(f"{way.name}: warm ...")
    runs = [project.make() for _ in range(rounds)]
    models = [each.model for each in runs if each.model is not None]
    warm = Made(median(each.environment for each in runs), median(models) if models else None)
    say(f"{way.name}: differences ...")
    found = comparison.size(project.folder)
    return Measured(way, cold, warm, found, spoiling.report(project))


if __name__ == "__main__":
    sys.exit(main())
