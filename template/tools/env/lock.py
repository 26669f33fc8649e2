"""Resolves pyproject.toml into the lock: every package, exact version, hashes, for every system.

The lock is derived, never edited and never merged: requirements.txt holds what the project needs to
run, and the lock that `sync` installs may hold the development group on top of the same versions.
Everything is worked out beside the project first; then all of its files are replaced, or none.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from . import together, withdrawn
from .ambient import scrubbed
from .errors import EnvError, InstallerFailed
from .installers import Uv, find_uv
from .managers import manager
from .project import RUN_LOCK, Project
from .requirements import Pin, normalize, parse
from .scratch import scratch

DIRECT = "pyproject.toml"
_DRAFT = "# Draft: "
"""Begins a line of a lock that was rendered for requirements that nobody has resolved yet."""

HEADER = """\
# Every package of this project, exact and hashed, for all systems. Made by tools/env; do not edit.
# To change it: edit the dependencies in pyproject.toml, then run  python tools/env lock
"""


def is_draft(project: Project) -> bool:
    """Whether the lock is only what the resolver is to begin from."""
    return any(line.startswith(_DRAFT) for line in _text(project.lock).splitlines()[:9])


def lock(
    project: Project,
    upgrade: Sequence[str] | None = None,
    prefer: Path | None = None,
    offline: bool = False,
    again: str = "",
) -> list[str]:
    """Write the lock files; returns the changes, a line each, empty where there are none.

    Today's pins are kept wherever pyproject.toml allows, except those of the names in `upgrade`
    (all where that is an empty list). The pins of the lock file `prefer` go before today's. `again`
    is the command to name where it fails, if that is not `lock`.
    Raises EnvError, with all files as they were, where there is no uv or no solution.
    """
    uv = _uv(project, offline)
    with scratch("lock-") as place:
        kept = _preferences(project.lock, upgrade, prefer)
        again = again or project.command("lock")
        asked = _Asked(project.root, kept, upgrade, offline, again)
        return replace(project, _resolve(project, uv, place, asked))


def edit(
    project: Project,
    verb: str,
    words: Sequence[str],
    dev: bool = False,
    offline: bool = False,
    pins: Sequence[str] = (),
) -> list[str]:
    """`add` requirements to the direct dependencies, or `remove` names, and lock; returns changes.

    `dev` means the development group, `pins` are versions ("name==1.0") to prefer for what comes
    new. uv edits the file: comments and order stay. Raises EnvError, with all files as they were,
    where uv refuses or there is no solution.
    """
    uv = _uv(project, offline)
    with scratch("lock-") as place:
        draft = place / DIRECT
        again = project.command(verb, *words)
        shutil.copy(project.root / DIRECT, draft)
        try:
            uv.edit(place, verb, words, dev)
        except InstallerFailed:
            raise EnvError(
                f"uv could not {verb} {' '.join(words)}; the lines above say why.",
                f"Mend that (nothing was changed) and run again: {again}",
            ) from None
        kept = _preferences(project.lock, None, None) + "".join(f"{pin}\n" for pin in pins)
        drafts = _resolve(project, uv, place, _Asked(place, kept, None, offline, again))
        # Last: with the old pyproject.toml, a new lock still holds all that it asks for.
        drafts[project.root / DIRECT] = _with_line_endings_of(project.root / DIRECT, draft)
        return replace(project, drafts)


def changes(before: str, after: str) -> list[str]:
    """What became of the packages of a lock, a line each, as "numpy 2.4.0 -> 2.5.0"."""
    old, new = _versions(before), _versions(after)
    lines = []
    for name in sorted(old.keys() | new.keys()):
        if name not in old:
            lines.append(f"{name} {new[name]} (new)")
        elif name not in new:
            lines.append(f"{name} {old[name]} (gone)")
        elif old[name] != new[name]:
            lines.append(f"{name} {old[name]} -> {new[name]}")
    return lines


def _with_line_endings_of(original: Path, draft: Path) -> str:
    """The text of `draft`; uv writes its own line endings, and a person's stay."""
    text = draft.read_text(encoding="utf-8")
    return text.replace("\n", "\r\n") if b"\r\n" in original.read_bytes() else text


