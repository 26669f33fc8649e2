"""Makes a pack (pack.py): the files of the lock in one archive.

Of each package it has every wheel that the lock allows on one kind of system, so that the
environment there becomes what it would have become with a network: uv says which these are, and pip
fetches them. What has no wheel was built for the environment here, and goes along as it is
installed in that (rebuilding.py).
"""

from __future__ import annotations

import json
import os
import re
import tarfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import zip_longest
from pathlib import Path
from urllib.parse import quote

from . import drift, sources
from .bootstrap import python_with_pip, run_pip, uv_for
from .distributions import contents
from .errors import EnvError, InstallerFailed
from .installation import explained
from .interpreters import Interpreter, probe
from .manifest import Manifest, read_manifest
from .markers import PLATFORMS, facts_of
from .pack import TOLD, File, Told, file_of, lock_digest, platform_name, sha256_of, this_platform
from .processes import say, scrubbed
from .project import Project
from .rebuilding import wheel
from .requirements import Pin, is_directory, locked, notes, text_of
from .sync import running
from .temporary import temporary_folder
from .uv import Uv

_TAGS = dict(
    zip(
        PLATFORMS,
        (
            "x86_64-manylinux_2_40",
            "aarch64-manylinux_2_40",
            "aarch64-apple-darwin",
            "x86_64-pc-windows-msvc",
        ),
    )
)
"""What uv calls them, in their newest form: what is for an older one serves that, too."""

_NEWEST_MACOS = "26.0"


def write(project: Project, *, wanted: str | None, output: Path | None) -> None:
    """Write the pack for a platform of PLATFORMS, for this machine where none is `wanted`.

    The same lock gives the same bytes. Raises EnvError.
    """
    proof, again = _proven(project), project.command("pack")
    python = ".".join(proof.python.split(".")[:2])
    facts = facts_of(PLATFORMS[wanted], python) if wanted else proof.markers
    goal = platform_name(facts["sys_platform"], facts["platform_machine"])
    words = filter(None, (project.name, project.build, goal))
    output = output or project.root / "dist" / f"{'-'.join(words)}.tar"
    pins = locked(project, facts)
    built = _built(project, pins.values())
    if built and goal != this_platform():
        raise EnvError(
            f"{', '.join(built)} must be built, and for {goal} only such a machine can.",
            f"Make the pack there: {project.command('pack')}",
        )
    say(f"{output.name}: packing what is locked for {goal} and Python {python}")
    environ = {**scrubbed(os.environ), "MACOSX_DEPLOYMENT_TARGET": _NEWEST_MACOS}
    own = running(project, environ)
    with temporary_folder("pack-") as folder:
        try:
            uv = uv_for(project, own, environ)
            found = [*_served(project, uv, pins, built, wanted, python), *_addressed(project, pins)]
            _download(project, own, found, python, folder, _with_logins(pins.values(), environ))
        except InstallerFailed as error:
            raise explained(project, error, again) from None
        files, here = {each.name: each.package for each in found}, contents(own.site_packages)
        made = {}
        for dist in (each for each in here.present if each.name in built):
            path = wheel(project, here, dist, folder)
            files[path.name] = dist.name
            made[dist.name] = [dist.version, sha256_of(path)]
        told = Told(lock_digest(project), goal, python, files, made, project.build)
        text = json.dumps(told._asdict(), indent=1, sort_keys=True)
        (folder / TOLD).write_text(f"{text}\n", encoding="utf-8")
        _archive(folder, [TOLD, *sorted(files)], output)
    for pin in pins.values():
        if pin.reference and is_directory(pin.reference):
            say(f"note: {pin.name} is not in it: take {pin.reference} along, beside the project")
    size, packages = output.stat().st_size / 1e6, len({*files.values()})
    say(f"{output}: {packages} packages, {size:.1f} MB, sha256 {sha256_of(output)}")


def _proven(project: Project) -> Manifest:
    """The proof of the environment; EnvError where that is not exactly the lock."""
    for each in drift.differences(project, fast=False):
        if not each.is_note:
            raise EnvError(
                f"{project.env_label} is not what is locked: {each.message}",
                f"Mend that first: {drift.mend(project, [each])}",
            )
    if project.prefix.exists():
        raise EnvError(
            f"{project.env_label} stands on conda packages, which a pack does not hold.",
            f"Take the caches along, and run there: {project.command('sync', '--offline')}",
        )
    proof = read_manifest(project.env)
    assert proof is not None  # else there was a difference
    return proof


