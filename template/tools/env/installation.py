"""Makes the packages of an environment what the lock says, and proves that they are."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Collection, Mapping, Sequence

from . import (
    builds,
    distributions,
    drift,
    editable,
    files,
    imports,
    indexes,
    references,
    withdrawn,
)
from . import manifest as proof
from .bootstrap import forget_fetched, uv_for
from .distributions import Contents, Distribution, contents
from .errors import EnvError, InstallerFailed
from .interpreters import Interpreter
from .managers import manager
from .manifest import Manifest
from .processes import say
from .project import Project
from .requirements import Pin, locked, read, sha256
from .uv import Uv

_NOT_BUILT = re.compile(r"Failed to (?:download and )?build `([^`]*)`")
_LOGIN = "UV_DEFAULT_INDEX=https://NAME:PASSWORD@HOST/simple"


def install(
    project: Project,
    own: Interpreter,
    again: Sequence[str],
    before: Manifest | None,
    environ: Mapping[str, str],
) -> Manifest:
    """Install, remove and repair; returns the proof of what is there then.

    `own` is the environment's interpreter, `again` the distributions whose files are not to be
    trusted, `before` the proof of what was there. Raises EnvError where uv fails or its work is not
    what the lock says.
    """
    again_with = project.command("lock")
    if indexes.is_on(environ.get("UV_MALWARE_CHECK")):
        raise EnvError(
            "UV_MALWARE_CHECK asks for a check that only uv sync makes, and nothing is installed "
            "without it.",
            f"Unset it, then run: {project.command('sync')}",
        )
    try:
        uv = uv_for(project, own, environ)
        _resolve_draft(project)
        manager(project).derive(project, uv)
    except InstallerFailed as error:
        raise _explained(project, error) from None
    lock = sha256(*project.locks)  # before the work: what is changed meanwhile is seen afterwards
    pins = locked(project.lock, again_with, own.markers)
    if not pins and read(project.lock, again_with):
        raise EnvError(
            f"{project.lock.name} holds nothing for this system: it was locked where "
            "others did not count.",
            f"Lock it for this one: {again_with}",
        )
    withdrawn.refuse(pins.values(), again_with)
    edited = {name for name, pin in pins.items() if pin.editable}
    _forget(project, own)
    site = own.site_packages
    present, early = distributions.scan(site), imports.at_start(site)
    ours = editable.installs(project, site, present)
    names = editable.names(project, ours)
    kept = (
        before is not None
        and not names.intersection(again)
        and editable.is_current(project, site, present, ours, before.project)
    )
    extra = [dist.name for dist in present if dist.name not in pins and dist.name not in names]
    again = [package for package in again if package in pins]
    anew = _by_hand(pins, present, before) if before else []
    strays = set(os.listdir(site)).difference(before.unrecorded if before else ())
    try:
        if extra:
            say(f"{project.env_label}: removing what is not in the lock: {', '.join(extra)}")
            uv.uninstall(extra)
        if again:
            say(f"{project.env_label}: fetching anew what was changed: {', '.join(again)}")
        host = indexes.host(environ)
        source = f", from {host}" if host else ""
        say(f"{project.env_label}: installing {len(pins)} packages with {uv.name}{source}")
        lacking = {*pins} - {dist.name for dist in present if dist.name not in (*again, *anew)}
        _install(project, uv, pins, again, anew, lacking)
        _distrust(project, own, pins, uv)
        for sentence in imports.brought_at_start(site, early, edited):
            say(f"note: {sentence} Look at it first where you did not expect that.")
        if project.package and not kept:
            uv.uninstall([dist.name for dist in ours])  # its name may be another one now
            uv.install_project()
    except InstallerFailed as error:
        raise _explained(project, error) from None
    here = contents(site)
    files.make_executable(project.scripts, here)
    ours = editable.installs(project, site, here.present)
    for difference in (
        *drift.compare(pins, here.present, editable.names(project, ours)),
        *references.differences(project.root, site, pins, here.present),
        *editable.differences(project, site, here.present, ours, None),
    ):
        raise EnvError(
            f"{uv.name} ended well, and yet: {difference.message}",
            "Look for a setting that leads it elsewhere, as `target` in a uv.toml. If there is "
            f"none, make the environment anew: {project.command('delete', '--yes')}, then "
            + project.command("sync"),
        )
    forget_fetched(project)
    found = _manifest(project, own, lock, uv, here, ours, edited)
    unrecorded = [each.file for each in imports.beside_packages(here)]
    return found._replace(unrecorded=[name for name in unrecorded if name not in strays])


def no_trusted_copy(project: Project, packages: Sequence[str]) -> EnvError:
    """Where a fresh copy of changed files is needed, which only the index has."""
    return EnvError(
        f"Files of {', '.join(packages)} were changed, and no cache is trusted to mend them.",
        f"Run it with the network: {project.command('sync')}",
    )


def _resolve_draft(project: Project) -> None:
    """Some requirements are known to nobody before: a person's own, or another build of PyTorch."""
    from .lock import is_draft, write  # late: most have nothing to resolve

    if is_draft(project):
        say(f"{project.lock.name}: resolving it, as the project asks for more than was known")
        changes = write(project, again=project.command("sync"))
        say(f"{project.lock.name}: {len(changes)} packages are others than the template ships")


