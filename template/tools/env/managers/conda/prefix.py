"""What is in a conda prefix, and what its lock says: read with the standard library alone.

A prefix keeps one conda-meta/NAME-VERSION-BUILD.json for each package, with the hash of every file
as it was put there: https://docs.conda.io/projects/conda/en/stable/dev-guide/api/conda/core/
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ... import files
from ...difference import (
    EXTRA_PACKAGE,
    FILE_EDITED,
    FILE_MISSING,
    MISSING_PACKAGE,
    OTHER_WHEEL,
    WRONG_VERSION,
    Difference,
)
from ...distributions import Recorded
from ...requirements import sides


class Locked(NamedTuple):
    """One package of a conda-PLATFORM.txt."""

    name: str
    version: str
    build: str
    md5: str


class Explicit(NamedTuple):
    """A conda-PLATFORM.txt: https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/."""

    packages: dict[str, Locked]
    """By name."""

    environment: str
    """sha256 of the environment.yml that it was solved from."""

    lock: str
    """sha256 of the pixi.lock that it goes with."""

    asked: list[str]
    """The names in environment.yml."""


def explicit(path: Path) -> Explicit | None:
    """The lock of one platform, None where there is none that can be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    if len(sides(text)) > 1:
        return None
    notes = dict(re.findall(r"^# ([a-z.]+): (.*)$", text, re.MULTILINE))
    packages = {}
    for stem, md5 in re.findall(
        r"^\S+/([^/\s]+)\.(?:conda|tar\.bz2)#([0-9a-f]{32})$", text, re.MULTILINE
    ):
        name, version, build = stem.rsplit("-", 2)
        packages[name] = Locked(name, version, build, md5)
    if not packages or not {"environment.yml", "pixi.lock", "asked"} <= notes.keys():
        return None
    asked = notes["asked"].split()
    return Explicit(packages, notes["environment.yml"], notes["pixi.lock"], asked)


def records(prefix: Path) -> dict[str, dict[str, Any]]:
    """The conda-meta records of what is installed, by name; one that cannot be read is left out."""
    found = map(_record, sorted((prefix / "conda-meta").glob("*.json")))
    return {record["name"]: record for record in found if record}


def differences(prefix: Path, lock: Explicit, newer_than: int | None) -> Iterator[Difference]:
    """Packages and files of the prefix that are not as locked and installed.

    `newer_than` as in `files.damaged`. Files that no package brought are nobody's business.
    """
    have = records(prefix)
    for name, want in lock.packages.items():
        record = have.get(name)
        if record is None:
            message = f"{name} {want.version} is not installed in the conda prefix."
            yield Difference(MISSING_PACKAGE, message, name)
        elif (record["version"], record["build"]) != (want.version, want.build):
            is_now, locked = (
                f"{record['version']}={record['build']}",
                f"{want.version}={want.build}",
            )
            message = f"{name} of the conda prefix is {is_now}, locked is {locked}."
            yield Difference(WRONG_VERSION, message, name)
        elif record.get("md5") not in (None, want.md5):
            message = f"{name} {want.version} of the conda prefix came from another file."
            yield Difference(OTHER_WHEEL, message, name)
    for name, record in have.items():
        if name not in lock.packages:
            message = f"{name} {record['version']} of the conda prefix is not in the lock."
            yield Difference(EXTRA_PACKAGE, message, name)
    lines = {name: _files(record) for name, record in have.items()}
    for found, name, path in files.damaged(prefix, lines, {}, since=newer_than):
        code = FILE_MISSING if found == FILE_MISSING else FILE_EDITED
        verb = "is gone" if found == FILE_MISSING else "was changed after it was installed"
        yield Difference(code, f"{path} of {name} in the conda prefix {verb}.", name, path)


def keep_from_pip(prefix: Path) -> None:
    """Take away the lists by which pip removes packages, which it needs (PEP 627).

    The prefix is inside the venv, so pip would take what is in it for the venv's own.
    """
    for record in records(prefix).values():
        for path in filter(_is_list, record.get("files", [])):
            (prefix / path).unlink(missing_ok=True)


def _is_list(path: str) -> bool:
    return path.endswith(".dist-info/RECORD")


def _record(path: Path) -> dict[str, Any] | None:
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return record if {"name", "version", "build"} <= record.keys() else None
    except (OSError, ValueError, AttributeError):
        return None


def importable(prefix: Path, names: list[str]) -> list[str]:
    """Those of the packages that put something into the prefix's site-packages."""
    asked = set(names) - {"python", "pip"}
    paths = (prefix / "conda-meta").glob("*.json")
    found = (_record(path) for path in sorted(paths) if path.stem.rsplit("-", 2)[0] in asked)
    return [
        str(record["name"])
        for record in found
        if record and any("/site-packages/" in path for path in record.get("files", []))
    ]


def _files(record: dict[str, Any]) -> list[Recorded]:
    """The files of a package as lines of a RECORD, paths relative to the prefix.

    A link has no digest. A prefix made by conda itself describes the files of a package for all
    platforms under their names in the archive: then only that they exist can be looked at.
    """
    described = {entry["_path"]: entry for entry in record.get("paths_data", {}).get("paths", [])}
    lines = []
    for path in record.get("files", []):
        entry = described.get(path, {})
        digest = entry.get("sha256_in_prefix") or entry.get("sha256")
        hashed = entry.get("path_type") == "hardlink" and digest
        if not path.endswith(".pyc") and not _is_list(path):
            lines.append(Recorded(path, _recorded(digest) if hashed else "", ""))
    return lines


def _recorded(digest: str) -> str:
    """A hex digest as RECORD writes it."""
    return "sha256=" + base64.urlsafe_b64encode(bytes.fromhex(digest)).rstrip(b"=").decode()
