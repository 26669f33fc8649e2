"""What each framework's starter learns: made as a user makes it, trained, and read from its run.

Part of `make bench`; by itself it writes docs/training.md and measures nothing else:

    python benchmarks/training.py
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from report import table
from support.engine import MINOR
from support.index import serve
from support.real import cached_environ, copied, cpu_torch, inside
from support.template import ROOT, make_template

PAGE = ROOT / "docs" / "training.md"
CATALOGUE = json.loads((ROOT / "catalogue" / "libraries.json").read_text(encoding="utf-8"))
HEAD = """\
# What the starters learn

`make bench` made a project with each framework (`accelerator=cpu` where there is one), ran
`poe train` with the configuration as it comes, and read the figures from the run. The data is
scikit-learn's handwritten digits: {rows} images in 10 classes, a fifth of them for the test.
Seconds are those of the training run, with the start of the library and two pictures, on 2 cores;
Python {python}.

"""


class Trained(NamedTuple):
    framework: str
    library: str
    version: str
    accuracy: float
    """On the test part."""

    epochs: int
    seconds: float
    rows: int


def measure(folder: Path) -> Iterator[Trained]:
    """Each framework that can be had for this Python, in the order of the prompt."""
    template = make_template(folder / "template")
    (folder / "home").mkdir()
    environ = cached_environ(folder / "home")
    for framework, needs in CATALOGUE["frameworks"].items():
        library = needs[0] if needs else framework
        entry = next((each for each in CATALOGUE["libraries"] if each["name"] == library), None)
        if entry is None or MINOR not in entry["pythons"]:
            continue
        with _answers(framework, library) as answers:
            project = copied(template, folder / framework, environ, **answers)
        inside(project, "poe", "train")
        (run,) = (project.root / "runs").glob("*-seed*")
        info, metrics = (_json(run / name) for name in ("run.json", "metrics.json"))
        yield Trained(
            framework,
            library,
            str(info["libraries"].get(library) or _installed(project.root, library)),
            metrics["test"]["accuracy"],
            info["epochs"],
            info["seconds"],
            sum(part["rows"] for part in metrics.values()),
        )


def page(trained: Sequence[Trained]) -> str:
    rows = [
        [
            each.framework,
            f"{each.library} {each.version}",
            f"{each.accuracy:.4f}",
            str(each.epochs),
            f"{each.seconds:.1f}",
        ]
        for each in trained
    ]
    head = HEAD.format(rows=f"{trained[0].rows:,}", python=MINOR)
    return head + table(["framework", "version", "test accuracy", "epochs", "seconds"], rows) + "\n"


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
    """The version in the lock, of a library that is asked for by another name."""
    text = (root / "requirements.txt").read_text(encoding="utf-8")
    versions = [line.split()[0] for line in text.splitlines() if line.startswith(f"{library}-")]
    return versions[0].partition("==")[2]


def _json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        trained = []
        for each in measure(Path(folder)):
            print(each, flush=True)
            trained.append(each)
    PAGE.write_text(page(trained), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
