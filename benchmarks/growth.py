"""How cost grows with the environment: made-up packages, 1 to 300 of them, and one of 3 GB."""

from __future__ import annotations

import os
import random
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

from measure import Size, Way, content, medians, run
from scene import REPOSITORY, Scene

sys.path.append(str(REPOSITORY / "tests"))

from support.wheels import Wheel, wheel

COUNTS = (1, 10, 50, 300)
LARGE = 40
"""Packages of the large environment: each 80 MB, a third of that in one file, as libraries are."""


class Grown(NamedTuple):
    packages: int
    size: Size
    """Without byte code."""

    made: float
    """Seconds of `sync` where there is no environment yet, cache warm."""

    bare: float
    """The same by uv alone: venv and pip sync."""

    nothing: float
    """`sync` with nothing to do."""

    fast: float
    """`check --fast`."""

    full: float
    """`check`."""


def measure(scene: Scene, rounds: int) -> list[Grown]:
    """One row for each number of packages, the large environment last."""
    place = scene.root / "growth"
    small = [_grown(scene, place / str(count), _small(place, count), rounds) for count in COUNTS]
    return [*small, _grown(scene, place / "large", _large(place), min(rounds, 3))]


def _grown(scene: Scene, project: Path, wheels: list[Wheel], rounds: int) -> Grown:
    lock, links = _project(project, wheels), str(wheels[0].path.parent)
    environ = {**scene.with_uv, "UV_FIND_LINKS": links, "UV_OFFLINE": "1"}

    def way(*argv: str | Path) -> Way:
        return lambda: run(argv, project, environ)

    def ours() -> float:
        shutil.rmtree(project / ".venv", ignore_errors=True)
        return run(scene.engine("sync"), project, environ)

    def bare() -> float:
        shutil.rmtree(project / "bare", ignore_errors=True)
        made = run(["uv", "venv", "--python", scene.python, "bare"], project, environ)
        install = ["uv", "pip", "sync", "--python", "bare/bin/python", lock]
        return made + run(install, project, environ)

    made = medians({"ours": ours, "bare": bare}, min(rounds, 3))
    daily = medians(
        {
            "nothing": way(*scene.engine("sync")),
            "fast": way(*scene.engine("check", "--fast")),
            "full": way(*scene.engine("check")),
        },
        rounds,
    )
    size = content(project / ".venv" / "lib")
    for each in (".venv", "bare"):
        shutil.rmtree(project / each)
    return Grown(len(wheels), size, made["ours"], made["bare"], **daily)


def _project(project: Path, wheels: list[Wheel]) -> str:
    """A project with nothing but the engine and a lock of `wheels`; the lock's name."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(REPOSITORY / "template" / "tools", project / "tools", ignore=ignored)
    minor = f"{sys.version_info.major}.{sys.version_info.minor}"
    lock = "requirements.txt"
    settings = {"name": "grown", "package": "", "python": minor, "python_minimum": minor}
    settings |= {"manager": "venv", "env": ".venv", "lock": lock}
    text = "".join(f"{key} = {value}\n" for key, value in settings.items())
    (project / "tools" / "env.cfg").write_text(text, encoding="utf-8")
    (project / lock).write_text("".join(each.line for each in wheels), encoding="utf-8")
    return lock


def _small(place: Path, count: int) -> list[Wheel]:
    """Packages of 60 files and 0.4 MB, about what the median one of a lock has."""
    house = place / f"wheels-{count}"
    house.mkdir(parents=True)
    files = {f"part{n}.py": os.urandom(3_500).hex().encode() for n in range(60)}
    return [wheel(house, f"made-up-{n}", "1.0", files=files) for n in range(count)]


def _large(place: Path) -> list[Wheel]:
    house = place / "wheels-large"
    house.mkdir()
    noise = random.Random(0).randbytes(27_000_000)
    files = {"libmade.so": noise} | {
        f"part{n}.bin": noise[n * 1000 : n * 1000 + 265_000] for n in range(200)
    }
    return [wheel(house, f"made-up-{n}", "1.0", files=files) for n in range(LARGE)]
