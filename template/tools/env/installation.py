"""Makes the packages of an environment what the lock says, and proves that they are."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from . import distributions, drift, editable, files, imports, indexes, sources, withdrawn
from . import manifest as proof
from .bootstrap import forget_fetched, uv_for
from .difference import EXTRA_PACKAGE
from .distributions import Contents, Distribution, contents
from .errors import EnvError, InstallerFailed
from .interpreters import Interpreter
from .managers import manager
from .manifest import Manifest
from .processes import say
from .project import Project, sha256
from .requirements import Pin, locked, read
from .sources import Pack
from .uv import Uv

_NOT_BUILT = re.compile(r"Failed to (?:download and )?build `([^`]*)`")
_GONE = re.compile(r"there is no version of (\S+) and you require")
_LOGIN = "UV_DEFAULT_INDEX=https://NAME:PASSWORD@HOST/simple"


def install(
    project: Project,
    own: Interpreter,
    here: Contents,
    again: Sequence[str],
    before: Manifest | None,
    environ: Mapping[str, str],
    pack: Pack | None = None,
) -> Manifest:
    """Install, remove and repair; returns the proof of what is there then.

    `own` is the environment's interpreter, `here` what is there, `again` the distributions whose
    files are not to be trusted, `before` the last proof, `pack` what stands in place of an index.
    Raises EnvError where uv fails or its work is not what the lock says.
    """
    if indexes.is_on(environ.get("UV_MALWARE_CHECK")):
        raise EnvError(
            "UV_MALWARE_CHECK asks for a check that only uv sync makes, and nothing is installed "
            "without it.",
            f"Unset it, then run: {project.command('sync')}",
        )
    here.site.mkdir(parents=True, exist_ok=True)  # who deletes an environment may stop midway
    known = before.unrecorded if before else []
    strays = set(os.listdir(here.site)).difference(known)
    try:
        uv = uv_for(project, own, environ)
        _resolve_draft(project)
        manager(project).derive(project, uv)
        lock = sha256(*project.locks)  # before the work: what is changed meanwhile is seen later
        host = pack.name if pack else indexes.host(environ)
        source = f"{uv.name}, from {host}" if host else uv.name
        constrained = "UV_CONSTRAINT" in environ
        pins = _pins(project, own)
        here = _Target(project, pins, uv, source, constrained, pack).reached(here, again, before)
    except InstallerFailed as error:
        raise explained(project, error, project.command("sync"), pack) from None
    files.make_executable(project.scripts, here)
    ours = editable.installs(project, here.site, here.present)
    for difference in (
        *drift.compare(pins, here.present, editable.names(project, ours)),
        *sources.differences(project.root, here.site, pins, here.present),
        *editable.differences(project, here.site, here.present, ours, None),
    ):
        raise EnvError(
            f"{uv.name} ended well, and yet: {difference.message}",
            "Look for a setting that leads it elsewhere, as `target` in a uv.toml. If there is "
            f"none, make the environment anew: {project.command('delete', '--yes')}, then "
            + project.command("sync"),
        )
    forget_fetched(project)
    # Files of the project's own, and of an editable directory beside it, are left out: they are a
    # repository's, and git knows their state.
    theirs = {dist.name for dist in ours} | {name for name, pin in pins.items() if pin.editable}
    records = {
        f"{dist.name}=={dist.version}": here.records[dist.directory]
        for dist in here.present
        if dist.name not in theirs and dist.directory in here.records
    }
    prints = {pin: distributions.fingerprint(each.lines) for pin, each in records.items()}
    prints.update(manager(project).prints(project))
    named = {f"python=={own.minor}": ""}
    if project.build:
        named[f"build=={project.build}"] = ""
    unrecorded = (each.file for each in imports.beside_packages(here))
    return Manifest(
        lock=lock,
        python=own.version,
        python_file=proof.file_mark(project.python_path),
        base=str(own.path),
        platform=own.platform,
        markers=dict(own.markers),
        site_packages=os.path.relpath(here.site, os.path.realpath(project.env)),
        installer=uv.name,
        distributions=prints,
        records={pin: each.sha256 for pin, each in records.items()},
        fingerprint=distributions.combined({**prints, **named}),
        project=editable.proof(project, here.site, ours),
        unrecorded=[name for name in unrecorded if name not in strays],
        hashes={f"{pin.name}=={pin.version}": _starts(pin) for pin in pins.values() if pin.hashes},
    )


def no_trusted_copy(project: Project, packages: Sequence[str]) -> EnvError:
    """Where a fresh copy of changed files is needed, which only the index has."""
    return EnvError(
        f"Files of {', '.join(packages)} were changed, and no cache is trusted to mend them.",
        f"Run it with the network: {project.command('sync')}",
    )


def move_away(project: Project, site: Path, paths: Iterable[str]) -> None:
    """Move what no package brought into the engine's own directory.

    A symbolic link is moved itself, and what it leads to is left alone.
    """
    for path in dict.fromkeys(paths):
        if not os.path.lexists(site / path):
            continue
        kept = proof.folder(project.env) / "aside" / os.path.basename(path)
        kept.parent.mkdir(exist_ok=True)
        while os.path.lexists(kept):
            kept = kept.with_name(kept.name + "~")
        shutil.move(os.fspath(site / path), kept)
        place = os.path.join(project.env_label, kept.relative_to(project.env))
        say(f"{project.env_label}: moving {path}, which no package brought, to {place}")


def _resolve_draft(project: Project) -> None:
    """Some requirements are known to nobody before: a person's own, or another build of PyTorch."""
    from .lock import is_draft, write  # late: most have nothing to resolve

    if is_draft(project):
        say(f"{project.lock.name}: resolving it, as the project asks for more than was known")
        changes = write(project, again=project.command("sync"))
        say(f"{project.lock.name}: {len(changes)} packages are others than the template ships")


