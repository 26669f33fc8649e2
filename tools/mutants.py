# /// script
# requires-python = ">=3.11"
# dependencies = ["cosmic-ray==8.7.0"]
# [tool.uv]
# exclude-newer = "2026-11-19T00:00:00Z"
# ///
"""`make mutants`: whether a test fails for small mistakes in the engine and in the hooks.

cosmic-ray makes one change at a time, in a clone of this repository, and runs the tests that have
to notice. A change that survives shows a test that is missing, or stands in mutants.toml with the
reason why it does no harm. Which changes are tried is drawn anew each week: all would take days.
https://cosmic-ray.readthedocs.io
"""

from __future__ import annotations

import argparse
import datetime
import json
import random
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from cosmic_ray.work_db import use_db
from cosmic_ray.work_item import TestOutcome, WorkerOutcome, WorkResult

ROOT = Path(__file__).resolve().parent.parent
TABLE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
PAGE = ROOT / "docs" / "maintaining.md"
PLACE = re.compile(r"(?<=<!-- mutants -->\n).*?(?=<!-- end -->)", re.DOTALL)
WORTH_A_TRY = re.compile(
    "core/(AddNot|ReplaceAndWithOr|ReplaceOrWithAnd|ReplaceTrueWithFalse|ReplaceFalseWithTrue"
    "|ReplaceBreakWithContinue|ReplaceContinueWithBreak|ZeroIterationForLoop|NumberReplacer"
    "|ReplaceUnaryOperator_Delete_Not|ReplaceComparisonOperator_("
    "Eq_NotEq|NotEq_Eq|Lt_LtE|LtE_Lt|Gt_GtE|GtE_Gt|Is_IsNot|IsNot_Is|In_NotIn|NotIn_In))"
)
"""The operators whose changes a person could have made; the others make many that say the same."""

PYTHON = ROOT / ".venv" / "bin" / "python"
"""Runs the tests; this script runs in an environment of its own."""

TIMEOUT_S = 300


class Outcome(NamedTuple):
    module: str
    killed: int
    late: int
    """Of `killed`, those whose tests were stopped at TIMEOUT_S: on a busy machine none may fail."""

    survived: tuple[str, ...]
    """Each as the lines of its diff that differ."""


def main() -> int:
    """Exit code 0 where each survivor is accounted for, else 1."""
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__.split("\n")[0])
    parser.add_argument("modules", nargs="*", default=modules(), help="default: all")
    parser.add_argument("--most", type=int, default=3, help="changes tried in a module")
    parser.add_argument("--seed", default="{}-{}".format(*datetime.date.today().isocalendar()))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        clones = [clone(Path(folder) / name) for name in ("one", "two")]
        parts = [options.modules[start::2] for start in (0, 1)]
        with ThreadPoolExecutor(len(clones)) as pool:
            found = pool.map(
                lambda place, part: [judged(place, each, options) for each in part], clones, parts
            )
            outcomes = sorted(each for some in found for each in some)
    page = PLACE.sub(score(outcomes), PAGE.read_text(encoding="utf-8"))
    PAGE.write_text(page, encoding="utf-8")
    unknown = [
        f"{each.module}\n{change}"
        for each in outcomes
        for change in each.survived
        if change not in TABLE["survivors"].get(each.module, {})
    ]
    if unknown:
        print("A test is missing, or a reason in tools/mutants.toml:", *unknown, sep="\n\n")
    return 1 if unknown else 0


def modules() -> list[str]:
    """All modules of the engine and the hooks, by path."""
    found = [*(ROOT / "hooks").rglob("*.py"), *(ROOT / "template/tools/env").rglob("*.py")]
    return sorted(path.relative_to(ROOT).as_posix() for path in found)


def clone(place: Path) -> Path:
    """A clone of this repository: changes are made in it, and nowhere else."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(place)], check=True)
    return place


def tests_of(module: str) -> list[str]:
    """The files that the table names for a module, or for the nearest folder above it."""
    nearest = max(filter(module.startswith, TABLE["tests"]), key=len)
    return list(TABLE["tests"][nearest])


def judged(place: Path, module: str, options: argparse.Namespace) -> Outcome:
    """Try changes of a module in a clone."""
    tests = " ".join(tests_of(module))
    command = f"{PYTHON} -m pytest -x -q -m 'not weekly' {tests}"
    settings = {"module-path": module, "timeout": TIMEOUT_S, "test-command": command}
    lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    config, session = place / "cosmic-ray.toml", place / f"{module.replace('/', '.')}.sqlite"
    head, tail = "[cosmic-ray]", '[cosmic-ray.distributor]\nname = "local"'
    config.write_text("\n".join([head, *lines, tail, ""]), encoding="utf-8")
    cosmic_ray(place, "init", config, session)
    keep(session, options.most, f"{options.seed} {module}")
    cosmic_ray(place, "exec", config, session)
    with use_db(str(session)) as work:
        done = [
            result for _, result in work.results if result.worker_outcome == WorkerOutcome.NORMAL
        ]
    survived = [difference(each.diff) for each in done if each.test_outcome == TestOutcome.SURVIVED]
    head = f"{module}: {len(done) - len(survived)} of {len(done)} noticed"
    print("\n".join([head, *survived]), file=sys.stderr, flush=True)
    late = sum(each.output == "timeout" for each in done)
    return Outcome(module, len(done) - len(survived), late, tuple(survived))


def keep(session: Path, most: int, seed: str) -> None:
    """Let only some of a session's changes be tried, drawn by `seed`."""
    with use_db(str(session)) as work:
        items = sorted(work.pending_work_items, key=lambda item: repr(item.mutations))
        worth = [each for each in items if WORTH_A_TRY.fullmatch(each.mutations[0].operator_name)]
        chosen = random.Random(seed).sample(worth, min(most, len(worth)))
        skipped = WorkResult(worker_outcome=WorkerOutcome.SKIPPED)
        work.set_multiple_results((each.job_id for each in items if each not in chosen), skipped)


def cosmic_ray(place: Path, *words: str | Path) -> None:
    argv = [sys.executable, "-m", "cosmic_ray.cli", *map(str, words)]
    subprocess.run(argv, cwd=place, check=True)


def difference(diff: str) -> str:
    """The changed lines of a diff, and nothing of where they are."""
    changed = re.findall(r"^([-+])(?!--|\+\+) *(.*)$", diff, re.MULTILINE)
    return "\n".join(f"{sign} {line}" for sign, line in changed)


def score(outcomes: Sequence[Outcome]) -> str:
    """What docs/maintaining.md says of them."""
    survived = sum(len(each.survived) for each in outcomes)
    tried = survived + sum(each.killed for each in outcomes)
    return (
        f"On {datetime.date.today()}, of {tried} changes in {len(outcomes)} of {len(modules())} "
        f"modules, the tests noticed {tried - survived}; "
        f"{sum(each.late for each in outcomes)} of these by running too long.\n"
    )


if __name__ == "__main__":
    sys.exit(main())
