"""Five ways to begin a machine-learning project, by their own recipes, with the same packages.

The packages are those that this template's default project asks for, in the versions of its lock.
What a way asks for besides them is its own business: the number of packages tells.
"""

from __future__ import annotations

import re
import shutil
import sys
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from measure import run
from scene import Scene

MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"
PINNED = {"ccds": "cookiecutter-data-science==2.3.0", "kedro": "kedro==1.7.0"}
IMPORTS = (
    "import ipykernel, joblib, matplotlib, numpy, pandas, pytest, sklearn, threadpoolctl, tqdm"
)


class Made(NamedTuple):
    """Seconds from nothing."""

    environment: float
    """To an environment in which the packages import."""

    model: float | None
    """To a trained model; None where the way brings no code that trains."""


@dataclass(frozen=True)
class Way:
    name: str
    recipe: str
    """What was run, for the page."""

    make: Callable[[Project], float]
    asked: Sequence[str]
    """The command that is to say whether the environment is as it should be."""

    declared: str = "pyproject.toml"
    """The file in which the project says what it needs."""

    train: Sequence[str] | None = None


@dataclass(frozen=True)
class Project:
    """One project that a way makes; it stands in an empty folder, with a home of the way's own."""

    scene: Scene
    way: Way

    @property
    def place(self) -> Path:
        return self.scene.root / "peers" / re.sub(r"\W+", "-", self.way.name)

    @property
    def folder(self) -> Path:
        return self.place / "work" / "demo"

    @property
    def environ(self) -> dict[str, str]:
        """The way's own home and caches; the Python and the versions of all."""
        home = self.place / "home"
        # Ours has its lock.
        names = () if self.way is WAYS[0] else ("UV_CONSTRAINT", "PIP_CONSTRAINT")
        return {
            **self.scene.with_uv,
            "PATH": f"{self.scene.root / 'programs'}:{self.scene.with_uv['PATH']}",
            "HOME": str(home),
            "UV_CACHE_DIR": str(home / "uv"),
            "PIP_CACHE_DIR": str(home / "pip"),
            "MPLCONFIGDIR": str(home / "matplotlib"),
            "UV_PYTHON_PREFERENCE": "only-system",
            "DO_NOT_TRACK": "1",
            **dict.fromkeys(names, str(pins(self.scene))),
        }

    def make(self) -> Made:
        """Make it anew. Raises Failed."""
        shutil.rmtree(self.folder.parent, ignore_errors=True)
        (self.place / "home").mkdir(parents=True, exist_ok=True)
        self.folder.parent.mkdir()
        environment = self.way.make(self) + self.run(".venv/bin/python", "-c", IMPORTS)
        if self.way.train is None:
            return Made(environment, None)
        return Made(environment, environment + self.run(*self.way.train))

    def run(self, *words: str | Path, cwd: Path | None = None) -> float:
        """Seconds of a command, in the project unless told. Raises Failed."""
        return run(words, cwd or self.folder, self.environ)

    def requirements(self) -> list[str]:
        """What this template's default project asks for directly, with the version of its lock."""
        text = (asked(self.scene) / "pyproject.toml").read_text(encoding="utf-8")
        told = tomllib.loads(text)
        words = [*told["project"]["dependencies"], *told["dependency-groups"]["dev"]]
        names = {re.split(r"[<>=~! \[;]", word, maxsplit=1)[0] for word in words}
        lines = pins(self.scene).read_text(encoding="utf-8").splitlines()
        return [line for line in lines if line.partition("==")[0] in names]


