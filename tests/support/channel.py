"""A real conda channel on disk: the Python of this machine and two small packages."""

from __future__ import annotations

import platform
import sys
import tempfile
import zipfile
from pathlib import Path

from .conda_packages import PLACEHOLDER, File, Package, publish
from .conda_python import repackage
from .engine import MINOR
from .wheels import wheel

# The platforms of the channel, and what a machine must have to run a package for one.
NEEDS = {
    "linux-64": "__glibc >=2.17",
    "linux-aarch64": "__glibc >=2.17",
    "osx-arm64": "__osx >=11.0",
    "win-64": "__win",
}
NATIVE = {"x86_64": "linux-64", "aarch64": "linux-aarch64"}
VERSIONS = ("1.0", "1.1")


def build(folder: Path, python_prefix: Path | None = None) -> Path:
    """Make the channel `conda-forge` in `folder`, whose address is then the channel alias.

    It has

    - `python`, made from the `bin/python3` of `python_prefix`, else from the Python that runs the
      tests; for other platforms it has the same version and can be locked, not run;
    - `hello-native` 1.0 and 1.1, but not for Windows: a program, data that hold the prefix as
      text, as bytes and not at all, and scripts for activation;
    - `tinypure` 1.0 and 1.1: a Python module with a command, and `tool`, which needs it;
    - for Linux and Windows, what needs a GPU as conda-forge's do: `driver-lib`, for CUDA 12 or
      13.1 at least, and `solver` in a build for each of CPU and GPU.

    The same Python gives the same bytes. On Linux only.
    """
    running = Path(sys.base_prefix) / "bin" / f"python{MINOR}"
    version, files = repackage(python_prefix / "bin" / "python3" if python_prefix else running)
    native = NATIVE[platform.machine()]
    stub = {"share/python.txt": File(b"Python is here.\n")}
    channel = folder / "conda-forge"
    for subdir, needs in NEEDS.items():
        here = files if subdir == native else stub
        publish(channel, Package("python", version, subdir, here, (needs,)))
        if subdir != "win-64":
            publish(channel, *(hello_native(each, subdir) for each in VERSIONS))
        if subdir != "osx-arm64":
            publish(channel, *for_gpus(subdir))
    tool = {"share/tool.txt": File(b"A tool.\n")}
    publish(channel, *(tinypure(each) for each in VERSIONS))
    publish(channel, Package("tool", "1.0", "noarch", tool, ("tinypure",)))
    return channel


def for_gpus(subdir: str) -> list[Package]:
    files = {"share/gpu.txt": File(b"A kernel.\n")}
    library = [
        Package("driver-lib", cuda, subdir, files, (f"__cuda >={cuda}",)) for cuda in ("12", "13.1")
    ]
    solver = [
        Package("solver", "1.0", subdir, files, needs, variant=f"{build}_{number}", number=number)
        for build, number, needs in (("cpu", 0, ()), ("cuda", 200, ("__cuda", "driver-lib")))
    ]
    return [*library, *solver]


def hello_native(version: str, subdir: str) -> Package:
    # `cat`, because a prefix may have characters that the shell would read in a string.
    program = f"#!/bin/sh\ncat <<'END'\nhello-native {version} from {PLACEHOLDER}\nEND\n"
    files = {
        "bin/hello-native": File(program.encode(), executable=True),
        "etc/conda/activate.d/hello.sh": File(b'export HELLO_HOME="$CONDA_PREFIX/share/hello"\n'),
        "etc/conda/deactivate.d/hello.sh": File(b"unset HELLO_HOME\n"),
        "lib/hello.bin": File(b"\0hello\0" + f"{PLACEHOLDER}/share/hello".encode() + b"\0end\0"),
        "share/hello/hello.conf": File(f"version = {version}\nprefix = {PLACEHOLDER}\n".encode()),
        "share/hello/readme.txt": File(b"The same in every prefix.\n"),
    }
    return Package("hello-native", version, subdir, files, (NEEDS[subdir],))


def tinypure(version: str) -> Package:
    """A wheel, as conda packages one."""
    name, info = "tinypure", f"tinypure-{version}.dist-info"
    with tempfile.TemporaryDirectory() as scratch:
        archive = zipfile.ZipFile(wheel(Path(scratch), name, version).path)
        with archive:
            contents = {each: archive.read(each) for each in archive.namelist()}
    contents[f"{info}/INSTALLER"] = b"conda\n"
    contents[f"{info}/RECORD"] += f"{info}/INSTALLER,,\n".encode()
    files = {f"site-packages/{path}": File(data) for path, data in contents.items()}
    return Package(name, version, "noarch", files, ("python >=3.8",), (f"{name} = {name}:main",))