def _by_hand(
    pins: Mapping[str, Pin], present: Sequence[Distribution], before: Manifest
) -> list[str]:
    """What is of the locked version because somebody installed it so: no hash was looked at."""
    return [
        dist.name
        for dist in present
        if dist.name in pins
        and pins[dist.name].hashable
        and f"{dist.name}=={dist.version}" not in before.distributions
    ]


def _install(
    project: Project,
    uv: Uv,
    pins: Mapping[str, Pin],
    again: Sequence[str],
    anew: Sequence[str],
    lacking: Collection[str] = (),
) -> None:
    parts = builds.parts(project, list(pins.values()), again, anew)
    built = [name for part in parts if part.tools for name in part.names if name in lacking]
    if built:
        say(f"{project.env_label}: building here what has no wheel: {', '.join(sorted(built))}")
    for part in parts:
        uv.install(part)


def _forget(project: Project, own: Interpreter) -> None:
    """Take away what says that a package is there, where uv can make no sense of it.

    It is then installed over its own files.
    """
    site = own.site_packages
    for dist in distributions.scan(site):
        record = distributions.record(site, dist)
        if not dist.directory.endswith(".egg-info") and not (record and record.whole):
            say(f"{project.env_label}: installing {dist.name} again, its RECORD is damaged")
            shutil.rmtree(site / dist.directory)


def _distrust(project: Project, own: Interpreter, pins: Mapping[str, Pin], uv: Uv) -> None:
    """Install again what came out of a cache with changed files, or went with another package."""
    site = own.site_packages
    changed = files.tainted(contents(site), proof.stamped_at(project.env))
    again = sorted(changed.intersection(pins))
    if again and indexes.offline(os.environ):
        raise no_trusted_copy(project, again)
    if again:
        _forget(project, own)
        say(f"{project.env_label}: fetching anew what was changed in the cache: {', '.join(again)}")
        _install(project, uv, pins, again, [])


def _manifest(
    project: Project,
    own: Interpreter,
    lock: str,
    uv: Uv,
    here: Contents,
    ours: Sequence[Distribution],
    edited: Collection[str],
) -> Manifest:
    site = own.site_packages
    # Files of the project's own, and of an editable directory beside it, are left out: they are a
    # repository's, and git knows their state.
    found = {
        f"{dist.name}=={dist.version}": here.records[dist.directory]
        for dist in here.present
        if dist not in ours and dist.name not in edited and dist.directory in here.records
    }
    prints = {pin: distributions.fingerprint(each.lines) for pin, each in found.items()}
    prints.update(manager(project).prints(project))
    return Manifest(
        lock=lock,
        python=own.version,
        python_file=proof.file_mark(project.python_path),
        base=str(own.path),
        platform=own.platform,
        markers=dict(own.markers),
        site_packages=os.path.relpath(site, os.path.realpath(project.env)),
        installer=uv.name,
        distributions=prints,
        records={pin: each.sha256 for pin, each in found.items()},
        fingerprint=distributions.combined({**prints, f"python=={own.minor}": ""}),
        project=editable.proof(project, site, ours),
    )


def _explained(project: Project, error: InstallerFailed) -> EnvError:
    sync = project.command("sync")
    if error.tells("hash mismatch", "do not match the hashes"):
        mend = f"Ask who runs the index for the right file, then run: {sync}"
        return EnvError("A package's file is not the one in the lock; it was not installed.", mend)
    if error.tells("no space left", "not enough space"):
        return EnvError("The disk is full.", f"Make room, then run: {sync}")
    if error.tells("failed to initialize cache", "could not acquire lock"):
        mend = f"Set another place, as UV_CACHE_DIR=/another/place, then run: {sync}"
        return EnvError("The cache of uv cannot be written to; the lines above say why.", mend)
    built = _NOT_BUILT.search(error.output)
    if built and error.tells("build backend returned an error", "install requirements from"):
        name = built[1]
        mend = f"Install what it needs for that, then run: {sync}"
        return EnvError(f"{name} could not be built; the lines above say why.", mend)
    if indexes.offline(os.environ):
        mend = f"Run it with the network: {sync}"
        return EnvError("The caches do not hold all that is needed; the lines above say why.", mend)
    mend = f"When that is mended, run: {sync}"
    if error.tells("git operation failed"):
        mend = f"Let git reach it (git ls-remote ADDRESS shows that), then run: {sync}"
        return EnvError(
            "Git did not reach a repository of the lock; the lines above say why.", mend
        )
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