def prepare(scene: Scene) -> None:
    """What all of them find on the machine: Python under its usual names, and the other tools."""
    programs = scene.root / "programs"
    programs.mkdir()
    for name in ("python", "python3", f"python{MINOR}"):
        (programs / name).symlink_to(scene.python)
    for program, package in PINNED.items():
        place = scene.root / program
        run(["uv", "venv", "--python", str(scene.python), str(place)], scene.root, scene.with_uv)
        words = ["uv", "pip", "install", "--python", str(place), package]
        run(words, scene.root, scene.with_uv)
        (programs / program).symlink_to(place / "bin" / program)
    run(scene.render(asked(scene), "--skip-tasks"), scene.root, scene.with_uv)
    words = ["--no-deps", "--no-header", "--no-annotate", "--quiet", "-o", str(pins(scene))]
    lock = str(asked(scene) / "requirements-dev.txt")  # with lines for other systems
    run(["uv", "pip", "compile", *words, lock], scene.root, scene.with_uv)


def asked(scene: Scene) -> Path:
    """A default project, to read what it asks for."""
    return scene.root / "asked"


def pins(scene: Scene) -> Path:
    return scene.root / "pins.txt"


def _ours(it: Project) -> float:
    return it.run(*it.scene.render(it.folder, "--trust"), cwd=it.folder.parent)


def _ccds(it: Project) -> float:
    answers = {
        "project_name": "demo",
        "python_version_number": MINOR,
        "environment_manager": "uv",
        "dependency_file": "pyproject.toml",
        "docs": "none",
    }
    words = (f"{key}={value}" for key, value in answers.items())
    address = "https://github.com/drivendataorg/cookiecutter-data-science"  # its own default
    made = it.run("ccds", "--no-input", address, *words, cwd=it.folder.parent)
    _declare(it)
    return made + it.run("make", "create_environment") + it.run("make", "requirements")


def _uv(it: Project) -> float:
    made = it.run("uv", "init", "--quiet", "--python", MINOR, "demo", cwd=it.folder.parent)
    return made + it.run("uv", "add", *it.requirements())


def _kedro(it: Project) -> float:
    words = ("--name=demo", "--tools=none", "--example=no", "--telemetry=no")
    made = it.run("kedro", "new", *words, cwd=it.folder.parent)
    with (it.folder / "requirements.txt").open("a", encoding="utf-8") as file:
        file.write("".join(f"{each}\n" for each in it.requirements()))
    made += it.run("uv", "venv", "--python", MINOR)
    return made + it.run("uv", "pip", "install", "-r", "requirements.txt")


def _by_hand(it: Project) -> float:
    it.folder.mkdir()
    lines = "".join(f"{each}\n" for each in it.requirements())
    (it.folder / "requirements.txt").write_text(lines, encoding="utf-8")
    made = it.run("python3", "-m", "venv", ".venv")
    return made + it.run(".venv/bin/pip", "install", "--quiet", "-r", "requirements.txt")


def _declare(it: Project) -> None:
    """Write the packages into the dependencies of a pyproject.toml that has some."""
    path = it.folder / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    opening = "dependencies = [\n"
    assert opening in text, text
    lines = "".join(f'    "{each}",\n' for each in it.requirements())
    path.write_text(text.replace(opening, opening + lines, 1), encoding="utf-8")


WAYS = (
    Way(
        "this template",
        "`copier copy --trust`, then `poe train`",
        _ours,
        ("python3", "tools/env", "check"),
        train=("python3", "tools/env", "run", "--", "poe", "-q", "train"),
    ),
    Way(
        "cookiecutter-data-science",
        "`ccds` with its choices uv and `pyproject.toml`, then make's `create_environment`\n"
        "  and `requirements`",
        _ccds,
        ("uv", "sync", "--check"),
    ),
    Way("uv", "`uv init`, `uv add`", _uv, ("uv", "sync", "--check")),
    Way(
        "kedro",
        "`kedro new`, `uv venv`, `uv pip install -r requirements.txt`",
        _kedro,
        ("uv", "pip", "check"),
        "requirements.txt",
    ),
    Way(
        "by hand",
        "`python -m venv`, `pip install -r requirements.txt`",
        _by_hand,
        (".venv/bin/pip", "check"),
        "requirements.txt",
    ),
)
