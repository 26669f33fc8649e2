"""The files alone, without environments: beside a bare template of forty files with two lines."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from measure import Way, medians, run
from scene import Scene

FILES = 40
SETTINGS = "_subdirectory: template\nname:\n  type: str\n  default: mine\n"
ANSWERS = "{{ _copier_answers | to_nice_yaml -}}\n"
OLD, NEW = "v1.0.0", "v1.1.0"
"""Two versions of each template; the second has a file more."""


@dataclass(frozen=True)
class Rendered:
    """Seconds for this template, and for the bare one."""

    made: tuple[float, float]
    """`copier copy`, nothing else."""

    updated: tuple[float, float]
    """`copier update` to a version with one new file, hooks and all."""


def measure(scene: Scene, rounds: int) -> Rendered:
    """Both templates get a second version, in a copy of their own."""
    ours, bare = scene.root / "rendered-ours", scene.root / "rendered-bare"
    shutil.copytree(scene.template, ours, symlinks=True)
    _bare(bare)
    ways: dict[str, Way] = {}
    for template in (ours, bare):
        _versions(scene, template)
        there = replace(scene, template=template)
        ways[f"make {template.name}"] = _making(there)
        ways[f"update {template.name}"] = _updating(there)
    took = medians(ways, rounds)
    made, updated = (
        (took[f"{what} {ours.name}"], took[f"{what} {bare.name}"]) for what in ("make", "update")
    )
    return Rendered(made, updated)


def _bare(template: Path) -> None:
    body = template / "template"
    body.mkdir(parents=True)
    (template / "copier.yml").write_text(SETTINGS, encoding="utf-8")
    (body / "{{_copier_conf.answers_file}}.jinja").write_text(ANSWERS, encoding="utf-8")
    for number in range(FILES - 1):
        (body / f"file{number}.txt").write_text(f"File {number},\nsecond line\n", encoding="utf-8")


def _versions(scene: Scene, template: Path) -> None:
    """Commit two versions, and pack them as a clone is packed."""
    commit = ["commit", "--quiet", "--allow-empty", "-m", "x"]
    run(["git", "init", "--quiet"], template, scene.with_uv)
    for tag in (OLD, NEW):
        for words in (["add", "--all"], commit, ["tag", tag]):
            run(["git", *words], template, scene.with_uv)
        (template / "template" / "new.txt").write_text("A new file,\nsecond line\n", "utf-8")
    run(["git", "gc", "--quiet"], template, scene.with_uv)


def _making(scene: Scene) -> Way:
    project = scene.root / f"made-{scene.template.name}"

    def making() -> float:
        shutil.rmtree(project, ignore_errors=True)
        return run(_render(scene, project, "--skip-tasks"), scene.root, scene.with_uv)

    return making


def _updating(scene: Scene) -> Way:
    project = scene.root / f"updated-{scene.template.name}"
    run(_render(scene, project, "--skip-tasks", "--vcs-ref", OLD), scene.root, scene.with_uv)
    for words in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "-m", "x"]):
        run(["git", *words], project, scene.with_uv)
    update: list[str | Path] = [scene.copier, "update", "--quiet", "--defaults", "--trust"]

    def updating() -> float:
        for words in (["reset", "--quiet", "--hard"], ["clean", "--quiet", "--force", "-d"]):
            run(["git", *words], project, scene.with_uv)
        return run(update, project, scene.with_uv)

    return updating


def _render(scene: Scene, project: Path, *options: str) -> list[str | Path]:
    words: list[str | Path] = [scene.copier, "copy", "--quiet", "--defaults", *options]
    return [*words, scene.template, project]
