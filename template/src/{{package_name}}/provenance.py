"""Where a result comes from: code, environment, libraries, machine. What is unknown is null."""

import json
import os
import platform
import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from .files import sha256_of

NO_ENGINE = "tools/env is not there"


def collect(root: Path) -> dict[str, Any]:
    """All of it, ready for run.json."""
    return {
        "template_version": _setting(root / ".copier-answers.yml", "_commit"),
        "git": git_state(root),
        "lock": _lock(root),
        "environment": environment(root),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "libraries": _libraries(root),
        "machine": {
            "platform": platform.platform(),
            "processor": platform.machine(),
            "cpus": os.cpu_count(),
            "memory_gib": _memory(),
        },
    }


def environment(root: Path) -> dict[str, str | None]:
    """The state and the fingerprint of the environment, or why they are not known.

    Another Python than the project's gets no fingerprint: its libraries are not those.
    """
    tool = root / "tools" / "env"
    unknown: dict[str, str | None] = {"state": None, "fingerprint": None}
    if not tool.is_dir():
        return {**unknown, "reason": NO_ENGINE}
    output = _output([sys.executable, str(tool), "info", "--json"], root)
    try:
        info = json.loads(output or "")
        if Path(sys.prefix).resolve() != Path(info["path"]).resolve():
            return {**unknown, "reason": f"{sys.prefix} is not the project's environment"}
        return {key: info[key] for key in ("state", "fingerprint", "reason")}
    except (ValueError, KeyError, TypeError):
        return {**unknown, "reason": "`python tools/env info --json` gave no answer"}


def git_state(root: Path) -> dict[str, str | bool | None]:
    """The commit, and whether files differ from it; null without git or a commit."""
    commit = _output(["git", "rev-parse", "--verify", "HEAD"], root)
    status = _output(["git", "--no-optional-locks", "status", "--porcelain", "."], root)
    if not commit or status is None:
        return {"commit": None, "dirty": None}
    return {"commit": commit.strip(), "dirty": bool(status.strip())}


def _output(command: list[str], root: Path) -> str | None:
    """What a program prints, or None when it is not there, fails to answer or hangs."""
    try:
        done = subprocess.run(
            command, cwd=root, capture_output=True, encoding="utf-8", errors="replace", timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode in (0, 1) else None


def _lock(root: Path) -> dict[str, str | None]:
    """The lock file that tools/env.cfg names, and its sha256."""
    name = _setting(root / "tools" / "env.cfg", "lock", "=") or "requirements-dev.txt"
    path = root / name
    return {"file": name, "sha256": sha256_of(path) if path.is_file() else None}


def _libraries(root: Path) -> dict[str, str | None]:
    """The installed versions of what pyproject.toml asks for."""
    try:
        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        names = [re.split(r"[^\w.-]", line.strip())[0] for line in project["dependencies"]]
    except (OSError, ValueError, KeyError):
        return {}
    return {name: _version(name) for name in names}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _setting(path: Path, key: str, sign: str = ":") -> str | None:
    """The value of `key` in a file of `key: value` lines, or None."""
    if not path.is_file():
        return None
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    values = {name.strip(): value.strip() for name, _, value in (x.partition(sign) for x in lines)}
    return values.get(key, "").strip("'\"") or None


def _memory() -> float | None:
    """The machine's memory in GiB, where the system tells."""
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (AttributeError, ValueError, OSError):
        return None
