"""What a Python says of itself: the facts that everything else here relies on."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from .processes import capture

# Printed by the interpreter itself, as JSON: nobody else knows it for sure.
_PROBE = """
import importlib.util, json, os, platform, re, sys, sysconfig
pip = importlib.util.find_spec("pip")
# Read, not imported: importlib.metadata alone would double the time of this program.
text = open(pip.origin, encoding="utf-8").read() if pip and pip.origin else ""
version = re.search(r"^__version__ = ['\\"](.+?)['\\"]", text, re.MULTILINE)
v = sys.implementation.version
tag = "" if v.releaselevel == "final" else v.releaselevel[0] + str(v.serial)
print(json.dumps({
    "path": getattr(sys, "_base_executable", None) or sys.executable,
    "platform": sysconfig.get_platform(),
    "site_packages": os.path.realpath(sysconfig.get_path("purelib")),
    "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    "pip": version.group(1) if version else "",
    "has_ensurepip": importlib.util.find_spec("ensurepip") is not None,
    "markers": {
        "implementation_name": sys.implementation.name,
        "implementation_version": "%d.%d.%d%s" % (v.major, v.minor, v.micro, tag),
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        "platform_release": platform.release(),
        "platform_system": platform.system(),
        "platform_version": platform.version(),
        "python_full_version": platform.python_version(),
        "python_version": ".".join(platform.python_version_tuple()[:2]),
        "sys_platform": sys.platform,
    },
}))
"""


LOAD = "module load NAME"
"""What brings a library on a cluster: its Pythons are modules, and only work while loaded."""


class Interpreter(NamedTuple):
    path: Path
    """Executable of the base interpreter, also where a virtual environment's was asked."""

    platform: str
    """sysconfig's platform tag, as "linux-x86_64"."""

    site_packages: Path
    """Where this very interpreter (not its base) has its packages; symbolic links resolved."""

    pip: str
    """Version of its pip, "" where it has none."""

    has_ensurepip: bool
    markers: Mapping[str, str]
    """What environment markers (PEP 508) are decided by."""

    @property
    def version(self) -> str:
        """Full version, as "3.12.1"."""
        return self.markers["python_full_version"]

    @property
    def minor(self) -> str:
        return self.markers["python_version"]


class Unfit(NamedTuple):
    """A Python, or what should be one, that serves no project."""

    path: str
    why: str
    """Goes on after its path, as "is the free-threaded build"."""


def probe(argv: list[str], environ: Mapping[str, str]) -> Interpreter | None:
    """What the command `argv` starts, or None where that is not a standard CPython build."""
    found = examine(argv, environ)
    return found if isinstance(found, Interpreter) else None


def examine(argv: list[str], environ: Mapping[str, str]) -> Interpreter | Unfit:
    """The same, with the reason where it is none."""
    # In the root directory: a shim answers by the files of the current one (.tool-versions).
    root = os.path.abspath(os.sep)
    code, output, errors = capture([*argv, "-I", "-c", _PROBE], environ, cwd=root)
    try:
        facts = json.loads(output) if code == 0 else None
    except ValueError:
        facts = None
    if facts is None:
        said = [line.strip() for line in errors.splitlines() if line.strip()]
        return Unfit(argv[0], f"does not start: {said[-1]}" if said else "does not start")
    markers = facts["markers"]
    if markers["implementation_name"] != "cpython":
        kind = markers["platform_python_implementation"]
        return Unfit(argv[0], f"is {kind} {markers['implementation_version']}")
    if facts.pop("free_threaded"):
        version = markers["python_full_version"]
        return Unfit(argv[0], f"is the free-threaded build of {version}")
    facts.update(path=Path(facts["path"]), site_packages=Path(facts["site_packages"]))
    return Interpreter(**facts)


def missing_library(python: Path, environ: Mapping[str, str]) -> str:
    """The shared library that a Python lacks to start, "" where that is not its trouble."""
    done = capture([str(python), "-I", "-S", "-c", ""], environ)
    found = re.search(r"loading shared libraries: ([^:\s]+)", done.errors)
    return found[1] if found and done.code else ""
