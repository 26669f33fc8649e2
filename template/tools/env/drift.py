"""Every difference between an environment and its lock: `check`.

A list of versions cannot tell whether an environment works: a file may be edited, deleted, or come
from another wheel of the same version. So this compares in three steps: the lock with what is
installed, what is installed with the manifest, and every file with the hash its wheel recorded.
Then it looks at what no package brought, and at what reaches past all of them.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress

from . import editable, files, imports, kernelspec, pyproject, sources, state, withdrawn
from . import manifest as proof
from .difference import (
    BROKEN_ENV,
    EXTRA_PACKAGE,
    FILE_EDITED,
    FILE_MISSING,
    FOREIGN_ENV,
    INCOMPLETE_ENV,
    LOCKS_DIFFER,
    MISSING_ENV,
    MISSING_PACKAGE,
    MOVED_PROJECT,
    NOT_EXECUTABLE,
    NOT_STARTING,
    OTHER_PYTHON,
    OTHER_SOURCE,
    OTHER_WHEEL,
    PYTHON_INSTEAD,
    SHADOWED,
    SHARED_FILE,
    STALE_LOCK,
    UNLOCKED,
    UNREADABLE,
    WITHDRAWN,
    WRONG_VERSION,
    Difference,
)
from .distributions import Clashes, Contents, Distribution, Record, contents, fingerprint
from .errors import EnvError
from .interpreters import LOAD, missing_library
from .managers import manager
from .manifest import Manifest
from .markers import applies, facts_of, same_version, satisfies
from .processes import capture, scrubbed
from .project import Project, read_text, sha256
from .requirements import Pin, locked, normalize, parse, pins_of, text_of

_STATES = {
    state.MISSING: MISSING_ENV,
    state.INCOMPLETE: INCOMPLETE_ENV,
    state.STALE: STALE_LOCK,
    state.MOVED: MOVED_PROJECT,
    state.FOREIGN: FOREIGN_ENV,
    state.BROKEN: BROKEN_ENV,
}


def differences(project: Project, *, fast: bool) -> list[Difference]:
    """All differences, the state's own first; an empty list is the proof that there is none.

    `fast` takes a file of the right size that was not written since as whole; else all are hashed.
    """
    seen = state.assess(project)
    found = []
    if seen.state != state.READY:
        same_lock = seen.manifest is not None and seen.manifest.lock == sha256(*project.locks)
        stale = seen.state == state.STALE
        same_build = seen.stamp is None or seen.stamp.build == project.build
        code = OTHER_PYTHON if stale and same_lock and same_build else _STATES[seen.state]
        found.append(Difference(code, seen.reason))
    if seen.manifest is None or seen.state not in (state.READY, state.STALE):
        return found
    here = contents(project.env / seen.manifest.site_packages)
    found += beneath(project, seen.manifest, fast=fast)
    found += inside(project, here, seen.manifest, fast=fast)
    variable = os.environ.get("PYTHONPATH", "")
    found += imports.shadows(here, project.package, variable)
    if not satisfies(seen.manifest.python, project.python):
        python = seen.manifest.python
        message = f"Its Python is {python} here, and the project asks for {project.python}."
        found.append(Difference(PYTHON_INSTEAD, message))
    return [*found, *unlocked(project), *_locks_differ(project)]


def unlocked(project: Project) -> Iterator[Difference]:
    """What a person asked for and did not lock."""
    said = manager(project).unlocked(project)
    if said:
        yield Difference(UNLOCKED, said)
    yield from pyproject.unlocked(project)


def _locks_differ(project: Project) -> Iterator[Difference]:
    """A version that was changed in one of the lock files, and not in the other."""
    run, pins = project.run_lock, pins_of(text_of(project.lock))
    held = {(pin.name, pin.exact) for pin in pins}
    try:
        to_run = parse(read_text(run))
        direct = _direct(project)
    except (OSError, ValueError) as error:
        why = "it is missing" if isinstance(error, FileNotFoundError) else error
        message = f"{run.name}, which is what {project.lock.name} has to run, is no lock: {why}."
        yield Difference(LOCKS_DIFFER, message, "", run.name)
        to_run, direct = [], {}
    for pin in to_run:
        if (pin.name, pin.exact) not in held:
            message = f"{pin.name} is {pin.exact} in {run.name}, and not in {project.lock.name}."
            yield Difference(LOCKS_DIFFER, message, pin.name)
    lacking = {pin.name for pin in pins}.intersection(direct) - {pin.name for pin in to_run}
    for name in sorted(lacking):
        if _is_asked_for(project, direct[name]):
            message = f"{name} is in {project.lock.name}, and {run.name} lacks it."
            yield Difference(LOCKS_DIFFER, message, name)
    if not project.builds:
        return
    from .builds import apart

    every = {each.lock.name: pins_of(text_of(each.lock)) for each in project.every}
    locks = {name: [(pin.name, pin.exact) for pin in pins] for name, pins in every.items()}
    for name, found in apart(locks).items():
        versions = " and ".join(f"{version} in {lock}" for lock, version in found.items())
        yield Difference(LOCKS_DIFFER, f"{name} is {versions}.", name)


def _direct(project: Project) -> dict[str, list[str]]:
    """The packages that the project asks for to run, each with the markers of where it does; none
    where that cannot be read."""
    found: dict[str, list[str]] = {}
    with suppress(EnvError):  # which is told as a difference
        for each in map(pyproject.REQUIREMENT.match, pyproject.asked(project).dependencies):
            if each:
                found.setdefault(normalize(each["name"]), []).append(each["marker"] or "")
    return found


def _is_asked_for(project: Project, markers: Iterable[str]) -> bool:
    """Whether one of these holds anywhere that the lock is for."""
    from .resolution import covered

    places = [facts_of(*place) for place in covered(project, pyproject.asked(project))]
    with suppress(ValueError):  # no marker of a requirement: uv tells
        return any(applies(marker, place) for marker in markers for place in places)
    return True


def hidden(project: Project, found: list[Difference]) -> set[Difference]:
    """Those that only a full look finds: edits that left the size and time of a file as before.

    A Python too can change under a file that stays: most of it may be in a library beside it.
    """
    doubtful = {each for each in found if each.code in (FILE_EDITED, OTHER_PYTHON)}
    return doubtful - set(differences(project, fast=True)) if doubtful else set()


def mend(project: Project, found: list[Difference], *, full: bool = False) -> str:
    """The command for what `check` found, "" for nothing; `full` where a fast look misses it."""
    codes = {difference.code for difference in found if not difference.is_note}
    if FOREIGN_ENV in codes:
        return state.ELSEWHERE
    if NOT_STARTING in codes:
        return LOAD
    if codes == {SHADOWED}:
        return "unset PYTHONPATH"
    if codes & {LOCKS_DIFFER, UNLOCKED, UNREADABLE, WITHDRAWN}:
        return f"{project.command('lock')}, then {project.command('sync')}"
    return project.command("sync", *["--full"] * full) if codes else ""


def keep(project: Project, found: list[Difference]) -> str:
    """The command that adopts what `check` found to be installed by hand, "" where nothing was."""
    codes = (EXTRA_PACKAGE, WRONG_VERSION, OTHER_SOURCE)
    names = {each.package for each in found if each.code in codes}
    manifest = state.assess(project).manifest
    if not names or manifest is None or any(each.code == WITHDRAWN for each in found):
        return ""
    here = contents(project.env / manifest.site_packages)
    return project.command("freeze") if names & by_hand(here, manifest) else ""


def by_hand(here: Contents, manifest: Manifest) -> set[str]:
    """The packages that are not as the engine has installed them: not what only the lock has left
    behind, when it was changed."""
    return {
        dist.name
        for dist in here.present
        if f"{dist.name}=={dist.version}" not in manifest.distributions
        or (
            dist.directory in here.records
            and _from_another_file(dist, here.records[dist.directory], manifest)
        )
    }


def unhashed(project: Project) -> dict[str, str]:
    """Where a hash of the lock proves nothing: the commit or directory by package."""
    try:
        pins = parse(read_text(project.lock))
    except (OSError, ValueError):
        return {}  # which is told as a difference
    return {pin.name: pin.exact for pin in pins if not pin.hashable}


def beneath(project: Project, manifest: Manifest, *, fast: bool) -> Iterator[Difference]:
    """What is wrong under the packages: with a conda prefix, with the Python."""
    yield from manager(project).differences(project, _since(project, fast=fast))
    # The base can be upgraded in place: a look at its file, or a start, shows it.
    if fast and proof.file_mark(project.python_path) == manifest.python_file:
        return
    argv = [str(project.python_path), "-I", "-S", "-c", "import sys; print(sys.version.split()[0])"]
    version = capture(argv, scrubbed(os.environ)).output.strip()
    library = None if version else missing_library(project.python_path, scrubbed(os.environ))
    if library:
        message = f"The Python of {project.env_label} does not start without {library}."
        yield Difference(NOT_STARTING, message)
    elif version != manifest.python:
        message = f"Python is {version or 'not running'} now, and was {manifest.python}."
        yield Difference(OTHER_PYTHON, message)


def inside(
    project: Project, here: Contents, manifest: Manifest, *, fast: bool
) -> Iterator[Difference]:
    """What `check` finds inside an environment of ours that is complete."""
    site, present = here.site, here.present
    pins = locked(project, manifest.markers)
    for taken in withdrawn.among(present):
        yield Difference(WITHDRAWN, f"{taken}. {withdrawn.CREDENTIALS}", taken.name)
    for taken in set(withdrawn.among(pins.values())) - set(withdrawn.among(present)):
        yield Difference(WITHDRAWN, f"{taken}, and the lock has it.", taken.name)
    ours = editable.installs(project, site, present)
    yield from compare(pins, present, editable.names(project, ours))
    yield from sources.differences(project.root, site, pins, present)
    yield from editable.differences(project, site, present, ours, manifest.project)
    yield from damage(project, here, manifest, since=_since(project, fast=fast))
    yield from kernelspec.differences(project, manifest)


def _since(project: Project, *, fast: bool) -> int | None:
    return proof.written_at(project.env) if fast else None


def compare(
    pins: Mapping[str, Pin], present: list[Distribution], own: Collection[str]
) -> Iterator[Difference]:
    """The lock against what is installed, by name and version; `own` are the project itself."""
    versions: dict[str, list[str]] = {}
    for dist in present:
        versions.setdefault(dist.name, []).append(dist.version)
    for name, pin in pins.items():
        have = versions.get(name)
        if have is None:
            yield Difference(MISSING_PACKAGE, f"{name} {pin.exact} is not installed.", name)
        elif pin.version and not (len(have) == 1 and same_version(have[0], pin.version)):
            listed = " and ".join(have)
            yield Difference(WRONG_VERSION, f"{name} is {listed}, locked is {pin.version}.", name)
    for name, have in versions.items():
        if name not in pins and name not in own:
            yield Difference(EXTRA_PACKAGE, f"{name} {have[0]} is not in the lock.", name)


def damage(
    project: Project, here: Contents, manifest: Manifest | None, *, since: int | None
) -> Iterator[Difference]:
    """Packages whose files are not what was installed; `since` as in `files.damaged`."""
    for dist in here.present:
        record = here.records.get(dist.directory)
        if record is None:
            message = f"The RECORD of {dist.name} is gone."
            yield Difference(FILE_MISSING, message, dist.name, "RECORD")
        elif not record.whole:
            message = f"The RECORD of {dist.name} is damaged."
            yield Difference(FILE_EDITED, message, dist.name, "RECORD")
        elif manifest and _from_another_file(dist, record, manifest):
            message = f"{dist.name} {dist.version} was installed again, from another file."
            yield Difference(OTHER_WHEEL, message, dist.name)
    if not here.spoilt:  # else what they brought would be nobody's
        known = manifest.unrecorded if manifest else []
        yield from (each for each in imports.beside_packages(here) if each.file not in known)
        written = proof.written_at(project.env) if manifest else None
        yield from imports.inside_packages(here, since=written)
    yield from files.differences(here.site, here.lines, here.clashes, since=since)
    for path in files.not_executable(project.scripts, here):
        message = f"{path} cannot be run: its execute permission is gone."
        yield Difference(NOT_EXECUTABLE, message, "", path)
    yield from _shared(here.clashes)


def _shared(clashes: Clashes) -> Iterator[Difference]:
    found: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for path, claims in clashes.items():
        found[tuple(dict.fromkeys(claim.name for claim in claims))].append(path)
    for owners, paths in found.items():
        message = (
            f"{' and '.join(owners)} bring different files of the same name, {len(paths)} of them, "
            f"the first is {paths[0]}: the one installed last counts. Ask for one of them alone."
        )
        yield Difference(SHARED_FILE, message, owners[0], paths[0])


def _from_another_file(dist: Distribution, found: Record, manifest: Manifest) -> bool:
    pin = f"{dist.name}=={dist.version}"
    if pin not in manifest.distributions or found.sha256 == manifest.records.get(pin):
        return False  # not of the manifest (told elsewhere), or untouched
    return fingerprint(found.lines) != manifest.distributions[pin]
