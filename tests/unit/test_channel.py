"""The conda channel of the tests: its Python is a real one, and its bytes do not change."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from support import channel
from support.conda_packages import PLACEHOLDER
from support.conda_python import repackage
from support.engine import other_pythons

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="its Python is Linux's")

USE = """
import ctypes, json, os, sqlite3, ssl, sys, sysconfig, venv
with open("/proc/self/maps") as maps:
    paths = {line.split(None, 5)[5].strip() for line in maps if "libpython" in line}
paths |= {sys.prefix, sysconfig.get_path("stdlib"), sysconfig.get_path("purelib")}
paths |= {sysconfig.get_config_var("WHEEL_PKG_DIR") or sys.prefix}
here = {path for path in paths if path.startswith(sys.argv[1]) and os.path.exists(path)}
print(json.dumps({"elsewhere": sorted(paths - here),
                  "sees": [path for path in sys.path if path.endswith("site-packages")]}))
"""
FOUND = [Path(path) for minor, path in other_pythons().items() if int(minor[2:]) >= 11]
PYTHONS = sorted({path.resolve() for path in [*FOUND, *Path("/usr/bin").glob("python3.1[1-9]")]})


@pytest.mark.parametrize("python", PYTHONS, ids=str)
def test_a_repackaged_python_runs_in_any_prefix(tmp_path: Path, python: Path) -> None:
    prefix = tmp_path / "a prefix"
    version, files = repackage(python)
    for name, file in files.items():
        path = prefix / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if file.link:
            path.symlink_to(file.link)
        else:
            path.write_bytes(file.data.replace(PLACEHOLDER.encode(), bytes(prefix)))
            path.chmod(0o755 if file.executable else 0o644)
    argv = [str(prefix / "bin" / "python"), "-I", "-c", USE, str(prefix)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    site = prefix / "lib" / f"python{version.rpartition('.')[0]}" / "site-packages"
    assert json.loads(done.stdout) == {"elsewhere": [], "sees": [str(site)]}


def test_the_same_python_makes_the_same_channel(tmp_path: Path) -> None:
    first, second = (_digests(channel.build(tmp_path / name)) for name in ("one", "two"))
    assert first == second


def _digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }
