"""Small real wheels, made with the standard library."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType


@dataclass(frozen=True)
class Wheel:
    path: Path
    name: str
    version: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.path.read_bytes()).hexdigest()

    @property
    def line(self) -> str:
        """Its line in a lock."""
        return f"{self.name}=={self.version} \\\n    --hash=sha256:{self.sha256}\n"


def wheel(
    folder: Path,
    name: str,
    version: str,
    *,
    requires: tuple[str, ...] = (),
    extras: tuple[str, ...] = (),
    text: str = "",
    files: Mapping[str, bytes] = MappingProxyType({}),
    top: Mapping[str, str] = MappingProxyType({}),
    tag: str = "py3-none-any",
) -> Wheel:
    """A pure-Python wheel in `folder` whose module tells its own version; `text` is added to it.

    `files` are more contents of the module, by name, `top` texts beside it.
    """
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += "".join(f"Requires-Dist: {each}\n" for each in requires)
    metadata += "".join(f"Provides-Extra: {each}\n" for each in extras)
    texts = {
        f"{module}/__init__.py": f"version = {version!r}\ndef main(): print(version)\n{text}",
        f"{module}/data.txt": "some data\n",
        f"{module}/part.py": "",
        f"{info}/METADATA": metadata,
        f"{info}/entry_points.txt": f"[console_scripts]\n{name} = {module}:main\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    members = {f"{module}/{path}": body for path, body in files.items()}
    # The .dist-info last, as whatever builds wheels has it (PEP 427).
    members |= {path: body.encode() for path, body in {**top, **texts}.items()}
    record = "".join(f"{path},{_digest(body)},{len(body)}\n" for path, body in members.items())
    members[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    path = folder / f"{module}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, body in members.items():
            archive.writestr(zipfile.ZipInfo(member, (2020, 1, 1, 0, 0, 0)), body)
    return Wheel(path, name, version)


def uv_wheel(folder: Path, uv: str) -> Wheel:
    """A wheel of uv, as the real ones are made: its program is the one at `uv`."""
    path = folder / "uv-0.99.0-py3-none-any.whl"
    program = f'#!/bin/sh\nexec "{uv}" "$@"\n'
    members = {
        "uv-0.99.0.data/scripts/uv": program,
        "uv-0.99.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: uv\nVersion: 0.99.0\n",
        "uv-0.99.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n"
        "Tag: py3-none-any\n",
    }
    record = "".join(f"{name},{_digest(t.encode())},{len(t)}\n" for name, t in members.items())
    members["uv-0.99.0.dist-info/RECORD"] = f"{record}uv-0.99.0.dist-info/RECORD,,\n"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            entry = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))
            entry.external_attr = (0o100755 if "scripts" in name else 0o100644) << 16
            archive.writestr(entry, text)
    return Wheel(path, "uv", "0.99.0")


def _digest(body: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(body).digest())
    return "sha256=" + digest.rstrip(b"=").decode()