def _uv(project: Project, offline: bool) -> Uv:
    """The uv to resolve with, and requirements that are level with a lock of its own."""
    uv = find_uv(project, scrubbed(os.environ))
    if uv is None:
        raise EnvError(
            "Locking needs uv, and there is none on this machine or in the environment.",
            f"Make the environment first, which brings one: {project.command('sync')}",
        )
    try:
        manager(project).derive(project, uv, offline, missing_too=False)
    except InstallerFailed as error:
        raise _unresolved(project.command("lock"), error) from None
    return uv


class _Asked(NamedTuple):
    """What is to be resolved."""

    source: Path
    """Directory of the pyproject.toml that counts."""

    kept: str
    """Text of a lock whose pins are kept where they can be."""

    upgrade: Sequence[str] | None
    offline: bool
    again: str
    """The command to name where there is no solution."""


def _resolve(project: Project, uv: Uv, place: Path, asked: _Asked) -> dict[Path, str]:
    """The text of each lock file, by path.

    The larger requirements are resolved first, the others out of their pins.
    """
    full, run = place / "full.txt", place / "run.txt"
    full.write_text(asked.kept, encoding="utf-8")
    with_groups = project.lock.name != RUN_LOCK
    try:
        uv.compile(asked.source, full, ["dev"] if with_groups else [], asked.offline)
        drafts = {project.lock: HEADER + full.read_text(encoding="utf-8")}
        if with_groups:
            shutil.copy(full, run)
            uv.compile(asked.source, run, [], asked.offline)
            drafts[project.root / RUN_LOCK] = HEADER + run.read_text(encoding="utf-8")
        manager(project).complete(project, uv, asked.source, drafts, asked.upgrade, asked.offline)
    except InstallerFailed as error:
        _refuse(project, re.findall(r"([\w.-]+)==([\w.]+)", error.output))
        raise _unresolved(asked.again, error) from None
    _refuse(project, _pins(drafts[project.lock]))
    return drafts


def _refuse(project: Project, packages: Sequence[tuple[Any, ...]]) -> None:
    """What the resolver was told to go around, and pyproject.toml asks for."""
    for taken in withdrawn.among(packages):
        another = project.command("add", f"{taken.name}!={taken.version}")
        raise EnvError(f"{taken}, and is asked for.", f"Ask for another version: {another}")


def _unresolved(again: str, error: InstallerFailed) -> EnvError:
    mend = f"Mend that (nothing was changed) and run again: {again}"
    if error.unreachable and not error.tells("no solution found"):
        return EnvError("The index to resolve with was not reached; the lines above say why.", mend)
    return EnvError("The dependencies could not be resolved; the lines above say why.", mend)


def replace(project: Project, drafts: dict[Path, str]) -> list[str]:
    """Put the drafts in place of the files, all or none; what changed, a line each.

    An empty draft removes its file.
    """
    found = changes(_text(project.lock), drafts.get(project.lock, _text(project.lock)))
    fresh = together.replace(project.root, drafts)
    return found or [f"{path.name} is written anew" for path in fresh]


def _preferences(today: Path, upgrade: Sequence[str] | None, prefer: Path | None) -> str:
    """A lock's text whose pins uv keeps where it can."""
    first = _text(prefer) if prefer else ""
    free = {pin.name for pin in _pins(first)} | {normalize(name) for name in upgrade or ()}
    pins = [] if upgrade is not None and not upgrade else _pins(_text(today))
    return first + "".join(pin.text + "\n" for pin in pins if pin.name not in free)


def _pins(text: str) -> list[Pin]:
    try:
        return parse(text)
    except ValueError:
        return []  # then nothing is preferred, and the resolver decides


def _versions(text: str) -> dict[str, str]:
    versions: dict[str, list[str]] = {}
    for pin in _pins(text):
        versions.setdefault(pin.name, []).append(pin.version)
    return {name: " and ".join(each) for name, each in versions.items()}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
