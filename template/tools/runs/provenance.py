# Owned by the template.
"""Where a result comes from: code, environment, packages, machine. What is unknown is null."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

CODE = ["src", "configs", "tools", "tests"]


def collect(folder: Path, part: int) -> dict[str, Any]:
    """All of it. Uncommitted code goes to `folder`: changes.patch; of part 2, changes-2.patch."""
    patch = folder / ("changes.patch" if part == 1 else f"changes-{part}.patch")
    info = _info()
    return {
        "template_version": _setting(Path(".copier-answers.yml"), "_commit", ":"),
        "git": git(patch),
        "lock": lock(info),
        "environment": environment(info),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "libraries": {each.metadata["Name"]: each.version for each in distributions()},
        "machine": {
            "platform": platform.platform(),
            "processor": platform.machine(),
            "cpus": os.cpu_count(),
            "memory_gib": _memory(),
            "gpus": gpus(),
        },
    }


def git(patch: Path) -> dict[str, Any]:
    """The commit, and whether files differ from it; how they do goes to `patch`."""
    commit = _output("git", "rev-parse", "--verify", "--quiet", "HEAD")
    index = _output("git", "rev-parse", "--git-path", "index")
    if not commit or not index:
        return {"commit": None, "dirty": None}
    with tempfile.TemporaryDirectory() as scratch:
        # New files are in the difference by an index of its own: the person's stays as it is.
        own = {"GIT_INDEX_FILE": str(Path(scratch) / "index")}
        if Path(index).is_file():
            shutil.copy(index, own["GIT_INDEX_FILE"])
        _output(
            "git",
            "add",
            "--intent-to-add",
            "--",
            *(each for each in CODE if Path(each).exists()),
            **own,
        )
        changes = _bytes(
            "git", "diff", "--binary", "--no-ext-diff", "--no-color", "HEAD", "--", ".", **own
        )
    if changes:
        patch.write_bytes(changes)
    return {"commit": commit, "dirty": None if changes is None else bool(changes)}


def lock(info: dict[str, Any]) -> dict[str, Any]:
    """That of the environment; of several, the one of its build."""
    name = info.get("lock") or "requirements-dev.txt"
    path = Path(name)
    known = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
    return {"file": name, "sha256": known}


def environment(info: dict[str, Any]) -> dict[str, Any]:
    """State and fingerprint of the environment; none for another Python than its own."""
    unknown = {"state": None, "fingerprint": None}
    try:
        if Path(sys.prefix).resolve() != Path(info["path"]).resolve():
            return {**unknown, "reason": f"{sys.prefix} is not the project's environment"}
        build = {"build": info["build"]} if "build" in info else {}
        return {**{key: info[key] for key in ("state", "fingerprint", "reason")}, **build}
    except (ValueError, KeyError, TypeError):
        return {**unknown, "reason": "`python tools/env info --json` gave no answer"}


def _info() -> dict[str, Any]:
    """What the environment's engine says of it; {} where that gives no answer."""
    try:
        found = json.loads(_output(sys.executable, "tools/env", "info", "--json") or "")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def gpus() -> list[str] | None:
    """Name and driver of each, as NVIDIA's own tool says; None without it."""
    query = ["--query-gpu=name,driver_version", "--format=csv,noheader"]
    answer = _output("nvidia-smi", *query) if shutil.which("nvidia-smi") else None
    return answer.splitlines() if answer else None


def _bytes(*command: str, **variables: str) -> bytes | None:
    """What a program prints; None where it is not there, fails or hangs."""
    environ = {**os.environ, **variables, "GIT_OPTIONAL_LOCKS": "0"}
    try:
        done = subprocess.run(command, capture_output=True, timeout=60, env=environ)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode in (0, 1) else None


def _output(*command: str, **variables: str) -> str | None:
    printed = _bytes(*command, **variables)
    return None if printed is None else printed.decode("utf-8", "replace").strip()


def _setting(path: Path, key: str, sign: str) -> str | None:
    """The value of `key` in a file of lines `key sign value`, or None."""
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    found = re.search(rf"(?m)^{key}\s*{sign}\s*(.+)$", text)
    return found[1].strip().strip("'\"") if found else None


def _memory() -> float | None:
    """The machine's, in GiB, where the system tells."""
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (AttributeError, ValueError, OSError):
        return None
