"""Training with each framework's starter beside the same by hand: figures, seconds, lines, memory.

Part of `make bench`; by itself it writes docs/training.md and measures nothing else:

    python benchmarks/training.py [FRAMEWORK ...]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from measure import Failed
from report import Goal, table
from support.engine import MINOR, Tiny
from support.index import serve
from support.real import cached_environ, copied, cpu_torch
from support.template import ROOT, make_template

PAGE = ROOT / "docs" / "training.md"
BY_HAND = ROOT / "benchmarks" / "by_hand"
CATALOGUE = json.loads((ROOT / "catalogue" / "libraries.json").read_text(encoding="utf-8"))
PACKAGE = "my_project"
ROWS, COLUMNS, MANY = 100_000, 30, 2_000_000
TREES = ["model.rounds=200", "model.patience=200"]
NETWORK = ["model.epochs=5", "model.patience=5", "model.dropout=0.0"]
LARGER = {
    "scikit-learn": TREES[:1],
    "xgboost": TREES,
    "lightgbm": TREES,
    "pytorch": NETWORK,
    "tensorflow": NETWORK,
    "jax": NETWORK,
}
"""The settings for the large table: the same work by hand and through the starter."""

MAKE = f"""\
import numpy as np, pandas as pd, sys
random, rows = np.random.default_rng(0), int(sys.argv[2])
for at in range(0, rows, 100_000):
    X = random.normal(size=(min(100_000, rows - at), {COLUMNS})).round(5)
    table = pd.DataFrame(X, columns=[f"x{{number}}" for number in range({COLUMNS})])
    table["label"] = (X[:, :6].sum(axis=1) + random.normal(size=len(X)) > 0).astype(int)
    table.to_csv(sys.argv[1], index=False, header=at == 0, mode="a" if at else "w")
"""
"""Writes a table of numbers and a label that six of them tell."""

PIECES = """\
import pandas, sys
for piece in pandas.read_csv(sys.argv[1], chunksize=40_000): pass
"""

HEAD = """\
# Training: figures, time, memory

`make bench` wrote this page. It made a project with each framework (`accelerator=cpu` where there
is one) and ran `poe train` beside a script that does the same by hand, as the framework's own first
example does it: `benchmarks/by_hand`. 2 cores, Python {python}; seconds are of whole commands, with
the start of the library.

"""
DIGITS = """\
## The data that comes along

scikit-learn's handwritten digits, 1,797 images in 10 classes; the accuracy is that of the fifth of
them that is the test. Lines are those of `model.py` and `train.py`, and of the script. A script
measures nothing else, draws and keeps nothing, and takes no other table.

"""
LARGE = """\
## A larger table

{rows:,} rows of {columns} numbers, the same settings for both:
{settings}.

"""
MEMORY = """\
## Two million rows

{columns} numbers in each, a file of {megabytes:,.0f} MB, with scikit-learn. Training takes
{train:,.0f} MB at its peak, which is {times:.1f} times the table in float32, the libraries' own
{idle:,.0f} MB left out.

`poe predict` takes {predict:.1f} s. `pandas.read_csv` reads the same file in {pieces:.1f} s a piece
at a time, as `poe predict` does, and in {read:.1f} s whole, on all processors, in {held:,.0f} MB;
`poe predict` needs {tenth:,.0f} MB at its peak for a tenth of the rows and {all:,.0f} MB for all.
"""


class Took(NamedTuple):
    seconds: float
    megabytes: float
    """Of memory, at the peak."""

    printed: str


@dataclass(frozen=True)
class Trained:
    framework: str
    library: str
    version: str
    accuracy: tuple[float, float]
    """On the test part of the digits: through the starter, by hand; so are all pairs here."""

    digits: tuple[float, float]
    """Seconds for the digits."""

    large: tuple[float, float]
    """Seconds for the larger table."""

    lines: tuple[int, int]


@dataclass(frozen=True)
class Large:
    """What two million rows take with the default framework: seconds, and megabytes of memory."""

    file: float
    idle: float
    train: float
    predict: Took
    tenth: Took
    pieces: Took
    read: Took


class Training(NamedTuple):
    trained: Sequence[Trained]
    large: Large | None


def measure(folder: Path, rounds: int, wanted: Sequence[str] = ()) -> Training:
    """All frameworks that can be had for this Python, or the `wanted`, and the largest table."""
    template = make_template(folder / "template")
    (folder / "home").mkdir()
    environ = cached_environ(folder / "home")
    trained, large = [], None
    for framework, needs in CATALOGUE["frameworks"].items():
        library = needs[0] if needs else framework
        entry = next((each for each in CATALOGUE["libraries"] if each["name"] == library), None)
        if not entry or MINOR not in entry["pythons"] or (wanted and framework not in wanted):
            continue
        with _answers(framework, library) as answers:
            project = copied(template, folder / framework, environ, **answers)
        trained.append(beside(project, framework, library, rounds))
        if framework == "scikit-learn":
            large = two_million(project)
    return Training(trained, large)


def beside(project: Tiny, framework: str, library: str, rounds: int) -> Trained:
    """The starter and the script take turns; of the larger table the median counts."""
    source = project.root / "src" / PACKAGE
    digits = through_starter(project)
    here(project, f"{PACKAGE}.evaluate")
    mine = json.loads((newest(project) / "test.json").read_text(encoding="utf-8"))["test"]
    hand = by_hand(project, framework, "data/raw/digits.csv", "digit")
    file = make(project, "larger", ROWS)
    changes = [f"data.file={file}", "data.target=label", *LARGER[framework]]
    pairs = []
    for _ in range(rounds):
        starter = through_starter(project, *changes)
        pairs.append((starter.seconds, by_hand(project, framework, file, "label").seconds))
    return Trained(
        framework,
        library,
        _installed(project.root, library),
        (mine["accuracy"], float(hand.printed.split()[-1])),
        (digits.seconds, hand.seconds),
        (median(each[0] for each in pairs), median(each[1] for each in pairs)),
        (
            sum(_lines(source / each) for each in ("model.py", "train.py")),
            sum(_lines(BY_HAND / each) for each in ("table.py", _script(framework))),
        ),
    )


def two_million(project: Tiny) -> Large:
    file, tenth = (make(project, f"large-{rows}", rows) for rows in (MANY, MANY // 10))
    idle = took(project, "-c", f"import {PACKAGE}.train")
    changes = [f"data.file={file}", "data.target=label", "model.rounds=10"]
    train = through_starter(project, *changes)
    output = ("--output", "out.csv")
    return Large(
        (project.root / file).stat().st_size / 1e6,
        idle.megabytes,
        train.megabytes,
        here(project, f"{PACKAGE}.predict", file, *output),
        here(project, f"{PACKAGE}.predict", tenth, *output),
        took(project, "-c", PIECES, file),
        took(project, "-c", f"import pandas; pandas.read_csv({file!r})"),
    )


def goals(found: Training) -> list[Goal]:
    """The figures beside the goals of the design."""
    rows = []
    for each in found.trained:
        starter, hand = each.large
        what = f"training with {each.framework}, over the same by hand"
        rows.append(Goal(what, f"{starter:.1f} s, {hand:.1f} s", starter / hand, 1.3, " x"))
    if large := found.large:
        predict, read = large.predict.seconds, large.pieces.seconds
        what = "`poe predict` of 2 million rows, over `pandas.read_csv` by pieces"
        rows.append(Goal(what, f"{predict:.1f} s, {read:.1f} s", predict / read, 1.5, " x"))
        figures = f"{large.train - large.idle:,.0f} MB, {_float32():,.0f} MB"
        what = "memory for training on them, over the table in float32"
        rows.append(Goal(what, figures, (large.train - large.idle) / _float32(), 2.5, " x"))
    return rows


def page(found: Training) -> str:
    """The text of docs/training.md."""
    digits = [
        [
            f"{each.framework} ({each.library} {each.version})",
            *(f"{figure:.3f}" for figure in each.accuracy),
            *(f"{seconds:.1f}" for seconds in each.digits),
            *map(str, each.lines),
        ]
        for each in found.trained
    ]
    larger = [
        [each.framework, *(f"{seconds:.1f}" for seconds in each.large), f"{ratio:.2f} x"]
        for each in found.trained
        for ratio in [each.large[0] / each.large[1]]
    ]
    settings = f"trees `{' '.join(TREES)}`, networks `{' '.join(NETWORK)}`"
    heads = ["test accuracy", "by hand", "seconds", "by hand", "lines", "by hand"]
    parts = [
        HEAD.format(python=MINOR) + DIGITS + table(["framework", *heads], digits),
        LARGE.format(rows=ROWS, columns=COLUMNS, settings=settings)
        + table(["framework", "seconds", "by hand", "over that"], larger),
    ]
    if large := found.large:
        parts.append(
            MEMORY.format(
                columns=COLUMNS, megabytes=large.file, train=large.train - large.idle,
                times=(large.train - large.idle) / _float32(), idle=large.idle,
                predict=large.predict.seconds, pieces=large.pieces.seconds,
                read=large.read.seconds, held=large.read.megabytes,
                tenth=large.tenth.megabytes, all=large.predict.megabytes,
            ).rstrip()
        )  # fmt: skip
    return "\n\n".join(parts) + "\n" + _by_people()


def through_starter(project: Tiny, *changes: str) -> Took:
    return here(project, f"{PACKAGE}.train", *changes)


def here(project: Tiny, module: str, *words: str) -> Took:
    return took(project, "-m", module, *words)


def by_hand(project: Tiny, framework: str, file: str, target: str) -> Took:
    """The script, with the settings of the newest run."""
    config = newest(project) / "config.toml"
    return took(project, str(BY_HAND / _script(framework)), file, target, str(config))


def took(project: Tiny, *words: str) -> Took:
    """What a command of the environment's Python takes; it must work."""
    argv = [str(project.python), *words]
    with tempfile.TemporaryFile("w+") as output:
        began = perf_counter()
        process = subprocess.Popen(
            argv, cwd=project.root, env=project.environ, stdout=output, stderr=output
        )
        _, status, used = os.wait4(process.pid, 0)
        seconds = perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        printed = output.read()
    if process.returncode:
        raise Failed(f"{' '.join(argv)} ended with {process.returncode}:\n{printed}")
    scale = 1 if sys.platform == "darwin" else 1024  # bytes there, else kilobytes
    return Took(seconds, used.ru_maxrss * scale / 1e6, printed)