def _pins(project: Project, own: Interpreter) -> dict[str, Pin]:
    """What the lock asks for here; EnvError where that is nothing, or was withdrawn."""
    mend = project.command("lock")
    pins = locked(project, own.markers)
    if not pins and read(project):
        raise EnvError(
            f"{project.lock.name} holds nothing for this system: it was locked where "
            "others did not count.",
            f"Lock it for this one: {mend}",
        )
    withdrawn.refuse(pins.values(), mend)
    return pins


def _is_allowed(dist: Distribution, pin: Pin, before: Manifest) -> bool:
    """Whether we installed it, and from a file that the lock allows still: which of the files it
    was, nobody knows any more, so all that were allowed must be."""
    known = f"{dist.name}=={dist.version}"
    if known not in before.distributions:
        return False
    return set(before.hashes.get(known, ())) <= set(_starts(pin))


def _starts(pin: Pin) -> list[str]:
    return sorted(each.partition(":")[2][:8] for each in pin.hashes)


class _Work(NamedTuple):
    """What there is to do with the packages of the lock, decided before any of it is done."""

    spoilt: Sequence[Distribution] = ()
    """What has a RECORD that nobody can go by."""

    extra: Sequence[str] = ()
    """What is not in the lock."""

    again: Sequence[str] = ()
    """What has files that are not to be trusted, nor any copy of them on this machine."""

    anew: Sequence[str] = ()
    """What is of the locked version, but not known to have a hash that is locked."""

    lacking: Collection[str] = ()
    """What is not there as it is locked; the last two count."""


