"""What the engine writes into an environment: the stamp that marks it as ours, and the manifest.

The stamp comes first and the manifest last, so whatever is interrupted can be told from what is
finished. Both are replaced whole, never changed in place.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = ".seedbed"
IN_USE = "in-use"
"""Where in it files wait that could not be removed."""

_STAMP = "stamp"
_MANIFEST = "manifest.json"


class Stamp(NamedTuple):
    """Marks a directory as this project's environment; shells read it without starting Python."""

    project: str
    """Absolute path of the project's root."""

    lock: str | None = None
    """sha256 of the lock that was installed, None until that is done."""

    python: str | None = None
    """The Python asked for by hand (`sync --python`), None where the project's own counts."""

    system: str | None = None
    """What it was made on, as `this_system` says it."""

    base: str | None = None
    """The Python underneath by a name with its version in it, as "/usr/bin/python3.12", None where
    it has none. The environment's leads to another file once `python3` means the next one."""

    build: str | None = None
    """Which of the project's builds it holds, None where there is but one."""


class Manifest(NamedTuple):
    """The proof of what was installed, written when all of it was."""

    lock: str
    """sha256 of the lock file."""

    python: str
    """Full version, as "3.12.1"."""

    python_file: str
    """Size and time of the interpreter's file, as `file_mark` tells them."""

    base: str
    """The interpreter the environment was made from."""

    platform: str
    """sysconfig's platform tag, as "linux-x86_64"."""

    markers: dict[str, str]
    """What the lock's environment markers were decided by."""

    site_packages: str
    """Relative to the environment."""

    installer: str
    """Name and version, as "uv 0.13.9"."""

    distributions: dict[str, str]
    """Fingerprint of each "name==version"."""

    records: dict[str, str]
    """sha256 of the RECORD of each "name==version", as it was written on this machine."""

    fingerprint: str
    """Of the whole environment: equal on two machines exactly when they hold the same files."""

    project: dict[str, str] = {}  # noqa: RUF012
    """The project's own install and what it was made of, as `editable.proof` tells it."""

    unrecorded: list[str] = []  # noqa: RUF012
    """What packages brought into site-packages and did not record."""

    hashes: dict[str, list[str]] = {}  # noqa: RUF012
    """What the lock allowed each "name==version" to be, the first eight digits of each hash."""

    kernel: str = ""
    """sha256 of the kernel's specification, "" where there is none."""


def this_system() -> str:
    """The system as far as two that share a disk can differ, as "linux-x86_64".

    The processor only on Linux: a Mac and a Windows machine can run programs of two kinds.
    """
    return f"linux-{os.uname().machine}" if sys.platform == "linux" else sys.platform


def file_mark(path: Path) -> str:
    """Size and time of a file behind whatever links: the same as long as nobody replaced it."""
    status = os.stat(path)
    return f"{status.st_size} {status.st_mtime_ns}"


def read_stamp(env: Path) -> Stamp | None:
    """The stamp of `env`, or None where there is none that can be read: then `env` is not ours."""
    try:
        text = (env / FOLDER / _STAMP).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    values = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    if not values.get("project"):
        return None
    return Stamp(**{key: values[key] for key in Stamp._fields if values.get(key)})


def write_stamp(env: Path, stamp: Stamp) -> None:
    values = {**stamp._asdict(), "lock": stamp.lock or ""}  # shells look for that line
    lines = (f"{key}={value}\n" for key, value in values.items() if value is not None)
    _replace(env, _STAMP, "".join(lines))


def read_manifest(env: Path) -> Manifest | None:
    """The manifest of `env`, or None where there is none that this engine understands."""
    try:
        values: dict[str, Any] = json.loads((env / FOLDER / _MANIFEST).read_text(encoding="utf-8"))
        return Manifest(**values)
    except (OSError, ValueError, TypeError, RecursionError):
        return None


def write_manifest(env: Path, manifest: Manifest) -> None:
    _replace(env, _MANIFEST, json.dumps(manifest._asdict(), indent=1, sort_keys=True) + "\n")


def written_at(env: Path) -> int:
    """When the manifest was written, in nanoseconds of the file system's own clock.

    0, before all files, where that is in the future: the clock was wrong, and tells nothing.
    """
    written = os.stat(env / FOLDER / _MANIFEST).st_mtime_ns
    return written if written <= time.time_ns() else 0


def stamped_at(env: Path) -> int:
    """When the stamp was written, in nanoseconds of the file system's own clock."""
    return os.stat(env / FOLDER / _STAMP).st_mtime_ns


def withdraw(env: Path) -> None:
    """Takes the proof away before anything is changed: a killed change leaves `incomplete`."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(env / FOLDER / _MANIFEST)


def folder(env: Path) -> Path:
    """The engine's own directory in `env`, made if need be."""
    path = env / FOLDER
    path.mkdir(parents=True, exist_ok=True)
    return path


def in_use(error: OSError) -> bool:
    """Whether Windows kept a file since a program runs from it or has it open."""
    return getattr(error, "winerror", None) in (5, 32)  # access denied, sharing violation


def make_way(env: Path, path: Path) -> Path:
    """Rename a file that is in use, which Windows allows, to where it waits; its place now.

    What waits there since longer is removed, as far as it is in use no more. Raises OSError.
    """
    place = folder(env) / IN_USE
    place.mkdir(exist_ok=True)
    for old in place.iterdir():
        with contextlib.suppress(OSError):
            old.unlink()
    return path.rename(place / f"{time.time_ns()}-{path.name}")


def _replace(env: Path, name: str, text: str) -> None:
    path = folder(env) / name
    draft = path.with_name(name + ".new")
    with open(draft, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
    os.replace(draft, path)
