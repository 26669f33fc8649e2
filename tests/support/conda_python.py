"""The files of an installed CPython, changed so that they run in any prefix, as conda's do."""

from __future__ import annotations

import json
import os
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .conda_packages import PLACEHOLDER, File

FACTS = """
import json, platform, sys, sysconfig
variables = {name: sysconfig.get_config_var(name) or ""
             for name in ("INSTSONAME", "LIBDIR", "WHEEL_PKG_DIR")}
paths = {name: sysconfig.get_path(name) for name in ("stdlib", "purelib")}
own = {"prefix": sys.base_prefix, "lib": sys.platlibdir}
version = {"version": platform.python_version(), "minor": "%d.%d" % sys.version_info[:2]}
print(json.dumps({**own, **version, **variables, **paths}))
"""
# Large, and no test asks for them.
FOLDERS_LEFT_OUT = {
    "__pycache__",
    "idlelib",
    "lib2to3",
    "site-packages",
    "test",
    "tests",
    "tkinter",
}
# The machine's own rules, which are none of an environment's.
FILES_LEFT_OUT = {"EXTERNALLY-MANAGED", "sitecustomize.py"}

# Debian's Python neither installs into site-packages nor looks there; conda's does both. The first
# is mended in sysconfig; the second by a file in a folder where it does look, because site.py is
# compiled into the executable.
DEBIAN_SCHEME = (b"prefix_scheme = 'posix_local'", b"prefix_scheme = 'posix_prefix'")
DEBIAN_PTH = "import site, sys; site.addsitedir(sys.prefix + '/lib/python{minor}/site-packages')\n"


def repackage(executable: Path) -> tuple[str, dict[str, File]]:
    """The version of a Python on Linux, and its files by their paths in a prefix.

    It may come from pyenv, Debian or another's build. Headers, byte code and installed packages
    are left out; ensurepip is there if the installed one has it.
    """
    argv = [str(executable), "-I", "-S", "-c", FACTS]
    facts = json.loads(subprocess.run(argv, check=True, capture_output=True, text=True).stdout)
    files = dict(_stdlib(facts))
    minor = facts["minor"]
    # Conda's has this folder from the start: venv and installers look whether it exists.
    files[f"lib/python{minor}/site-packages/README.txt"] = File(b"Packages go here.\n")
    if Path(facts["purelib"]).name == "dist-packages":
        pth = DEBIAN_PTH.format(minor=minor).encode()
        files[f"lib/python{minor}/dist-packages/conda.pth"] = File(pth)
    if facts["WHEEL_PKG_DIR"]:  # where Debian has the pip for ensurepip
        for path in Path(facts["WHEEL_PKG_DIR"]).glob("*.whl"):
            files[path.relative_to(facts["prefix"]).as_posix()] = File(path.read_bytes())
    program = executable.read_bytes()
    # Debian has the library too, but its executable does not load it.
    if facts["INSTSONAME"] and facts["INSTSONAME"].encode() in program:
        library = Path(facts["LIBDIR"], facts["INSTSONAME"])
        files[f"lib/{library.name}"] = File(_loadable(library.read_bytes()), executable=True)
        program = _beside(program, facts["LIBDIR"])
    files[f"bin/python{minor}"] = File(_loadable(program), executable=True)
    files["bin/python3"] = files["bin/python"] = File(link=f"python{minor}")
    return facts["version"], files


def _stdlib(facts: dict[str, Any]) -> Iterator[tuple[str, File]]:
    """The files of the standard library, by their paths in a prefix."""
    stdlib = Path(facts["stdlib"])
    for here, folders, names in os.walk(stdlib):
        folders[:] = [
            each
            for each in folders
            if each not in FOLDERS_LEFT_OUT and not each.startswith("config-")
        ]
        for name in names:
            if name in FILES_LEFT_OUT or name.startswith("_test"):
                continue
            path = Path(here, name)
            inside = path.relative_to(stdlib).as_posix()
            data = path.read_bytes()
            if data.startswith(b"\x7fELF"):
                data = _loadable(data)
            elif name.startswith("_sysconfig"):
                data = data.replace(facts["prefix"].encode(), PLACEHOLDER.encode())
            elif inside.startswith("sysconfig"):
                data = data.replace(*DEBIAN_SCHEME)
            yield f"{facts['lib']}/python{facts['minor']}/{inside}", File(data)


def _beside(program: bytes, libraries: str) -> bytes:
    """A program that looks in the prefix for its library, no longer in the folder `libraries`.

    Where that is not written in it, or is too short to replace, it takes the installed library.
    """
    old, start, end = os.fsencode(libraries), b"$ORIGIN/..", b"lib"
    # Of the same length, for what comes after it must stay where it is.
    slashes = len(old) - len(start) - len(end)
    return program.replace(old, start + b"/" * slashes + end) if slashes > 0 else program


def _loadable(elf: bytes) -> bytes:
    """A 64-bit ELF file without what only debuggers read: three quarters of a Python of pyenv."""
    (table,) = struct.unpack_from("<Q", elf, 32)
    size, count = struct.unpack_from("<HH", elf, 54)
    ends = []
    for segment in range(table, table + size * count, size):
        (offset,) = struct.unpack_from("<Q", elf, segment + 8)
        (length,) = struct.unpack_from("<Q", elf, segment + 32)
        ends.append(offset + length)
    loaded = bytearray(elf[: max(ends)])
    # The table of sections was after them.
    struct.pack_into("<Q", loaded, 40, 0)
    struct.pack_into("<HHH", loaded, 58, 0, 0, 0)
    return bytes(loaded)
