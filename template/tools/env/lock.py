"""Resolves pyproject.toml into the lock: every package, exact version, hashes, for every system.

The lock is derived, never edited and never merged: requirements.txt holds what the project needs to
run, and the lock that `sync` installs may hold the development group on top of the same versions.
Everything is worked out beside the project first; then all of its files are replaced, or none.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from . import indexes, pyproject, transaction, window, withdrawn
from .bootstrap import find_uv
from .errors import EnvError, InstallerFailed
from .managers import manager
from .markers import SYSTEMS, facts_of
from .platforms import (
    Place,
    brings,
    here,
    left_out,
    marker,
    places,
    pythons,
    without_any,
    without_some,
)
from .processes import say, scrubbed
from .project import RUN_LOCK, Project, read_text
from .pyproject import Asked
from .references import beside, has_login, path_of
from .requirements import (
    Notes,
    Pin,
    for_this_system,
    normalize,
    notes,
    parse,
    proven,
    sides,
    with_notes,
)
from .temporary import temporary_folder
from .uv import HELD, Uv

DIRECT = pyproject.FILE
_PLACE = re.compile(
    r"^(?P<editable>-e )?(?:(?P<name>[\w.-]+)(?:\[[^\]]*\])? @ )?"
    r"(?P<place>(?:file://|/|\.\.?/|[A-Za-z]:[\\/]|[\w.-]+[\\/])[^\s\[]*)"
    r"(?:\[[^\]]*\])?(?P<rest>.*)",
    re.MULTILINE,
)
"""Where a resolver wrote a directory or file: with or without its name and extras."""
_ABSENT = re.compile(
    r"Because (?:\S+ was not found in the package registry|there (?:is|are) no versions? of [^,]+?"
    r"|only [^,]+? (?:is|are) available[^,]*?) and (?P<who>your project|\S+)"
    r" depends on (?P<what>[^\s{]+?)(?:\{[^}]*\})?,? we can conclude"
)
_NO_REQUIREMENT = "building source distributions is disabled"
"""What uv says where a requirement cannot be read: it takes the project for one to be built."""


def is_draft(project: Project) -> bool:
    """Whether the lock is only what the resolver is to begin from."""
    return notes(_text(project.lock)).draft is not None


def lock(
    project: Project,
    upgrade: Sequence[str] | None = None,
    prefer: Path | None = None,
    again: str = "",
    newest: Sequence[str] = (),
) -> list[str]:
    """Write the lock files; returns the changes, a line each, empty where there are none.

    Today's pins are kept wherever pyproject.toml allows, except those of the names in `upgrade`
    (all where that is an empty list). The pins of the lock file `prefer` go before today's. `again`
    is the command to name where it fails, if that is not `lock`. The `newest` packages are let go,
    too, and taken at any age, which pyproject.toml tells from then on.
    Raises EnvError, with all files as they were, where there is no uv or no solution.
    """
    uv = resolver(project)
    again = again or project.command("lock")
    if newest and upgrade != []:
        upgrade = [*(upgrade or ()), *newest]
    kept = preferences(project, upgrade, prefer)
    with temporary_folder("lock-") as place:
        draft = place / DIRECT
        shutil.copy(project.root / DIRECT, draft)
        asked = window.exempted(project, draft, newest, upgrade is not None, again)
        commits = held(project, asked, upgrade)
        return _replaced(project, uv, Task(place, asked, kept, commits, upgrade, again))


def adopt(project: Project, uv: Uv, kept: str) -> list[str]:
    """`lock` with the pins of the lock text `kept`, which another program has resolved."""
    again = project.command("sync")
    commits = [pin.text for pin in pins_of(kept) if pin.is_commit]
    task = Task(project.root, pyproject.asked(project), kept, commits, None, again)
    return _replaced(project, uv, task)


def _replaced(project: Project, uv: Uv, task: Task) -> list[str]:
    try:
        drafts = resolve(project, uv, task)
        drafts[project.root / DIRECT] = read_text(task.source / DIRECT)
        return replace(project, drafts, task.again)
    except NoWheel as error:
        raise EnvError(
            f"{error.package} has no wheel, and nothing is built from source unasked.",
            f"Name it in no-binary-package of [tool.uv] in {DIRECT}, then run again: {task.again}",
        ) from None


def unserved(project: Project, versions: Mapping[str, str], retry: str) -> dict[str, str]:
    """Of packages with these versions, those that no lock can hold: the reason by name.

    Raises EnvError, which names `retry`, where there is no uv, or the index is not reached.
    """
    uv, found = resolver(project), dict[str, str]()
    with temporary_folder("lock-") as place:
        pins = {name: f"{name}=={version}" for name, version in sorted(versions.items())}
        if not pins or uv.unserved(list(pins.values()), place) is None:
            return found
        for name, pin in pins.items():
            error = uv.unserved([pin], place)
            if error and error.unreachable and not error.tells("no solution found"):
                raise _unresolved(retry, error)
            if error and without_any(error):
                build = project.command("add", "--build", pin)
                found[name] = f"it has no wheel, so ask for a build: {build}"
            elif error:
                found[name] = "the index has no such version for all that the lock is for"
    return found


def changes(before: str, after: str) -> list[str]:
    """What became of the packages of a lock, a line each, as "numpy 2.4.0 -> 2.5.0".

    A lock `before` with both sides of a conflict in it is told as "numpy 2.3.0 or 2.4.0 -> 2.4.0".
    """
    return _changes(sides(before), after)


def _changes(before: Sequence[str], after: str) -> list[str]:
    old: dict[str, set[str]] = {}
    for side in before:
        for name, version in _versions(side).items():
            old.setdefault(name, set()).add(version)
    new = _versions(after)
    lines = []
    for name in sorted(old.keys() | new.keys()):
        was = " or ".join(sorted(old.get(name, ())))
        if name not in old:
            lines.append(f"{name} {new[name]} (new)")
        elif name not in new:
            lines.append(f"{name} {was} (gone)")
        elif was != new[name]:
            lines.append(f"{name} {was} -> {new[name]}")
    return lines


def resolver(project: Project, editing: bool = False) -> Uv:
    """The uv to resolve with, and requirements that are level with a lock of its own.

    Where they cannot be, an edit may be what mends it.
    """
    environ = scrubbed(os.environ)
    setting = indexes.deciding(environ)
    if setting:
        raise EnvError(
            f"A uv.toml of this machine says `{setting}`, and would decide what everybody gets.",
            "Take it out there (what the whole project is to have goes into [tool.uv] in "
            f"{DIRECT}), then run: {project.command('lock')}",
        )
    uv = find_uv(project, environ)
    if uv is None:
        raise EnvError(
            "Locking needs uv, and there is none on this machine or in the environment.",
            f"Make the environment first, which brings one: {project.command('sync')}",
        )
    try:
        manager(project).derive(project, uv, missing_too=False)
    except InstallerFailed as error:
        raise _unresolved(project.command("lock"), error) from None
    except EnvError:
        if not editing:
            raise
    return uv


class NoWheel(Exception):
    """A package has no wheel at all, and nothing is built from source unasked."""

    def __init__(self, package: str) -> None:
        super().__init__(package)
        self.package = normalize(package)


class Task(NamedTuple):
    """What is to be resolved."""

    source: Path
    """Directory of the pyproject.toml that counts."""

    asked: Asked
    kept: str
    """Text of a lock whose pins are kept where they can be."""

    held: Sequence[str]
    """Lines of commits that are kept."""

    upgrade: Sequence[str] | None
    again: str
    """The command to name where there is no solution."""

    building: bool = False
    """Whether a package without a wheel is no trouble, and need not be told."""

    here: bool = False
    """Whether all need be there for this machine alone."""


def _needed(project: Project, task: Task) -> list[Place]:
    return here(project) if task.here else places(project, task.asked)


def resolve(project: Project, uv: Uv, task: Task) -> dict[Path, str]:
    """The text of each lock file, by path.

    The larger requirements are resolved first, the others out of their pins. What the project has
    already (old versions, a company's build of PyTorch) need not be there for all other machines.
    """
    with temporary_folder("lock-") as place:
        needed = [*map(marker, _needed(project, task))]
        asked = task.asked
        if task.here and needed:  # what is for other machines only has no say
            asked = asked._replace(settings={**asked.settings, "environments": needed})
        text = asked.draft(project.root, needed)
        (place / DIRECT).write_text(text, encoding="utf-8")
        full, run = place / "full.txt", place / "run.txt"
        _hold(place, task)
        groups = list(task.asked.groups) if project.lock.name != RUN_LOCK else []
        try:
            note = _within(project, uv, task, full, groups)
            told = Notes(asked=task.asked.sha256, cutoff=note)
            drafts = {project.lock: named(project, task.asked, told, full)}
            if project.lock.name != RUN_LOCK:
                shutil.copy(full, run)
                within = window.options(note)
                uv.compile(place, run, [], task.asked.buildable, within)
                drafts[project.root / RUN_LOCK] = named(project, task.asked, told, run)
            managed = manager(project)
            managed.complete(project, uv, task.source, drafts, task.upgrade)
        except InstallerFailed as error:
            _refuse(project, re.findall(r"([\w.-]+)==([\w.]+)", error.output))
            if error.tells(_NO_REQUIREMENT):
                raise _no_requirement(uv, place, task) from None
            name = without_some(error)
            if not task.here and name in {pin.name for pin in pins_of(_text(project.lock))}:
                say(
                    f"{project.lock.name}: {name} has no wheel for all systems and Pythons that it "
                    f"could be for, so what counts is this system and Python {project.python}"
                )
                return resolve(project, uv, task._replace(here=True))
            lacks = _without_wheel(project, uv, task, error)
            if task.building and not isinstance(lacks, NoWheel):
                say(error.output)
            raise lacks or _unresolved(task.again, error) from None
    _refuse(project, pins_of(drafts[project.lock]))
    return drafts


def _no_requirement(uv: Uv, place: Path, task: Task) -> EnvError:
    """For a requirement that is none, which uv names where it is asked for it alone."""
    every = [task.asked.dependencies, *task.asked.groups.values()]
    lines = place / "asked.txt"
    lines.write_text("".join(f"{line}\n" for each in every for line in each), encoding="utf-8")
    with suppress(InstallerFailed):
        uv.read(lines)
    return EnvError(
        f"{DIRECT} asks for something that is no requirement; the lines above say what.",
        f"Write it like numpy==1.26.* or torch>=2,<3, then run again: {task.again}",
    )


def _within(project: Project, uv: Uv, task: Task, full: Path, groups: Sequence[str]) -> str | None:
    """Resolve into the file `full` what is old enough; the note of that.

    Today's window goes on while nothing else is asked for. Raises EnvError and InstallerFailed.
    """

    def compile_into(
        name: str, options: Sequence[str], constraints: Sequence[str], quietly: bool
    ) -> str:
        path = full.with_name(name)
        if path.suffix == ".txt":
            path.write_text(task.kept, encoding="utf-8")
        asked = (groups, task.asked.buildable, options, constraints)
        uv.compile(full.parent, path, *asked, quietly=quietly or task.building)
        return named(project, task.asked, Notes(), path)

    lock = _text(project.lock)
    told, today, kept = notes(lock), pins_of(lock), pins_of(task.kept)
    new = {(pin.name, pin.exact) for pin in kept} - {(pin.name, pin.exact) for pin in today}
    fresh = task.upgrade is not None or told.asked != task.asked.sha256 or bool(new)
    begun = window.begin(task.asked.settings, os.environ, told.cutoff, fresh, task.again)
    installed = [pin for pin in kept if not pin.hashes]  # past the lock, and adopted now
    return window.fit(compile_into, begun, [*today, *installed], fresh, task.again)


def _refuse(project: Project, packages: Sequence[tuple[Any, ...]]) -> None:
    """What the resolver was told to go around, and pyproject.toml asks for."""
    for taken in withdrawn.among(packages):
        another = project.command("add", f"{taken.name}!={taken.version}")
        raise EnvError(f"{taken}, and is asked for.", f"Ask for another version: {another}")


def named(project: Project, asked: Asked, notes: Notes, written: Path) -> str:
    """A whole lock out of the lines that a resolver wrote.

    A place on this machine is told from the project's root.
    """
    names = {(project.root / place).resolve(): name for place, name in asked.places.items()}

    def told(found: re.Match[str]) -> str:
        place = found["place"]
        path = path_of(place) if place.startswith("file:") else written.parent / place
        path = path.resolve()
        name = found["name"] or names.get(path) or pyproject.name_at(path)
        place = quote(beside(project.root, path))
        return f"{found['editable'] or ''}{normalize(name)} @ {place}{found['rest']}"

    text = _PLACE.sub(told, written.read_text(encoding="utf-8"))
    # What held the commits is no part of the lock.
    text = re.sub(
        rf"(    # via)\n    #   --override {HELD}\n    #  ( .*\n)(?!    #  )", r"\1\2", text
    )
    text = re.sub(rf"    #   --override {HELD}\n", "", text)
    pins = {pin.name: pin for pin in pins_of(text)}
    built = " ".join(sorted(pins.keys() & {*asked.buildable}))
    commits = " ".join(f"{x}={asked.origin(x)}" for x in sorted(pins) if pins[x].is_commit)
    return with_notes(notes._replace(built=built or None, commits=commits or None), text)


def _hold(place: Path, task: Task) -> None:
    text = "".join(f"{line}\n" for line in task.held)
    (place / HELD).write_text(text, encoding="utf-8")


def _unresolved(retry: str, error: InstallerFailed) -> EnvError:
    mend = f"Mend that (nothing was changed) and run again: {retry}"
    found = _ABSENT.search(" ".join(error.output.split()))
    if found and not error.refused:
        absent, package = found["what"], found["who"]
        return EnvError(
            f"The index has no {absent}, which {package} asks for.",
            f"Mend the name or version, in {DIRECT} or in the command (nothing was changed), then "
            f"run again: {retry}",
        )
    if error.unreachable and not error.tells("no solution found"):
        return EnvError("The index to resolve with was not reached; the lines above say why.", mend)
    return EnvError("The dependencies could not be resolved; the lines above say why.", mend)


def _without_wheel(
    project: Project, uv: Uv, task: Task, error: InstallerFailed
) -> Exception | None:
    """For a package that has no wheel, or none for some of the places that the lock is for."""
    name = without_some(error)
    if name and "required-environments" not in task.asked.settings:
        lacks = _lacks(project, uv, task, name)
        where, without = left_out(_needed(project, task) or places(project, task.asked), lacks)
        if where:
            parent = brings(error, task.asked, name)
            asks = f"{parent} ; {without}"
            return EnvError(
                f"{name} has no wheel for {where}.",
                f"Leave that out (nothing was changed): {project.command('add', asks)}",
            )
    name = without_any(error)
    return NoWheel(name) if name else None


def _lacks(project: Project, uv: Uv, task: Task, name: str) -> Callable[[Place], bool]:
    """Whether a package is what has no wheel where only this place counts."""

    def lacks(place: Place) -> bool:
        with temporary_folder("lock-") as folder:
            text = task.asked.draft(project.root, [marker(place)])
            (folder / DIRECT).write_text(text, encoding="utf-8")
            _hold(folder, task)
            groups, built = list(task.asked.groups), task.asked.buildable
            try:
                uv.compile(
                    folder,
                    folder / "full.txt",
                    groups,
                    built,
                    quietly=True,
                    options=window.ANY_AGE,
                )
            except InstallerFailed as error:
                return without_some(error) == name
        return False

    return lacks


def _proven(project: Project, drafts: dict[Path, str], retry: str) -> None:
    """EnvError where `sync` could not read a lock among the drafts, on some system or Python."""
    try:
        for path in _lock_files(project):
            draft = drafts.get(path, "")
            pins = proven(draft) if draft != _text(path) else []  # nothing takes its place
            _refuse_logins(project, pins)
            for system, python in product(SYSTEMS, pythons(project)):
                for_this_system(pins, facts_of(system, python))
    except ValueError as error:
        raise EnvError(
            f"What uv resolved makes no lock that can be proven: {error}.",
            f"Ask for another version of it (nothing was changed), then run again: {retry}",
        ) from None


def _refuse_logins(project: Project, pins: Sequence[Pin]) -> None:
    for name in (pin.name for pin in pins if has_login(pin.reference or "")):
        raise EnvError(
            f"The address of {name} holds a login, which would come into the lock and so into git.",
            "Put the login into ~/.netrc or git's credential helper, take it out of the address in "
            f"{DIRECT}, then run: {project.command('lock')}",
        )


def replace(project: Project, drafts: dict[Path, str], retry: str = "") -> list[str]:
    """Put the drafts in place of the files, all or none; what changed, a line each.

    An empty draft removes its file. Raises EnvError, with all files as they were, where a lock
    among them is not proven; `retry` is the command to name then, if that is not `lock`.
    """
    _proven(project, drafts, retry or project.command("lock"))
    before = [side for path in _lock_files(project) for side in sides(_text(path))]
    found = _changes(before, drafts.get(project.lock, _text(project.lock)))
    fresh = transaction.replace(project.root, drafts)
    return found or [f"{path.name} is written anew" for path in fresh]


def held(project: Project, asked: Asked, upgrade: Sequence[str] | None = None) -> list[str]:
    """The lines of today's lock that name commits: uv would take the newest of their branches.

    Not where pyproject.toml asks for another place or branch now.
    """
    text = _text(project.lock)
    known = dict(each.split("=") for each in (notes(text).commits or "").split())
    free = {normalize(name) for name in upgrade or ()}
    return [
        pin.text
        for pin in (pins_of(text) if upgrade != [] else ())
        if pin.name not in free and known.get(pin.name) == asked.origin(pin.name)
    ]


def preferences(project: Project, upgrade: Sequence[str] | None, prefer: Path | None) -> str:
    """The pins that uv keeps where it can; of two for one package it takes the newer.

    Two come from both sides of a conflict, and from a lock to run of which one pin was changed.
    """
    first = pins_of(_text(prefer)) if prefer else []
    free = {pin.name for pin in first} | {normalize(name) for name in upgrade or ()}
    today = [] if upgrade is not None and not upgrade else _lock_files(project)
    for path in today:
        _say_unless_readable(path)
    found = [pin for path in today for pin in pins_of(_text(path))]
    kept = first + [pin for pin in found if pin.name not in free]
    return "".join(f"{text}\n" for text in dict.fromkeys(pin.text for pin in kept if pin.version))


def _say_unless_readable(path: Path) -> None:
    try:
        for side in sides(read_text(path)):
            parse(side)
    except OSError:
        pass  # there is none yet
    except ValueError as error:
        say(f"note: {path.name} cannot be read, so its versions are not kept: {error}")


def _lock_files(project: Project) -> list[Path]:
    return list(dict.fromkeys((project.lock, project.root / RUN_LOCK)))


def pins_of(text: str) -> list[Pin]:
    """The pins of a lock, of both sides where it holds a conflict."""
    try:
        return [pin for side in sides(text) for pin in parse(side)]
    except ValueError:
        return []  # then nothing is preferred, and the resolver decides


def _versions(text: str) -> dict[str, str]:
    versions: dict[str, list[str]] = {}
    for pin in pins_of(text):
        versions.setdefault(pin.name, []).append(pin.exact)
    return {name: " and ".join(each) for name, each in versions.items()}


def _text(path: Path) -> str:
    try:
        return read_text(path)
    except (OSError, ValueError):
        return ""
