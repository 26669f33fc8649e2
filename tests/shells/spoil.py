"""Ways to spoil a ready environment, by the state that both the shell and the engine then see."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from shells.sample import Sample


def nothing_there(project: Sample) -> None:
    shutil.rmtree(project.env)


def empty_directory(project: Sample) -> None:
    nothing_there(project)
    project.env.mkdir()


def stamp_without_lock(project: Sample) -> None:
    project.stamp(lock="")


def no_manifest(project: Sample) -> None:
    (project.env / ".seedbed" / "manifest.json").unlink()


def python_gone(project: Sample) -> None:
    (project.env / "bin" / "python").unlink()


def python_of_a_removed_base(project: Sample) -> None:
    python_gone(project)
    (project.env / "bin" / "python").symlink_to("/nowhere/bin/python3")


def pyvenv_cfg_gone(project: Sample) -> None:
    (project.env / "pyvenv.cfg").unlink()


def python_moved_on(project: Sample) -> None:
    """`python3` of the machine has become the next version, and the environment's leads to it."""
    with open(project.env / ".seedbed" / "stamp", "a") as stamp:
        stamp.write("base=/nowhere/bin/python3.1\n")


def made_on_another_system(project: Sample) -> None:
    with open(project.env / ".seedbed" / "stamp", "a") as stamp:
        stamp.write("system=plan9\n")


def no_stamp(project: Sample) -> None:
    shutil.rmtree(project.env / ".seedbed")


def stamp_without_project(project: Sample) -> None:
    (project.env / ".seedbed" / "stamp").write_text("\n")


def a_file(project: Sample) -> None:
    nothing_there(project)
    project.env.write_text("mine\n")


def a_link_to_nothing(project: Sample) -> None:
    nothing_there(project)
    project.env.symlink_to("nothing")


def lock_changed(project: Sample) -> None:
    project.lock.write_text("attrs==26.1.0\n")


def lock_removed(project: Sample) -> None:
    project.lock.unlink()


SPOILED: dict[str, tuple[Callable[[Sample], None], ...]] = {
    "missing": (nothing_there, empty_directory),
    "incomplete": (stamp_without_lock, no_manifest),
    "broken": (python_gone, python_of_a_removed_base, pyvenv_cfg_gone, python_moved_on),
    "foreign": (no_stamp, stamp_without_project, a_file, a_link_to_nothing, made_on_another_system),
    "stale": (lock_changed, lock_removed),
}