def make(project: Tiny, name: str, rows: int) -> str:
    """A table of so many rows in the project."""
    file = f"data/raw/{name}.csv"
    took(project, "-c", MAKE, file, str(rows))
    return file


def newest(project: Tiny) -> Path:
    return max((project.root / "runs").glob("*-seed*"), key=lambda run: run.stat().st_mtime)


@contextmanager
def _answers(framework: str, library: str) -> Iterator[dict[str, Any]]:
    """Those for a project without anything for GPUs; PyTorch from this disk where it is there."""
    answers: dict[str, Any] = {"framework": framework, "libraries": [], "python_version": MINOR}
    variants = {each["of"] for each in CATALOGUE["variants"] if each["accelerator"] == "cpu"}
    if library in variants or library == "torch":
        answers["accelerator"] = "cpu"
    folder = cpu_torch() if library == "torch" else None
    with serve(folder) if folder else nullcontext("") as address:
        yield {**answers, "torch_index": address} if address else answers


def _installed(root: Path, library: str) -> str:
    """The version in the lock, of a library that may be asked for by another name."""
    text = (root / "requirements.txt").read_text(encoding="utf-8")
    names = (f"{library}==", f"{library}-cpu==")
    return next(
        line.split()[0].partition("==")[2] for line in text.splitlines() if line.startswith(names)
    )


def _script(framework: str) -> str:
    return f"with_{framework.replace('-', '_')}.py"


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def _float32() -> float:
    """Megabytes of the largest table, as numbers of four bytes."""
    return MANY * COLUMNS * 4 / 1e6


def _by_people() -> str:
    """The part of the page that is not measured here, as it is."""
    text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    found = text.partition("\n## On a GPU\n")
    return f"{found[1]}{found[2]}"


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        found = measure(Path(folder), 3, sys.argv[1:])
    print(page(found))
    if len(sys.argv) == 1:
        PAGE.write_text(page(found), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
