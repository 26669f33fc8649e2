"""Brings the environment to the lock: creates, installs, prunes and repairs.

What is wrong is decided elsewhere (`state.assess`, `drift`); this module mends it, in an order that
can be interrupted anywhere: stamp, interpreter, packages, project, manifest. What only work needs
is imported where that begins: mostly there is nothing to do.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import distributions, drift, indexes, kernelspec, state, withdrawn
from . import manifest as proof
from .difference import (
    FILE_EDITED,
    FILE_MISSING,
    OTHER_WHEEL,
    STRAY_MODULE,
    STRAY_PTH,
    SYMBOLIC_LINK,
    Difference,
)
from .distributions import Contents, contents
from .errors import EnvError
from .interpreters import LOAD, Interpreter, NoInterpreter, find, is_version, missing_library, probe
from .managers import manager
from .manifest import Stamp
from .markers import satisfies
from .processes import say, scrubbed
from .project import Project, same_file
from .requirements import read
from .sources import Pack
from .state import Assessment

_FETCHED = (FILE_EDITED, FILE_MISSING, OTHER_WHEEL, SYMBOLIC_LINK)
_AWAY = (STRAY_MODULE, STRAY_PTH, SYMBOLIC_LINK)
_WHOLE = (state.READY, state.STALE, state.INCOMPLETE)
"""States of an environment whose Python may be right."""


def make_ready(
    project: Project,
    *,
    python: str | None = None,
    fetch: bool = False,
    full: bool = False,
    pack: Pack | None = None,
) -> bool:
    """Bring the environment to the lock; returns whether anything had to be done.

    `python` is a version, command or path asked for by hand; this environment keeps to it from then
    on. `fetch` lets uv download a Python that is missing. `full` hashes every file to find damage.
    `pack` stands in place of an index, and is for one Python.
    Raises EnvError, and leaves a state from which the next `sync` goes on.
    """
    started = time.monotonic()
    seen = state.assess(project)
    _refuse(project, seen)
    remembered = seen.stamp.python if seen.stamp else None
    if pack and not remembered and pack.python != project.python:
        python = python or pack.python
    wanted = python or remembered or project.python
    managed = manager(project)
    if python or fetch:
        managed.accept_python(project)
    chosen = _chosen(project, wanted, fetch=fetch) if python or fetch else None
    # A lock that cannot be read or must not be installed costs nothing, but for the uv to mend it.
    pins = read(project)
    if seen.state != state.MISSING or _has_uv(project):
        withdrawn.refuse(pins, project.command("lock"))
    seen = _not_started_again(project, seen)
    here, found = _look(project, seen, full=full)
    if _is_right(project, seen, chosen, full=full) and not found:
        return False
    from . import editable
    from .installation import install, move_away, no_trusted_copy

    if project.build:
        say(f"{project.env_label}: build {project.build}, {project.build_why}")
    environ = scrubbed(os.environ)
    editable.refuse(project, project.command("sync"))
    own = _kept(project, seen, wanted, chosen, environ)
    newer_than = proof.written_at(project.env) if seen.manifest and not full else None
    if own and here is None:
        here = contents(own.site_packages)
        found = list(drift.damage(project, here, None, since=None))
    again = sorted({each.package for each in found if each.code in _FETCHED and each.package})
    fetched = sorted({pin.name for pin in pins}.intersection(again))
    if own and fetched and indexes.cached(environ):
        raise no_trusted_copy(project, fetched)
    by_hand = remembered
    if python:
        by_hand = python if chosen is None or is_version(python) else chosen.minor
        if by_hand == project.python or managed.pin_python(project, by_hand):
            by_hand = None
    begin = own or chosen
    if begin is None:
        begin, by_hand = _begin(project, wanted, by_hand, environ)
    if pack and begin.minor != pack.python:
        raise EnvError(
            f"{pack.name} is for Python {pack.python}, and this is {begin.version}.",
            "Take that one: "
            + project.command("sync", "--python", pack.python, "--from", pack.name),
        )
    if own is None:
        stamp = Stamp(str(project.root), None, by_hand, proof.this_system(), build=project.build)
        own = _make(project, seen, stamp, begin, environ)
        here, again = None, []
    else:
        stamp = Stamp(str(project.root), None, by_hand, proof.this_system(), build=project.build)
        proof.write_stamp(project.env, stamp)
        proof.withdraw(project.env)
        away = [each.file for each in found if each.code in _AWAY]
        move_away(project, own.site_packages, away)
        if managed.refresh(project, newer_than, environ):
            own, here = running(project, environ), None
        here = None if away else here
    here = here or contents(own.site_packages)
    manifest = install(project, own, here, again, seen.manifest, environ, pack)
    manifest = manifest._replace(kernel=kernelspec.register(project, manifest))
    proof.write_manifest(project.env, manifest)
    base = own.path.with_name(f"python{own.minor}")
    known = str(base) if same_file(base, project.python_path) else None
    proof.write_stamp(project.env, stamp._replace(lock=manifest.lock, base=known))
    took = time.monotonic() - started
    say(f"{project.env_label}: ready, {len(manifest.distributions)} packages in {took:.1f} s")
    return True


def is_ready(project: Project, *, full: bool = False) -> bool:
    """Whether `make_ready` would have nothing to do, where no Python is asked for by hand."""
    seen = state.assess(project)
    _, found = _look(project, seen, full=full)
    return not found and _is_right(project, seen, None, full=full)


def remove(project: Project) -> list[str]:
    """Delete the environment, which the caller has seen to be ours; the names of files in use.

    These wait in the engine's own folder, which then stays, and all else goes. The stamp goes last,
    so that what is left of an interrupted removal is still known as ours. A directory where another
    disk is mounted is emptied. Raises EnvError where a symbolic link stands at its place.
    """
    if not os.path.lexists(project.env):
        return []
    if project.env.is_symlink():
        raise EnvError(
            f"{project.env_label} is a symbolic link, and nothing is removed through one.",
            f"Remove the link and what it leads to by hand, then run: {project.command('sync')}",
        )
    kept = proof.folder(project.env)
    proof.withdraw(project.env)
    used: list[str] = []

    def pass_over(function: object, path: str, error: Any) -> None:
        problem: OSError = error if isinstance(error, OSError) else error[1]
        if function is os.rmdir and used:
            return
        if not proof.in_use(problem):
            raise problem
        used.append(os.path.basename(path))
        if kept not in Path(path).parents:
            with contextlib.suppress(OSError):  # else it stays where it is
                proof.make_way(project.env, Path(path))

    way: Any = {"onexc" if sys.version_info >= (3, 12) else "onerror": pass_over}
    waiting = [entry for entry in os.scandir(kept) if entry.name == proof.IN_USE]
    for entry in [*waiting, *os.scandir(project.env)]:
        if entry.name == kept.name:
            continue
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path, **way)
        else:
            os.unlink(entry.path)
    if not used:
        shutil.rmtree(kept)
        if not os.path.ismount(project.env):
            project.env.rmdir()
    return used


def _refuse(project: Project, seen: Assessment) -> None:
    if os.pathsep in str(project.env) or "\n" in str(project.root):
        raise EnvError(
            f"An environment cannot live at {str(project.env)!r}: PATH separates its entries by "
            f"{os.pathsep!r}.",
            f"Move the project, or choose another place: {state.ELSEWHERE}",
        )
    for folder in (project.root, project.env):
        if re.search("[\ud800-\udfff]", str(folder)):  # how Python holds what it cannot decode
            raise EnvError(
                f"The name {str(folder)!r} is not UTF-8, as Python reads it.",
                f"Rename it, then run: {project.command('sync')}",
            )
    trouble = None if seen.state in (state.READY, state.STALE) else state.noexec(project)
    if trouble:
        raise trouble
    if seen.state == state.FOREIGN:
        raise EnvError(
            seen.reason,
            f"Move it away and run {project.command('sync')}, or choose another place first: "
            + state.ELSEWHERE,
        )


def _not_started_again(project: Project, seen: Assessment) -> Assessment:
    """`broken`, so that it is made anew past its Python, where something withdrawn is in it."""
    sites = [*project.env.glob("lib/python*/site-packages"), project.env / "Lib" / "site-packages"]
    for taken in withdrawn.among(dist for site in sites for dist in distributions.scan(site)):
        return seen._replace(state=state.BROKEN, reason=f"{taken}. {withdrawn.CREDENTIALS}")
    return seen


def _look(
    project: Project, seen: Assessment, *, full: bool
) -> tuple[Contents | None, list[Difference]]:
    """What is inside an environment whose proof is there, and what is wrong with that."""
    if seen.manifest is None or seen.state not in (state.READY, state.STALE):
        return None, []
    here = contents(project.env / seen.manifest.site_packages)
    found = drift.inside(project, here, seen.manifest, fast=not full)
    return here, [each for each in found if not each.is_note]


def _is_right(
    project: Project, seen: Assessment, chosen: Interpreter | None, *, full: bool
) -> bool:
    """Whether all is well besides what `_look` finds."""
    if seen.state != state.READY or seen.manifest is None:
        return False
    if chosen is not None and chosen.version != seen.manifest.python:
        return False
    return not any(drift.beneath(project, seen.manifest, fast=not full))


def _kept(
    project: Project,
    seen: Assessment,
    wanted: str,
    chosen: Interpreter | None,
    environ: Mapping[str, str],
) -> Interpreter | None:
    """The interpreter of the environment that is there, None where it must be made anew.

    A Python that lacks a library is not damaged, and its environment is not to be replaced:
    EnvError, unless another one was chosen.
    """
    if seen.state not in _WHOLE:
        return None
    fits = manager(project).fits(project) and not project.scripts.is_symlink()
    own = inside(project, environ) if fits else None
    if own is not None and satisfies(own.version, chosen.version if chosen else wanted):
        return own
    library = None if chosen else missing_library(project.python_path, environ)
    if library:
        raise EnvError(
            f"The Python of {project.env_label} does not start without {library}.",
            f"Load what brings it ({LOAD}), or take another Python: "
            + project.command("sync", "--python", "VERSION"),
        )
    return None


def inside(project: Project, environ: Mapping[str, str]) -> Interpreter | None:
    """The environment's interpreter, None where it does not run or has no place for its packages.

    Without its pyvenv.cfg the Python of a venv is its base: what is done to it is done to that.
    """
    own = probe([str(project.python_path)], environ)
    if own is None or Path(os.path.realpath(project.env)) not in own.site_packages.parents:
        return None
    places = (own.site_packages, *own.site_packages.parents)
    there = next(place for place in places if os.path.lexists(place))
    return own if there.is_dir() else None


def _make(
    project: Project,
    seen: Assessment,
    stamp: Stamp,
    begin: Interpreter,
    environ: Mapping[str, str],
) -> Interpreter:
    """A new environment without packages in place of what is there; its interpreter."""
    if seen.state not in (state.MISSING, state.INCOMPLETE):
        why = seen.reason or f"Python {begin.version} is asked for."
        if not seen.reason and seen.manifest and satisfies(seen.manifest.python, begin.version):
            why = "Its Python or the place of its packages cannot be used."
        say(f"{project.env_label}: removing it to make it anew. {why}")
    for name in remove(project):
        say(f"{project.env_label}: {name} is in use, and replaced all the same")
    proof.write_stamp(project.env, stamp)
    # git must not see it, under whatever name and wherever it lives
    (project.env / ".gitignore").write_text("*\n", encoding="utf-8")
    manager(project).create(project, begin, environ)
    return running(project, environ)


def running(project: Project, environ: Mapping[str, str]) -> Interpreter:
    """The environment's interpreter; EnvError where it does not run."""
    own = inside(project, environ)
    if own is None:
        raise EnvError(
            f"{project.python_path} was made just now and does not run.",
            "Choose another Python: " + project.command("sync", "--python", "VERSION"),
        )
    return own


def _has_uv(project: Project) -> bool:
    from .bootstrap import find_uv

    return find_uv(project, scrubbed(os.environ)) is not None


def _chosen(project: Project, wanted: str, *, fetch: bool) -> Interpreter:
    """The interpreter that was asked for by hand, fetched by uv where that was asked for too."""
    from . import provision

    return (provision.fetched if fetch else find)(project, wanted, scrubbed(os.environ))


def _begin(
    project: Project, wanted: str, by_hand: str | None, environ: Mapping[str, str]
) -> tuple[Interpreter, str | None]:
    """The Python to make the environment from, and the version that it keeps to from then on."""
    from . import provision

    try:
        return manager(project).prepare(project, wanted, environ), by_hand
    except NoInterpreter as missing:
        other = provision.instead(project, wanted, missing, environ)
    return other, None if satisfies(other.version, project.python) else other.minor
