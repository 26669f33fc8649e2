"""Writes the lock: every package, exact version and hashes, for every system.

The lock is derived, never edited and never merged: requirements.txt holds what the project needs to
run, and the lock that `sync` installs may hold the development group on top of the same versions.
All of it is resolved beside the project (resolution.py); then all files are replaced, or none.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path

from . import pyproject, transaction, window
from .errors import EnvError
from .markers import SYSTEMS, facts_of
from .processes import say
from .project import Project, read_text
from .pyproject import Asked
from .requirements import (
    for_this_system,
    normalize,
    notes,
    parse,
    pins_of,
    proven,
    sides,
    text_of,
)
from .resolution import Task, pythons, resolve, resolver, versions
from .sources import has_login
from .temporary import temporary_folder
from .uv import Uv


def is_draft(project: Project) -> bool:
    """Whether the lock is only what the resolver is to begin from."""
    texts = [text_of(each.lock) for each in project.every]
    return any(notes(text).draft is not None for text in texts) or (any(texts) and not all(texts))


def write(
    project: Project,
    *,
    upgrade: Sequence[str] | None = None,
    prefer: Path | None = None,
    again: str | None = None,
    newest: Sequence[str] = (),
) -> list[str]:
    """Write the lock files; returns the changes, a line each, empty where there are none.

    Today's pins are kept wherever pyproject.toml allows, except those of the names in `upgrade`
    (all where that is an empty list). The pins of the lock file `prefer` go before today's. `again`
    is the command to name where it fails, if that is not `lock`. The `newest` packages are let go,
    too, and taken at any age, which pyproject.toml tells from then on.
    Raises EnvError, with all files as they were, where there is no uv or no solution.
    """
    pyproject.whole(project)  # or why it cannot be read
    uv = resolver(project)
    again = again or project.command("lock")
    if newest and upgrade != []:
        upgrade = [*(upgrade or ()), *newest]
    kept = preferences(project, upgrade, prefer)
    with temporary_folder("lock-") as place:
        draft = place / pyproject.FILE
        shutil.copy(project.root / pyproject.FILE, draft)
        asked = window.exempted(project, draft, newest, fresh=upgrade is not None, retry=again)
        commits = held(project, asked, upgrade)
        task = Task(project, uv, place, asked, again, kept=kept, held=commits, upgrade=upgrade)
        drafts = {**resolve(task), project.root / pyproject.FILE: read_text(draft)}
        return replace(project, drafts, again)


def adopt(project: Project, uv: Uv, kept: str) -> list[str]:
    """Write the lock with the pins of the lock text `kept`, which another program has resolved."""
    asked, again = pyproject.asked(project), project.command("sync")
    commits = list(dict.fromkeys(pin.text for pin in pins_of(kept) if pin.is_commit))
    task = Task(project, uv, project.root, asked, again, kept=kept, held=commits)
    return replace(project, resolve(task), again)


def replace(project: Project, drafts: Mapping[Path, str], retry: str | None = None) -> list[str]:
    """Put the drafts in place of the files, all or none; what changed, a line each.

    An empty draft removes its file. Raises EnvError, with all files as they were, where a lock
    among them is not proven; `retry` is the command to name then, if that is not `lock`.
    """
    _prove(project, drafts, retry or project.command("lock"))
    found: dict[str, None] = {}
    for each in project.every:
        before = [text_of(path) for path in (each.lock, each.run_lock)]
        found.update(dict.fromkeys(changes(before, drafts.get(each.lock, before[0]))))
    fresh = transaction.replace(project.root, drafts)
    return [*found] or [f"{path.name} is written anew" for path in fresh]


def changes(before: Sequence[str], after: str) -> list[str]:
    """What became of the packages of some locks, a line each, as "numpy 2.4.0 -> 2.5.0".

    Of two versions, as of the sides of a conflict, both are told: "numpy 2.3.0 or 2.4.0 -> 2.4.0".
    """
    old, new = versions(before), versions([after])
    lines = []
    for name in sorted(old.keys() | new.keys()):
        was, now = (" or ".join(sorted(each.get(name, ()))) for each in (old, new))
        if not was or not now:
            lines.append(f"{name} {now} (new)" if now else f"{name} {was} (gone)")
        elif was != now:
            lines.append(f"{name} {was} -> {now}")
    return lines


def preferences(project: Project, upgrade: Sequence[str] | None, prefer: Path | None) -> str:
    """The pins that uv keeps where it can; of two for one package it takes the newer.

    Two come from both sides of a conflict, and from a lock to run of which one pin was changed.
    """
    first = pins_of(text_of(prefer)) if prefer else []
    free = {pin.name for pin in first} | {normalize(name) for name in upgrade or ()}
    today = [] if upgrade == [] else _files(project)
    for path in today:
        _say_unless_readable(path)
    found = [pin for path in today for pin in pins_of(text_of(path))]
    kept = first + [pin for pin in found if pin.name not in free]
    return "".join(f"{text}\n" for text in dict.fromkeys(pin.text for pin in kept if pin.version))


def held(project: Project, asked: Asked, upgrade: Sequence[str] | None = None) -> list[str]:
    """The lines of today's lock that name commits: uv would take the newest of their branches.

    Each with the extras that are asked for, which a lock does not tell. Not where pyproject.toml
    asks for another place, branch or version now.
    """
    text = text_of(project.lock)
    known = dict(each.split("=") for each in (notes(text).commits or "").split())
    free = {normalize(name) for name in upgrade or ()}
    kept = [
        pin
        for pin in (pins_of(text) if upgrade != [] else ())
        if pin.name not in free and known.get(pin.name) == asked.origin(pin.name)
    ]
    lines = [pin.text for pin in kept]
    for pin in kept:
        for each in asked.lines(pin.name):
            if each["extras"]:
                marker = f" ; {each['marker']}" if each["marker"] else ""
                lines.append(f"{pin.name}[{each['extras']}] @ {pin.reference}{marker}")
    return lines


def _files(project: Project) -> list[Path]:
    """The requirements of every build, each file once."""
    every = project.every
    return list(dict.fromkeys(path for each in every for path in (each.lock, each.run_lock)))


def _say_unless_readable(path: Path) -> None:
    try:
        for side in sides(read_text(path)):
            parse(side)
    except OSError:
        pass  # there is none yet
    except ValueError as error:
        say(f"note: of {path.name} only what can be read is kept: {error}")


def _prove(project: Project, drafts: Mapping[Path, str], retry: str) -> None:
    """EnvError where `sync` could not read a lock among the drafts, on some system or Python."""
    for path in _files(project):
        draft = drafts.get(path, "")
        if draft == text_of(path):
            continue  # nothing takes its place
        try:
            pins = proven(draft)
            for system, python in product(SYSTEMS, pythons(project)):
                for_this_system(pins, facts_of(system, python))
        except ValueError as error:
            raise EnvError(
                f"What uv resolved makes no lock that can be proven: {error}.",
                f"Ask for another version of it (nothing was changed), then run again: {retry}",
            ) from None
        told = [(pin.name, pin.reference or "") for pin in pins]
        told += [(name, index) for index, name, _ in json.loads(notes(draft).indexes or "[]")]
        for name in (name for name, address in told if has_login(address)):
            raise EnvError(
                f"The address of {name} holds a login, which would come into the lock and so into "
                "git.",
                "Put the login into ~/.netrc or git's credential helper, take it out of the "
                f"address in {pyproject.FILE}, then run: {project.command('lock')}",
            )
