"""`make bench`: measures this template beside other ways, and writes the pages with figures.

For Linux and macOS. Everything happens in a temporary folder, caches included: the first round
downloads each package twice, once for uv and once for pip. The largest environment needs 12 GB.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import creating
import everyday
import growth
import rendering
import report
import scaling
import training
import updating
from measure import Failed
from scene import REPOSITORY, Scene, build

PAGE = REPOSITORY / "docs" / "performance.md"


def main() -> int:
    """Exit code: 0 when everything was measured, whether or not the goals are met; else 1."""
    parser = argparse.ArgumentParser(description="Measure, and write docs/performance.md.")
    parser.add_argument("--rounds", type=int, metavar="N", help="default: 3, and 10 for the quick")
    given = parser.parse_args().rounds
    rounds = (given or 3, given or 10)
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            measure(Path(folder), rounds)
    except Failed as error:
        print(f"{error}\nMend that, then run it again: make bench", file=sys.stderr)
        return 1
    return 0


def measure(folder: Path, rounds: tuple[int, int]) -> None:
    """Measure everything in `folder`, print it and write the page. Raises Failed."""
    say("setting the scene ...")
    scene = build(folder)
    where = report.machine(version(scene, "uv"), version(scene, str(scene.copier)))
    say("rendering ...")
    rendered = rendering.measure(scene, rounds[1])
    say("making projects ...")
    created = creating.measure(scene, rounds[0])
    print(report.creation_table(created), flush=True)
    say("everyday commands ...")
    daily = everyday.measure(scene, rounds[1])
    say("updates ...")
    updates = updating.measure(scene, rounds[0])
    print(report.update_lines(updates), flush=True)
    say("ten projects ...")
    disk = everyday.measure_disk(scene)
    say("larger environments ...")
    grown = growth.measure(scene, rounds[1])
    print(report.growth_table(grown), flush=True)
    say("training ...")
    (folder / "training").mkdir()
    trained = training.measure(folder / "training", rounds[0])
    print(training.page(trained), flush=True)
    training.PAGE.write_text(training.page(trained), encoding="utf-8")
    say("workers of a cluster ...")
    (folder / "scaling").mkdir()
    scaling.write(scaling.measure(folder / "scaling", rounds[0]))
    goals = [*report.goals(rendered, created, daily, disk, grown), *training.goals(trained)]
    print(f"\n{report.goal_table(goals)}\n\n{where}")
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(
        report.page(where, rounds, created, daily, updates, goals, disk, grown), encoding="utf-8"
    )


def version(scene: Scene, program: str) -> str:
    """Name and number of a program, as "uv 0.13.9"."""
    words = [program, "--version"]
    done = subprocess.run(words, env=scene.with_uv, stdout=subprocess.PIPE, text=True, check=True)
    return " ".join(done.stdout.split()[:2])


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
