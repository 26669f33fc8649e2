"""Resolves pyproject.toml into the lock: every package, exact version, hashes, for every system.

The lock is derived, never edited and never merged: requirements.txt holds what the project needs to
run, and the lock that `sync` installs may hold the development group on top of the same versions.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from .ambient import scrubbed
from .errors import EnvError, InstallerFailed
from .installers import Uv, find_uv
from .project import RUN_LOCK, Project
from .requirements import Pin, parse

HEADER = """\
# Every package of this project, exact and hashed, for all systems. Made by tools/env; do not edit.
# To change it: edit the dependencies in pyproject.toml, then run  python tools/env lock
"""


def lock(project: Project, prefer: Path | None = None, offline: bool = False) -> bool:
    """Write the lock files; returns whether they changed.

    Today's pins are kept wherever pyproject.toml allows. Those in the lock file `prefer` go before
    them. Raises EnvError, with all files as they were, where there is no uv or no solution.
    """
    uv = find_uv(project, scrubbed(os.environ))
    if uv is None:
        raise EnvError(
            "Locking needs uv, and there is none on this machine or in the environment.",
            f"Make the environment first, it brings one: {project.command('sync')}",
        )
    with tempfile.TemporaryDirectory(prefix="lock-") as scratch:
        drafts = _resolve(project, uv, Path(scratch), prefer, offline)
        changed = [target for target, draft in drafts.items() if _text(target) != draft]
        for target in changed:
            fresh = target.with_name(target.name + ".new")
            fresh.write_bytes(drafts[target].encode())
            os.replace(fresh, target)
    return bool(changed)


def _resolve(
    project: Project, uv: Uv, scratch: Path, prefer: Path | None, offline: bool
) -> dict[Path, str]:
    """The text of each lock file. The larger one is resolved first, the other out of its pins."""
    full, run = scratch / "full.txt", scratch / "run.txt"
    full.write_text(_preferences(project.lock, prefer), encoding="utf-8")
    with_groups = project.lock.name != RUN_LOCK
    try:
        uv.compile(full, ["dev"] if with_groups else [], offline)
        drafts = {project.lock: HEADER + full.read_text(encoding="utf-8")}
        if with_groups:
            shutil.copy(full, run)
            uv.compile(run, [], offline)
            drafts[project.root / RUN_LOCK] = HEADER + run.read_text(encoding="utf-8")
    except InstallerFailed:
        raise EnvError(
            "The dependencies in pyproject.toml could not be resolved; the lines above say why.",
            f"Change them and run again: {project.command('lock')} (nothing was changed)",
        ) from None
    return drafts


def _preferences(today: Path, prefer: Path | None) -> str:
    """A lock's text whose pins uv keeps where it can: those of `prefer`, then those of `today`."""
    first = _text(prefer) if prefer else ""
    named = {pin.name for pin in _pins(first)}
    rest = [pin.text for pin in _pins(_text(today)) if pin.name not in named]
    return first + "".join(line + "\n" for line in rest)


def _pins(text: str) -> list[Pin]:
    try:
        return parse(text)
    except ValueError:
        return []  # then nothing is preferred, and the resolver decides


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
