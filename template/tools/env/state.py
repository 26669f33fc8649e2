"""The state of a project's environment, decided in this one place from facts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from . import manifest as proof
from .errors import EnvError
from .manifest import Manifest, Stamp
from .markers import satisfies
from .project import SETTINGS, Project, env_path, parse_settings, read_text, same_file, sha256

READY = "ready"
MISSING = "missing"
INCOMPLETE = "incomplete"
STALE = "stale"
MOVED = "moved"
FOREIGN = "foreign"
BROKEN = "broken"

ELSEWHERE = (
    "set UV_PROJECT_ENVIRONMENT=C:\\another\\place"
    if os.name == "nt"
    else "export UV_PROJECT_ENVIRONMENT=/another/place"
)
"""What to type where the environment's place is taken by something that is not ours."""


class Assessment(NamedTuple):
    state: str
    """One of the seven words above."""

    reason: str
    """A sentence for people, "" for `ready`."""

    stamp: Stamp | None = None
    manifest: Manifest | None = None


def assess(project: Project) -> Assessment:
    """Look at the environment's place; nothing is started and nothing is changed.

    What cannot be looked at, or be mended since this user cannot write there, is left alone.
    """
    label = project.env_label
    try:
        seen = _look(project)
    except OSError as error:
        return Assessment(FOREIGN, f"{label} cannot be looked into ({error}).")
    theirs = os.path.isdir(project.env) and not os.access(project.env, os.W_OK)
    if theirs and seen.state in (MISSING, MOVED, INCOMPLETE, BROKEN):
        why = f"{label} is for another user to mend: {seen.reason}"
        return Assessment(FOREIGN, why, seen.stamp, seen.manifest)
    return seen


def _look(project: Project) -> Assessment:
    env, label = project.env, project.env_label
    if not os.path.lexists(env) or _is_empty(env):
        return Assessment(MISSING, f"There is no environment at {label} yet.")
    stamp = proof.read_stamp(env) if env.is_dir() else None
    if stamp is None:
        from .managers import manager  # only an unknown directory needs it

        if env.is_dir() and manager(project).adopts(project):
            return Assessment(INCOMPLETE, f"{label} was made past tools/env and is not proven yet.")
        return Assessment(FOREIGN, f"{label} was not made by this project and is left alone.")
    if stamp.system not in (None, proof.this_system()):
        why = f"{label} was made on another system ({stamp.system}), which may still use it."
        return Assessment(FOREIGN, why, stamp)
    if not same_file(Path(stamp.project), project.root):
        if _used_elsewhere(project, Path(stamp.project)):
            return Assessment(FOREIGN, f"{label} is the environment of {stamp.project}.", stamp)
        return Assessment(MOVED, f"{label} was made for {stamp.project}.", stamp)
    found = proof.read_manifest(env)
    if found is None or not stamp.lock:
        return Assessment(INCOMPLETE, f"Making {label} was not finished.", stamp)
    if not os.path.exists(project.python_path):
        if os.path.lexists(project.python_path) and not _may_reach(found.base):
            why = f"The Python of {label} is not for this user ({found.base})."
            return Assessment(FOREIGN, why, stamp, found)
        return Assessment(BROKEN, f"The Python of {label} is gone.", stamp, found)
    if stamp.base and not same_file(project.python_path, Path(stamp.base)):
        why = f"The Python of {label} is not {stamp.base} any more, from which it was made."
        return Assessment(BROKEN, why, stamp, found)
    if not _is_configured(env):
        why = f"{label}/pyvenv.cfg is gone or damaged, so its Python takes another one's packages."
        return Assessment(BROKEN, why, stamp, found)
    wanted = stamp.python or project.python
    if not satisfies(found.python, wanted):
        why = f"{label} has Python {found.python}, and {wanted} is asked for."
        return Assessment(STALE, why, stamp, found)
    if project.build not in (None, stamp.build):
        has = f"build {stamp.build}" if stamp.build else "no build by name"
        why = f"{label} has {has}, and is to have {project.build}, {project.build_why}."
        return Assessment(STALE, why, stamp, found)
    names = " or ".join(path.name for path in project.locks)
    try:
        lock = sha256(*project.locks)
    except OSError as error:
        return Assessment(STALE, f"{names} cannot be read ({error}).", stamp, found)
    if found.lock != lock:
        why = f"{names} has changed since {label} was made from it."
        return Assessment(STALE, why, stamp, found)
    return Assessment(READY, "", stamp, found)


def remedy(project: Project, seen: Assessment) -> str:
    """The command for a state that is not `ready`."""
    return ELSEWHERE if seen.state == FOREIGN else project.command("sync")


def noexec(project: Project) -> EnvError | None:
    """What to say where the environment is, or would be, on a disk that starts no programs."""
    flag = getattr(os, "ST_NOEXEC", 0)  # known on Linux
    there = next(each for each in (project.env, *project.env.parents) if each.exists())
    if not flag or not os.statvfs(there).f_flag & flag:
        return None
    return EnvError(
        f"The disk of {project.env_label} lets no program start (it is mounted with noexec).",
        f"Choose another place: {ELSEWHERE}",
    )


def _may_reach(path: str) -> bool:
    try:
        os.stat(path)
    except PermissionError:
        return False
    except OSError:
        pass
    return True


def _is_configured(env: Path) -> bool:
    """Whether the file that makes a venv of a directory can be read, and names its Python."""
    try:
        lines = (env / "pyvenv.cfg").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return False
    return any(line.partition("=")[0].strip() == "home" for line in lines)


def _is_empty(path: Path) -> bool:
    """Nothing is in it, or only the engine's folder, where a full disk kept the stamp out of it."""
    try:
        only = {entry.name for entry in os.scandir(path)} - {proof.FOLDER}
        return not only and not path.is_symlink() and proof.read_stamp(path) is None
    except OSError:
        return False


def _used_elsewhere(project: Project, owner: Path) -> bool:
    """Whether another, still existing project keeps its environment in this very directory.

    An environment inside a project that was copied names the original, and yet is the copy's own.
    """
    try:
        settings = parse_settings(read_text(owner / SETTINGS))
    except (OSError, ValueError):
        return False
    return same_file(env_path(owner, settings.get("env", ""), os.environ), project.env)
