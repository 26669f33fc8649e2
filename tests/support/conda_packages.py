"""Small real conda packages and the channel that holds them, made with the standard library."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# A prefix that installers replace by their own; as long as conda-build's, so binary files can hold
# any other.
PLACEHOLDER = "/opt/" + "placehold_" * 25
EPOCH = 1_700_000_000


@dataclass(frozen=True)
class File:
    """A file of a package: its bytes, or for a symbolic link the name of the file beside it."""

    data: bytes = b""
    executable: bool = False
    link: str = ""


@dataclass(frozen=True)
class Package:
    """What goes into one archive; in subdir `noarch`, a pure-Python package."""

    name: str
    version: str
    subdir: str
    files: dict[str, File]
    depends: tuple[str, ...] = ()
    entry_points: tuple[str, ...] = ()
    variant: str = ""
    number: int = 0
    built: float = EPOCH
    """When, in seconds of Unix."""

    @property
    def build(self) -> str:
        return self.variant or ("py_0" if self.subdir == "noarch" else "0")


def publish(channel: Path, *packages: Package) -> None:
    """Put packages into the channel, a folder; what it has already stays."""
    for package in packages:
        archive = _archive(package)
        subdir = channel / package.subdir
        subdir.mkdir(parents=True, exist_ok=True)
        name = f"{package.name}-{package.version}-{package.build}.conda"
        (subdir / name).write_bytes(archive)
        listing = subdir / "repodata.json"
        repodata: dict[str, Any] = {
            "info": {"subdir": package.subdir},
            "packages": {},
            "packages.conda": {},
            "removed": [],
            "repodata_version": 1,
        }
        if listing.exists():
            repodata = json.loads(listing.read_text(encoding="utf-8"))
        repodata["packages.conda"][name] = {
            **_index(package),
            "md5": hashlib.md5(archive).hexdigest(),
            "sha256": hashlib.sha256(archive).hexdigest(),
            "size": len(archive),
        }
        listing.write_text(json.dumps(repodata, indent=1), encoding="utf-8")


def _archive(package: Package) -> bytes:
    """The `.conda` file: the same bytes for the same package."""
    paths = [_path(name, package.files) for name in sorted(package.files)]
    documents: dict[str, Any] = {
        "index.json": _index(package),
        "paths.json": {"paths": paths, "paths_version": 1},
        "about.json": {},
    }
    if package.subdir == "noarch":
        noarch = {"type": "python", "entry_points": package.entry_points}
        documents["link.json"] = {"noarch": noarch, "package_metadata_version": 1}
    info = {f"info/{name}": File(json.dumps(each).encode()) for name, each in documents.items()}
    info["info/files"] = File("".join(f"{each['_path']}\n" for each in paths).encode())
    stem = f"{package.name}-{package.version}-{package.build}"
    parts = {
        "metadata.json": b'{"conda_pkg_format_version": 2}',
        f"pkg-{stem}.tar.zst": _zstd(_tar(package.files)),
        f"info-{stem}.tar.zst": _zstd(_tar(info)),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return buffer.getvalue()


def _index(package: Package) -> dict[str, Any]:
    index: dict[str, Any] = {
        "name": package.name,
        "version": package.version,
        "build": package.build,
        "build_number": package.number,
        "subdir": package.subdir,
        "depends": package.depends,
        "license": "MIT",
        "timestamp": int(package.built * 1000),
    }
    if package.subdir == "noarch":
        index["noarch"] = "python"
    return index


def _path(name: str, files: dict[str, File]) -> dict[str, Any]:
    """The entry of a file in paths.json, which says what an installer does with it."""
    file = files[name]
    target = files[str(Path(name).with_name(file.link))] if file.link else file
    entry = {
        "_path": name,
        "path_type": "softlink" if file.link else "hardlink",
        "sha256": hashlib.sha256(target.data).hexdigest(),
        "size_in_bytes": len(target.data),
    }
    if PLACEHOLDER.encode() in file.data:
        entry["prefix_placeholder"] = PLACEHOLDER
        entry["file_mode"] = "binary" if b"\0" in file.data else "text"
    return entry


def _tar(files: dict[str, File]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, file in sorted(files.items()):
            member = tarfile.TarInfo(name)
            # Not one time for all: Python takes byte code for fresh by a source's size and time.
            member.mtime = EPOCH + zlib.crc32(file.data) % 10_000_000
            member.mode = 0o755 if file.executable else 0o644
            member.size = len(file.data)
            if file.link:
                member.type, member.linkname = tarfile.SYMTYPE, file.link
            tar.addfile(member, io.BytesIO(file.data))
    return buffer.getvalue()


def _zstd(data: bytes) -> bytes:
    """A valid zstd frame of stored blocks (RFC 8878): fast, and no library is needed."""
    step = 1 << 17  # the largest block there is
    blocks = [data[start : start + step] for start in range(0, len(data), step)]
    heads = [(len(block) << 3).to_bytes(3, "little") for block in blocks[:-1]]
    heads.append(((len(blocks[-1]) << 3) | 1).to_bytes(3, "little"))
    body = b"".join(part for pair in zip(heads, blocks, strict=True) for part in pair)
    return struct.pack("<IBQ", 0xFD2FB528, 0xE0, len(data)) + body
