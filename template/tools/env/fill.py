"""Makes the packages of an environment what the lock says, and proves that they are."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence

from . import builds, drift, files, indexes, installed, withdrawn
from .ambient import say
from .errors import EnvError, InstallerFailed
from .installers import Uv, forget_fetched, uv_for
from .managers import manager
from .manifest import Manifest
from .probe import Interpreter
from .project import Project
from .requirements import locked, sha256
from .surroundings import at_start, brought_at_start, file_mark

_LOGIN = "UV_DEFAULT_INDEX=https://NAME:PASSWORD@HOST/simple"


def fill(
    project: Project,
    own: Interpreter,
    again: Sequence[str],
    environ: Mapping[str, str],
    offline: bool,
) -> Manifest:
    """Install, remove and repair; returns the proof of what is there then.

    `own` is the environment's interpreter, `again` the distributions whose files are not to be
    trusted. Raises EnvError where uv fails or its work is not what the lock says.
    """
    again_with = project.command("lock")
    if indexes.is_on(environ.get("UV_MALWARE_CHECK")):
        raise EnvError(
            "UV_MALWARE_CHECK asks for a check that only uv sync makes, and nothing is installed "
            "without it.",
            f"Unset it, then run: {project.command('sync')}",
        )
    try:
        uv = uv_for(project, own, environ, offline)
        _resolve_draft(project, offline)
        manager(project).derive(project, uv, offline)
    except InstallerFailed as error:
        raise _explained(project, error, offline) from None
    lock = sha256(*project.locks)  # before the work: what is changed meanwhile is seen afterwards
    pins = locked(project.lock, again_with, own.markers)
    withdrawn.refuse(pins.values(), again_with)
    name = drift.own_name(project)
    _forget(project, own)
    present, early = installed.scan(own.site_packages), at_start(own.site_packages)
    extra = [dist.name for dist in present if dist.name not in pins and dist.name != name]
    again = [package for package in again if package in pins]
    try:
        if extra:
            say(f"{project.env_label}: removing what is not in the lock: {', '.join(extra)}")
            uv.uninstall(extra)
        if again:
            say(f"{project.env_label}: fetching anew what was changed: {', '.join(again)}")
        host = indexes.host(environ)
        source = f", from {host}" if host else ""
        say(f"{project.env_label}: installing {len(pins)} packages with {uv.name}{source}")
        _install(project, uv, again, offline)
        _distrust(project, own, uv, offline)
        for sentence in brought_at_start(own.site_packages, early):
            say(f"note: {sentence} Look at it first where you did not expect that.")
        if project.package:
            uv.install_project(offline)
    except InstallerFailed as error:
        raise _explained(project, error, offline) from None
    for difference in drift.compare(pins, installed.scan(own.site_packages), name):
        raise EnvError(
            f"{uv.name} ended well, and yet: {difference.message}",
            "Look for a setting that leads it elsewhere, as `target` in a uv.toml. If there is "
            f"none, make the environment anew: {project.command('delete', '--yes')}, then "
            + project.command("sync"),
        )
    forget_fetched(project)
    return _manifest(project, own, lock, uv)


def no_trusted_copy(project: Project, packages: Sequence[str]) -> EnvError:
    """Where a fresh copy of changed files is needed, which only the index has."""
    return EnvError(
        f"Files of {', '.join(packages)} were changed, and no cache is trusted to mend them.",
        f"Run it with the network: {project.command('sync')}",
    )


def _resolve_draft(project: Project, offline: bool) -> None:
    """Some requirements are known to nobody before: a person's own, or another build of PyTorch."""
    from . import lock as locking  # late: most have nothing to resolve

    if locking.is_draft(project):
        say(f"{project.lock.name}: resolving it, as the project asks for more than was known")
        changes = locking.lock(project, offline=offline, again=project.command("sync"))
        say(f"{project.lock.name}: {len(changes)} packages are others than the template ships")


def _install(project: Project, uv: Uv, again: Sequence[str], offline: bool) -> None:
    for part in builds.parts(project, again):
        uv.install(part, offline)


def _forget(project: Project, own: Interpreter) -> None:
    """Take away what says that a package is there, where uv can make no sense of it.

    It is then installed over its own files.
    """
    for dist in installed.scan(own.site_packages):
        kept = dist.directory.endswith(".egg-info") or installed.removable(own.site_packages, dist)
        if not kept:
            say(f"{project.env_label}: installing {dist.name} again, its RECORD is damaged")
            shutil.rmtree(own.site_packages / dist.directory)


def _distrust(project: Project, own: Interpreter, uv: Uv, offline: bool) -> None:
    """Install again what came out of a cache with changed files."""
    site = own.site_packages
    found = {dist.name: installed.record(site, dist) for dist in installed.scan(site)}
    again = files.tainted(site, {name: each.lines for name, each in found.items() if each})
    if again and offline:
        raise no_trusted_copy(project, again)
    if again:
        say(f"{project.env_label}: fetching anew what was changed in the cache: {', '.join(again)}")
        _install(project, uv, again, offline)


def _manifest(project: Project, own: Interpreter, lock: str, uv: Uv) -> Manifest:
    site, name = own.site_packages, drift.own_name(project)
    # The project's own files are left out: they are the repository's, and git knows their state.
    found = {
        f"{dist.name}=={dist.version}": installed.record(site, dist)
        for dist in installed.scan(site)
        if dist.name != name
    }
    prints = {pin: installed.fingerprint(each.lines) for pin, each in found.items() if each}
    prints.update(manager(project).prints(project))
    return Manifest(
        lock=lock,
        python=own.version,
        python_file=file_mark(project.python_path),
        base=str(own.path),
        platform=own.platform,
        markers=dict(own.markers),
        site_packages=os.path.relpath(site, os.path.realpath(project.env)),
        installer=uv.name,
        distributions=prints,
        records={pin: each.sha256 for pin, each in found.items() if each},
        fingerprint=installed.combined(prints),
    )


def _explained(project: Project, error: InstallerFailed, offline: bool) -> EnvError:
    sync = project.command("sync")
    if error.tells("hash mismatch", "do not match the hashes"):
        mend = f"Ask who runs the index for the right file, then run: {sync}"
        return EnvError("A package's file is not the one in the lock; it was not installed.", mend)
    if error.tells("no space left", "not enough space"):
        return EnvError("The disk is full.", f"Make room, then run: {sync}")
    if error.tells("failed to initialize cache", "could not acquire lock"):
        mend = f"Set another place, as UV_CACHE_DIR=/another/place, then run: {sync}"
        return EnvError("The cache of uv cannot be written to; the lines above say why.", mend)
    if offline:
        mend = f"Run it with the network: {sync}"
        return EnvError("The caches do not hold all that is needed; the lines above say why.", mend)
    mend = f"When that is mended, run: {sync}"
    if error.refused:
        mend = f"Set the right one, as in {_LOGIN}, then run: {sync}"
        return EnvError("The package index did not take the login, or asks for one.", mend)
    if error.unreachable:
        return EnvError("The package index could not be reached; the lines above say why.", mend)
    # "none" is all that an older pip says, whatever the index answered.
    absent = ("not found in the package registry", "404 not found", "http error 404")
    if error.tells(*absent, "from versions: none"):
        mend = f"Look at its address and login, then run: {sync}"
        return EnvError("The package index does not serve what is locked, or not to you.", mend)
    return EnvError(f"{str(error).rstrip('.')}; the lines above say why.", mend)
