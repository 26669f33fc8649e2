"""A pack: the files of the lock in one archive, for a machine that has no network.

It is a tar file of wheels, and of TOLD, which says what they are for; packing.py makes one. Here it
is read, and each of its files is proven by the lock.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
import tarfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple
from urllib.parse import unquote

from . import indexes
from .errors import EnvError
from .project import LOCAL, Project
from .requirements import Pin, read
from .sources import Pack, address
from .temporary import temporary_folder

TOLD = "pack.json"
_CHUNK = 1 << 20


class File(NamedTuple):
    """A file that a package is installed from."""

    package: str
    url: str
    hashes: Sequence[str]

    @property
    def name(self) -> str:
        return unquote(self.url.rpartition("/")[2])

    @property
    def line(self) -> str:
        return " ".join([f"{self.package} @ {self.url}", *(f"--hash={x}" for x in self.hashes)])


class Told(NamedTuple):
    """What a pack says of itself."""

    lock: str
    """Of the lock's lines, as `_digest` has it."""

    platform: str
    python: str
    """The minor version, as "3.12"."""

    files: dict[str, str]
    """The package of each file."""

    built: dict[str, list[str]]
    """Version and sha256 of what has no wheel in the lock, by package."""

    build: str | None = None
    """Which of the project's builds it is, None where there is but one."""


@contextmanager
def opened(project: Project, path: Path) -> Iterator[Pack]:
    """A pack as the one source of packages, each of its files proven by the lock.

    What is started meanwhile looks nowhere else. Raises EnvError.
    """
    with temporary_folder("pack-") as unpacked:
        try:
            told = _told(path)
        except (OSError, ValueError, KeyError, TypeError, tarfile.TarError) as error:
            raise EnvError(
                f"{path} is no pack ({error}).",
                f"Make one where there is a network: {project.command('pack')}",
            ) from None
        if told.platform != this_platform():
            raise EnvError(
                f"{path} is for {told.platform}, and this is {this_platform()}.",
                "Make one for that, where there is a network: "
                + project.command("pack", "--platform", this_platform()),
            )
        if told.build != project.build and told.build in project.builds:
            raise EnvError(
                f"{path} is for the build {told.build}, and this is {project.build}.",
                f"Write the line build = {told.build} into {LOCAL}, then run: "
                + project.command("sync", "--from", str(path)),
            )
        if told.lock != lock_digest(project):
            raise EnvError(
                f"{path} was made from another lock.",
                f"Make one from this, where there is a network: {project.command('pack')}",
            )
        pins = read(project)
        allowed = {f"sha256:{sha256}" for _, sha256 in told.built.values()}
        allowed.update(each for pin in pins for each in pin.hashes)
        folder = path if path.is_dir() else unpacked
        for member, sha256 in _contents(path, told, unpacked):
            if f"sha256:{sha256}" not in allowed:
                raise EnvError(
                    f"{member} in {path} is not the file that was locked: it was changed, or "
                    "damaged on its way.",
                    f"Make the pack anew where there is a network: {project.command('pack')}",
                )
        lines = {
            name: f"{name}=={version} --hash=sha256:{sha256}"
            for name, (version, sha256) in told.built.items()
        }
        for pin in pins:
            if pin.reference and pin.hashable and pin.name not in lines:
                file = File(pin.name, (folder / file_of(project, pin).name).as_uri(), pin.hashes)
                if file.name in told.files:
                    lines[pin.name] = file.line
        os.environ.update(indexes.only(folder))
        yield Pack(str(path), told.platform, told.python, lines)


def file_of(project: Project, pin: Pin) -> File:
    return File(pin.name, address(project.root, pin.reference or "").partition("#")[0], pin.hashes)


def _told(path: Path) -> Told:
    """What a pack says; raises whatever reading something else does."""
    with _reading(path) as member, member(TOLD) as file:
        told = Told(**json.load(file))
    odd = [name for name in told.files if name != os.path.basename(name) or name == TOLD]
    if odd:
        raise ValueError(f"{odd[0]} is no name of a file")
    return told


def _contents(path: Path, told: Told, unpacked: Path) -> Iterator[tuple[str, str]]:
    """Each file of a pack with its sha256, "" for one that is not whole; an archive's, unpacked."""
    with _reading(path) as member:
        for name in told.files:
            digest = hashlib.sha256()
            try:
                with member(name) as file, open(unpacked / name, "wb") as copy:
                    while chunk := file.read(_CHUNK):
                        digest.update(chunk)
                        if not path.is_dir():
                            copy.write(chunk)
                yield name, digest.hexdigest()
            except (KeyError, FileNotFoundError, tarfile.TarError):
                yield name, ""


@contextmanager
def _reading(path: Path) -> Iterator[Callable[[str], IO[bytes]]]:
    """What opens the files of a pack, an archive or a directory, by their names."""
    if path.is_dir():
        yield lambda name: open(path / name, "rb")  # noqa: SIM115
        return
    with tarfile.open(path, "r:") as archive:

        def member(name: str) -> IO[bytes]:
            file = archive.extractfile(name)
            if file is None:
                raise KeyError(f"{name} is no file")
            return file

        yield member


def lock_digest(project: Project) -> str:
    """Of the lock, whatever its comments and line endings."""
    lines = sorted(pin.text for pin in read(project))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def this_platform() -> str:
    return platform_name(sys.platform, platform.machine())


def platform_name(system: str, machine: str) -> str:
    return f"{system}-{machine}".lower()
