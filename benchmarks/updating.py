"""`copier update` to a version with other pins, and over many projects in a row."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from measure import Failed, Way, medians, run
from scene import REPOSITORY, Scene

sys.path.append(str(REPOSITORY / "tests"))
from support.history import build

PROJECTS = 50
OLD, NEW = "v1.0.0", "v1.1.0"
"""Two releases of the tests' history: the second has an older version of one package."""


@dataclass(frozen=True)
class Updating:
    new_pins: float
    """With lock and environment brought up to date."""

    new_pins_without_hooks: float
    """The files alone."""

    many: float
    """`PROJECTS` projects, one after the other, to the newest version; they have no environment."""


def measure(scene: Scene, rounds: int) -> Updating:
    """Make one project of an older version, and update it again and again."""
    template = scene.root / "history"
    build(template)
    scene = replace(scene, template=template)
    project, environ = scene.root / "updating", scene.with_uv
    run(scene.render(project, "--trust", "--vcs-ref", OLD), scene.root, environ)
    update: list[str | Path] = [scene.copier, "update", "--quiet", "--defaults", "--trust"]

    def way(*options: str) -> Way:
        def measured() -> float:
            for words in (["reset", "--quiet", "--hard"], ["clean", "--quiet", "--force", "-d"]):
                run(["git", *words], project, environ)
            run(scene.engine("sync"), project, environ)
            return run([*update, "--vcs-ref", NEW, *options], project, environ)

        return measured

    took = medians({"all": way(), "files": way("--skip-tasks")}, rounds)
    return Updating(took["all"], took["files"], _many(scene, update))


def _many(scene: Scene, update: list[str | Path]) -> float:
    """Seconds for all: each is a clone of one, as on a machine that updates a team's projects."""
    first = scene.root / "many-first"
    data = ["--trust", "--vcs-ref", OLD, "--data", "create_env=false"]
    run(scene.render(first, *data), scene.root, scene.with_uv)
    taken = 0.0
    for number in range(PROJECTS):
        place = scene.root / f"many-{number}"
        run(["git", "clone", "--quiet", first, place], scene.root, scene.with_uv)
        taken += run(update, place, scene.with_uv)
        answers = (place / ".copier-answers.yml").read_text(encoding="utf-8")
        if "_commit: v2" not in answers:
            raise Failed(f"{place} was not updated:\n{answers}")
        shutil.rmtree(place)
    return taken
