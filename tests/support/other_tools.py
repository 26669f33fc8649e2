"""Who reports what: our `check` and stock tools, run on one environment after another."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import drifts
from .drifts import Drift
from .engine import Tiny, loopback_environ
from .index import serve
from .managers import make

# In the order of the table in docs/checks.md.
ROWS: dict[str, Drift] = {
    "nothing: a clean environment": drifts.clean,
    "extra package": drifts.extra,
    "direct dependency missing": drifts.direct_missing,
    "transitive dependency missing": drifts.transitive_missing,
    "wrong version": drifts.wrong_version,
    "file edited": drifts.edited,
    "file deleted": drifts.deleted,
    "same version, other wheel (from a path)": drifts.other_wheel_from_a_path,
    "same version, other wheel (from an index)": drifts.other_wheel_from_an_index,
    "stray `.pth` file": drifts.stray_pth,
    "package that no wheel brought": drifts.stray_module,
    "`sitecustomize.py` that no wheel brought": drifts.start_up_code,
    "module hidden by a package of its name": drifts.hidden_module,
    "link in the place of a package": drifts.linked_folder,
    "link in the place of a file": drifts.linked_file,
    "program that nobody may run": drifts.not_executable,
    "`pyvenv.cfg` lets in the packages of the Python underneath": drifts.sees_the_base,
    "shadowed by `PYTHONPATH`": drifts.shadowed,
    "other patch release of Python": drifts.other_python,
    "file edited, its size and time kept": drifts.edited_in_secret,
}
YES = "yes"


@dataclass(frozen=True)
class Patient:
    """An environment to be looked at, with the variables that are set meanwhile."""

    project: Tiny
    extra: dict[str, str]

    @property
    def lock(self) -> Path:
        return self.project.root / "requirements-dev.txt"

    def call(self, *words: str) -> tuple[bool, str]:
        """Whether a program ended well, and what it printed."""
        environ = {**self.project.environ, **self.extra}
        done = subprocess.run(
            words, cwd=self.project.root, env=environ, capture_output=True, text=True, check=False
        )
        return done.returncode == 0, done.stdout + done.stderr

    def pip(self, *words: str) -> tuple[bool, str]:
        options = ["--disable-pip-version-check", "--python", str(self.project.python)]
        return self.call(sys.executable, "-m", "pip", *options, *words)

    def uv(self, *words: str) -> tuple[bool, str]:
        return self.call(self.project.environ["UV"], *words)

    def uv_pip(self, verb: str, *words: str) -> tuple[bool, str]:
        return self.uv("pip", verb, "--python", str(self.project.python), *words)


def freeze_differs(patient: Patient) -> bool:
    worked, printed = patient.pip("freeze")
    pins = re.findall(r"^([\w.-]+==\S+)", patient.lock.read_text(), re.MULTILINE)
    return not worked or sorted(printed.split("\n")) != sorted([*pins, ""])


def dry_run_would_install(patient: Patient) -> bool:
    words = ["--dry-run", "--require-hashes", "-r", str(patient.lock)]
    worked, printed = patient.pip("install", *words)
    return not worked or "Would install" in printed


def record_differs(patient: Patient) -> bool:
    """Hash every file that a RECORD names, and look for files that none names."""
    site = patient.project.site
    recorded = set()
    for record in site.glob("*.dist-info/RECORD"):
        for line in record.read_text().splitlines():
            path, digest, _ = line.rsplit(",", 2)
            file = Path(os.path.normpath(site / path))
            recorded.add(file)
            if digest and (not file.exists() or _digest(file) != digest):
                return True
    present = {file for file in site.rglob("*") if file.is_file() and file.suffix != ".pyc"}
    return bool(present - recorded)


def _digest(file: Path) -> str:
    digest = hashlib.sha256(file.read_bytes()).digest()
    return "sha256=" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


TOOLS: dict[str, Callable[[Patient], bool]] = {
    "`pip check`": lambda patient: not patient.pip("check")[0],
    "`pip freeze`": freeze_differs,
    "`pip install --dry-run`": dry_run_would_install,
    "`uv pip check`": lambda patient: not patient.uv_pip("check")[0],
    "`uv pip sync --check`": lambda it: not it.uv_pip("sync", "--check", str(it.lock))[0],
    "`uv sync --check`": lambda patient: not patient.uv("sync", "--check")[0],
    "RECORD": record_differs,
}
OURS = {"`check --fast`": ["--fast"], "`check`": []}


@contextmanager
def prepared(place: Path) -> Iterator[tuple[Tiny, Path]]:
    """A project with a proven environment, and the folder that its index serves.

    It is one that uv manages, since only those have the lock that `uv sync --check` reads.
    """
    wheelhouse = place / "wheels"
    wheelhouse.mkdir()
    (place / "home").mkdir()
    with serve(wheelhouse) as index:
        environ = loopback_environ(place, index)
        project = make("uv", place / "project", wheelhouse, environ)
        project.sync()
        yield project, wheelhouse


def look(project: Tiny, wheelhouse: Path, drift: Drift) -> list[str]:
    """Make a drift and ask every tool; the cells of its row, ours with their codes."""
    patient = Patient(project, drift(project, wheelhouse))
    cells = [YES if reports(patient) else "" for reports in TOOLS.values()]
    ours = (project.codes(*words, **patient.extra) for words in OURS.values())
    return cells + [", ".join(f"`{code}`" for code in codes) for codes in ours]


def table(cells: dict[str, list[str]]) -> str:
    """The table as it stands in the page, with a last row that counts."""
    head = ["what was changed", *TOOLS, *OURS]
    found = [row for name, row in cells.items() if name != next(iter(ROWS))]
    counts = [str(sum(map(bool, column))) for column in zip(*found, strict=True)]
    lines = [head, ["---"] * len(head), *([name, *row] for name, row in cells.items())]
    lines.append([f"reported, of {len(found)}", *counts])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