class _Target(NamedTuple):
    """What is to be in an environment, and what brings it there."""

    project: Project
    pins: Mapping[str, Pin]
    uv: Uv
    source: str
    """That uv and its index, for people."""

    constrained: bool
    """Whether this machine forbids versions."""

    pack: Pack | None

    def reached(self, here: Contents, again: Sequence[str], before: Manifest | None) -> Contents:
        """Do what there is to do, if anything; what is there then."""
        pins, project = self.pins, self.project
        spoilt = _spoilt(here)
        present = [dist for dist in here.present if dist not in spoilt]
        ours = editable.installs(project, here.site, present)
        names = editable.names(project, ours)
        is_current = (
            before is not None
            and not names.intersection(again)
            and editable.is_current(project, here.site, present, ours, before.project)
        )
        differ = [
            *drift.compare(pins, present, names),
            *sources.differences(project.root, here.site, pins, present),
        ]
        extra = [each.package for each in differ if each.code == EXTRA_PACKAGE]
        changed = [name for name in again if name in pins]
        anew = [
            dist.name
            for dist in present
            if before
            and dist.name in pins
            and pins[dist.name].hashable
            and not _is_allowed(dist, pins[dist.name], before)
        ]
        lacking = {each.package for each in differ}.difference(extra).union(changed, anew)
        # uv alone knows what is forbidden, and whether it built what a directory has now.
        asks_uv = self.constrained or any(pin.reference for pin in pins.values())
        if spoilt or extra or lacking or asks_uv:
            move_away(project, here.site, imports.in_the_way(here, changed))
            here = self._packages(here.site, _Work(spoilt, extra, changed, anew, lacking))
        if project.package and not is_current:
            self.uv.uninstall([dist.name for dist in ours])  # its name may be another one now
            self.uv.install_project()
            here = contents(here.site)
        return here

    def _packages(self, site: Path, work: _Work) -> Contents:
        label, early = self.project.env_label, imports.at_start(site)
        move_away(self.project, site, imports.links(site))  # nothing may be written through one
        if work.extra:
            say(f"{label}: removing what is not in the lock: {', '.join(work.extra)}")
        if work.again:
            say(f"{label}: fetching anew what was changed: {', '.join(work.again)}")
        say(f"{label}: installing {len(self.pins)} packages with {self.source}")
        here = self._installed(site, work)
        # What came out of a cache with changed files, or went with another package.
        tainted = files.tainted(here, proof.stamped_at(self.project.env))
        again = sorted(tainted.intersection(self.pins))
        if again and indexes.cached(os.environ):
            raise no_trusted_copy(self.project, again)
        if again:
            say(f"{label}: fetching anew what was changed in the cache: {', '.join(again)}")
            here = self._installed(site, _Work(spoilt=_spoilt(here), again=again))
        edited = {name for name, pin in self.pins.items() if pin.editable}
        for sentence in imports.brought_at_start(here, early, edited):
            say(f"note: {sentence} Look at it first where you did not expect that.")
        return here

    def _installed(self, site: Path, work: _Work) -> Contents:
        label, pins = self.project.env_label, list(self.pins.values())
        for dist in work.spoilt:  # it is installed over its own files
            if dist.name in self.pins:
                say(f"{label}: installing {dist.name} again, its RECORD is damaged")
            else:
                say(f"{label}: removing {dist.directory}, which tells no files")
            if (site / dist.directory).is_dir():
                shutil.rmtree(site / dist.directory)
            else:
                os.unlink(site / dist.directory)
        self.uv.uninstall(work.extra)
        parts = sources.parts(self.project, pins, work.again, work.anew, self.pack)
        built = {name for part in parts if part.tools for name in part.names}
        if built.intersection(work.lacking):
            some = ", ".join(sorted(built.intersection(work.lacking)))
            say(f"{label}: building here what has no wheel: {some}")
        for part in parts:
            self.uv.install(part)
        return contents(site)


def _spoilt(here: Contents) -> list[Distribution]:
    """What uv can make no sense of: it can of an .egg-info that names its modules."""
    return [
        dist
        for dist in here.spoilt
        if not dist.directory.endswith(".egg-info")
        or not (here.site / dist.directory / "top_level.txt").is_file()
    ]


def explained(
    project: Project, error: InstallerFailed, sync: str, pack: Pack | None = None
) -> EnvError:
    """What a failure of uv or pip means for a person; `sync` is the command that failed."""
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
    if pack:
        return EnvError(
            f"{pack.name} has not all that this machine needs; the lines above say why.",
            "Make one that serves more machines, where there is a network: "
            + project.command("pack", "--platform", pack.platform),
        )
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
    gone = _GONE.search(" ".join(error.output.split()))
    if gone:
        name = gone[1]
        mend = f"Where its address is right, take a version that it has: {project.command('lock')}"
        return EnvError(f"The package index has no {name}, which is locked.", mend)
    # "none" is all that an older pip says, whatever the index answered.
    absent = ("not found in the package registry", "404 not found", "http error 404")
    if error.tells(*absent, "from versions: none"):
        mend = f"Look at its address and login, then run: {sync}"
        return EnvError("The package index does not serve what is locked, or not to you.", mend)
    return EnvError(f"{str(error).rstrip('.')}; the lines above say why.", mend)
