"""A wheel out of an installed package: the same files, for a machine that could not build them.

https://packaging.python.org/en/latest/specifications/binary-distribution-format/
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import re
import zipfile
from pathlib import Path

from .distributions import Contents, Distribution
from .project import Project
from .requirements import text_of

_ENTRY = re.compile(r"^([^\s=#;\[]+)\s*=", re.MULTILINE)
_OF_INSTALLERS = ("RECORD", "INSTALLER", "REQUESTED", "uv_cache.json", "uv_build.json")
"""direct_url.json is none of these: it tells what was built, and stays with it."""

_EPOCH = (1980, 1, 1, 0, 0, 0)


def wheel(project: Project, here: Contents, dist: Distribution, folder: Path) -> Path:
    """Write the wheel of a package of the project's environment into `folder`; its path.

    The same files give the same bytes.
    """
    info = here.site / dist.directory
    tags = re.findall(r"^Tag: (\S+)-(\S+)-(\S+)", text_of(info / "WHEEL"), re.MULTILINE)
    stem = dist.directory[: -len(".dist-info")]
    path = folder / f"{stem}-{'-'.join('.'.join(sorted({*each})) for each in zip(*tags))}.whl"
    commands = {*_ENTRY.findall(text_of(info / "entry_points.txt"))}
    record = io.StringIO()
    rows = csv.writer(record, lineterminator="\n")
    with zipfile.ZipFile(path, "w") as archive:
        for line in sorted(here.lines[dist.name]):
            source = here.site / line.path
            note = source.parent == info and source.name in _OF_INSTALLERS
            if note or source.suffix == ".pyc":
                continue
            body, name, digest = source.read_bytes(), line.path, line.digest
            if name.startswith("../"):
                name = _outside(project, here.site, name)
                if name.startswith("scripts/"):
                    if source.stem in commands or source.name in commands:
                        continue  # an installer makes it anew
                    body = re.sub(rb"\A#!.*python.*", b"#!python", body)
                name = f"{stem}.data/{name}"
                digest = f"sha256={_digest(body)}"
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = (0o100644 | source.stat().st_mode & 0o111) << 16
            archive.writestr(entry, body)
            rows.writerow([name, digest, len(body)])
        rows.writerow([f"{dist.directory}/RECORD", "", ""])
        archive.writestr(zipfile.ZipInfo(f"{dist.directory}/RECORD", _EPOCH), record.getvalue())
    return path


def _outside(project: Project, site: Path, path: str) -> str:
    """Where a wheel has what is installed beside site-packages: "scripts/x", "data/share/x"."""
    place = Path(os.path.normpath(site / path))
    if place.parent == project.scripts:
        return f"scripts/{place.name}"
    return f"data/{place.relative_to(project.env).as_posix()}"


def _digest(body: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(body).digest())
    return digest.rstrip(b"=").decode()