def _built(project: Project, pins: Iterable[Pin]) -> list[str]:
    """The packages that have no wheel: built from a source archive or a repository."""
    noted = (notes(text_of(project.lock)).built or "").split()
    return [pin.name for pin in pins if pin.name in noted or pin.archive or pin.is_commit]


def _served(
    project: Project,
    uv: Uv,
    pins: Mapping[str, Pin],
    built: Collection[str],
    wanted: str | None,
    python: str,
) -> Iterator[File]:
    """The locked wheels that an index has for the platform; EnvError where one has none."""
    words = ["--python", str(project.python_path)]
    if wanted:
        words = ["--python-platform", _TAGS[wanted], "--python-version", python]
    asked = [pin for pin in pins.values() if pin.reference is None and pin.name not in built]
    for part in sources.parts(project, asked, (), ()):
        rows = uv.files(part, words)
        for name in part.names:
            found = [
                File(name, url, [f"sha256:{sha256}"])
                for url, sha256 in rows.get(name, ())
                if f"sha256:{sha256}" in pins[name].hashes
            ]
            if not found:
                raise EnvError(
                    f"The package index has no wheel of {name} that is locked.",
                    f"Look at its address, then run: {project.command('pack')}",
                )
            yield from found


def _addressed(project: Project, pins: Mapping[str, Pin]) -> list[File]:
    """The wheels that have an address of their own."""
    return [
        file_of(project, pin)
        for pin in pins.values()
        if pin.reference and pin.hashable and not pin.archive
    ]


def _with_logins(pins: Iterable[Pin], environ: Mapping[str, str]) -> dict[str, str]:
    """What uv knows by the name of a package's own index, for pip: that takes the login of an
    index for each address of its host."""
    known = environ.get("PIP_EXTRA_INDEX_URL", "").split()
    for index in sorted({pin.source for pin in pins if pin.source}):
        name, _, address = index.partition("=")
        variable = f"UV_INDEX_{re.sub('[^A-Za-z0-9]', '_', name).upper()}_"
        login = [quote(environ.get(variable + each, ""), "") for each in ("USERNAME", "PASSWORD")]
        if any(login):
            known.append(address.replace("://", f"://{':'.join(login)}@", 1))
    return {**environ, "PIP_EXTRA_INDEX_URL": " ".join(known)}


def _download(
    project: Project,
    own: Interpreter,
    files: Sequence[File],
    python: str,
    folder: Path,
    environ: Mapping[str, str],
) -> None:
    """Let pip fetch files; it takes one of a package at a time. Raises InstallerFailed."""
    words = ["download", "--implementation", "cp", "--python-version", python]
    words += ["--dest", str(folder)]
    tags = (tag for each in files for tag in each.name[:-4].rpartition("-")[2].split("."))
    words += [word for tag in sorted({*tags} - {"any"}) for word in ("--platform", tag)]
    runs = str(project.python_path)
    if not own.pip:  # the lock may have none
        base = probe([str(own.path)], environ) or own
        runs = python_with_pip(base, folder, project, environ)
    packages: dict[str, list[File]] = {}
    for each in files:
        packages.setdefault(each.package, []).append(each)
    for turn in zip_longest(*packages.values()):
        asked = folder / "asked.txt"
        asked.write_text("".join(f"{x.line}\n" for x in turn if x), encoding="utf-8")
        run_pip(runs, words, asked, project, environ)


def _archive(folder: Path, names: Iterable[str], output: Path) -> None:
    """Nothing of this machine or of this hour is in it."""
    output.parent.mkdir(parents=True, exist_ok=True)
    draft = output.with_name(f"{output.name}.new")
    try:
        with tarfile.open(draft, "w", format=tarfile.GNU_FORMAT) as archive:
            for name in names:
                entry = tarfile.TarInfo(name)
                entry.size = (folder / name).stat().st_size
                with open(folder / name, "rb") as file:
                    archive.addfile(entry, file)
        os.replace(draft, output)
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()
