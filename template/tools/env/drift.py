"""Every difference between an environment and its lock: `check`.

A list of versions cannot tell whether an environment works: a file may be edited, deleted, or come
from another wheel of the same version. So this compares in three steps: the lock with what is
installed, what is installed with the manifest, and every file with the hash its wheel recorded.
Then it looks at what reaches past all packages: .pth files, the Python underneath, PYTHONPATH.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from . import direct, files, installed, state, surroundings, withdrawn
from . import manifest as proof
from .difference import (
    EXTRA_PACKAGE,
    FILE_EDITED,
    FILE_MISSING,
    LOCKS_DIFFER,
    MISSING_PACKAGE,
    OTHER_PYTHON,
    OTHER_WHEEL,
    SHADOWED,
    STRAY_PTH,
    UNLOCKED,
    UNREADABLE,
    WITHDRAWN,
    WRONG_VERSION,
    Difference,
)
from .installed import Distribution, Record, Recorded
from .managers import manager
from .manifest import Manifest
from .markers import canonical
from .project import RUN_LOCK, Project, read_text
from .requirements import Pin, locked, normalize, parse, sha256

_STATES = {
    state.MISSING: "missing-env",
    state.INCOMPLETE: "incomplete-env",
    state.STALE: "stale-lock",
    state.MOVED: "moved-project",
    state.FOREIGN: "foreign-env",
    state.BROKEN: "broken-env",
}


def check(project: Project, fast: bool = False) -> list[Difference]:
    """All differences, the state's own first; an empty list is the proof that there is none.

    `fast` takes a file of the right size that was not written since as whole; else all are hashed.
    """
    seen = state.assess(project)
    found = []
    if seen.state != state.READY:
        same_lock = seen.manifest is not None and seen.manifest.lock == sha256(*project.locks)
        stale = seen.state == state.STALE
        code = OTHER_PYTHON if stale and same_lock else _STATES[seen.state]
        found.append(Difference(code, seen.reason))
    if seen.manifest is None or seen.state not in (state.READY, state.STALE):
        return found
    found += differences(project, seen.manifest, fast)
    site = project.env / seen.manifest.site_packages
    found += surroundings.shadows(site, os.environ.get("PYTHONPATH", ""))
    return [*found, *unlocked(project), *_locks_differ(project)]


def unlocked(project: Project) -> Iterator[Difference]:
    """What a person asked for and did not lock."""
    said = manager(project).unlocked(project)
    if said:
        yield Difference(UNLOCKED, said)
    yield from direct.unlocked(project)


def _locks_differ(project: Project) -> Iterator[Difference]:
    """A version that was changed in one of the lock files, and not in the other."""
    run = project.root / RUN_LOCK
    try:
        held = {(pin.name, pin.exact) for pin in parse(read_text(project.lock))}
        other = [pin for pin in parse(read_text(run)) if (pin.name, pin.exact) not in held]
    except (OSError, ValueError):
        return  # whatever needs that one says so
    for pin in other:
        message = f"{pin.name} is {pin.exact} in {RUN_LOCK}, and not in {project.lock.name}."
        yield Difference(LOCKS_DIFFER, message, pin.name)


def hidden(project: Project, found: list[Difference]) -> set[Difference]:
    """Those that only a full look finds: edits that left the size and time of a file as before.

    A Python too can change under a file that stays: most of it may be in a library beside it.
    """
    doubtful = {each for each in found if each.code in (FILE_EDITED, OTHER_PYTHON)}
    return doubtful - set(check(project, fast=True)) if doubtful else set()


def mend(project: Project, found: list[Difference], full: bool = False) -> str:
    """The command for what `check` found, "" for nothing; `full` where a fast look misses it."""
    codes = {difference.code for difference in found}
    if _STATES[state.FOREIGN] in codes:
        return state.ELSEWHERE
    if codes == {SHADOWED}:
        return "unset PYTHONPATH"
    if codes & {LOCKS_DIFFER, UNLOCKED, UNREADABLE, WITHDRAWN}:
        return f"{project.command('lock')}, then {project.command('sync')}"
    return project.command("sync", *["--full"] * full) if codes else ""


def differences(project: Project, manifest: Manifest, fast: bool) -> Iterator[Difference]:
    """What `check` finds inside an environment of ours that is complete, and `sync` mends."""
    site = project.env / manifest.site_packages
    newer_than = proof.written_at(project.env) if fast else None
    yield from manager(project).differences(project, newer_than)
    yield from surroundings.python_underneath(project, manifest, fast)
    pins = locked(project.lock, project.command("lock"), manifest.markers)
    present = installed.scan(site)
    for taken in withdrawn.among(present):
        yield Difference(WITHDRAWN, f"{taken}. {withdrawn.CREDENTIALS}", taken.name)
    yield from compare(pins, present, own_name(project))
    yield from damage(site, present, manifest, newer_than)


def own_name(project: Project) -> str:
    """The distribution name of the project itself, "" where it has no package to install."""
    return normalize(project.name) if project.package else ""


def compare(pins: dict[str, Pin], present: list[Distribution], own: str) -> Iterator[Difference]:
    """The lock against what is installed, by name and version; the project itself must be there."""
    versions: dict[str, list[str]] = {}
    for dist in present:
        versions.setdefault(dist.name, []).append(dist.version)
    for name, pin in pins.items():
        have = versions.get(name)
        if have is None:
            yield Difference(MISSING_PACKAGE, f"{name} {pin.version} is not installed.", name)
        elif pin.version and list(map(canonical, have)) != [canonical(pin.version)]:
            listed = " and ".join(have)
            yield Difference(WRONG_VERSION, f"{name} is {listed}, locked is {pin.version}.", name)
    if own and own not in versions:
        yield Difference(MISSING_PACKAGE, f"The project itself, {own}, is not installed.", own)
    for name, have in versions.items():
        if name not in pins and name != own:
            yield Difference(EXTRA_PACKAGE, f"{name} {have[0]} is not in the lock.", name)


def damage(
    site: Path, present: list[Distribution], manifest: Manifest | None, newer_than: int | None
) -> Iterator[Difference]:
    """Packages whose files are not what was installed; `newer_than` as in `files.damaged`."""
    records: dict[str, list[Recorded]] = {}
    for dist in present:
        found = installed.record(site, dist)
        if found is None:
            message = f"The RECORD of {dist.name} is gone."
            yield Difference(FILE_MISSING, message, dist.name, "RECORD")
            continue
        records[dist.name] = found.lines
        if manifest and _from_another_file(dist, found, manifest):
            message = f"{dist.name} {dist.version} was installed again, from another file."
            yield Difference(OTHER_WHEEL, message, dist.name)
    for path in surroundings.stray_pth(site, records.values()):
        message = f"{path} came with no package, and Python reads it at every start."
        yield Difference(STRAY_PTH, message, "", path)
    for name, what, path in files.damaged(site, records, newer_than):
        code = FILE_MISSING if what == "missing" else FILE_EDITED
        verb = "is gone" if what == "missing" else "was changed after it was installed"
        yield Difference(code, f"{path} of {name} {verb}.", name, path)


def _from_another_file(dist: Distribution, found: Record, manifest: Manifest) -> bool:
    pin = f"{dist.name}=={dist.version}"
    if pin not in manifest.distributions or found.sha256 == manifest.records.get(pin):
        return False  # not of the manifest (told elsewhere), or untouched
    return installed.fingerprint(found.lines) != manifest.distributions[pin]
