"""Projects that are committed and updated, as their people do it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from .copying import COMMAND
from .engine import clean_environ, shared_cache
from .template import git


def commit(project: Path) -> Path:
    if not (project / ".git").exists():
        git(project, "init", "--quiet")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--allow-empty", "--message", "mine")
    return project


def update(
    project: Path, home: Path, *words: str, **extra: str
) -> subprocess.CompletedProcess[str]:
    """`copier update --defaults --trust` without a terminal; `extra` are variables."""
    argv = [*COMMAND, "update", "--defaults", "--trust", *words]
    identity = {"GIT_CONFIG_GLOBAL": str(home / "gitconfig")}
    (home / "gitconfig").write_text("[user]\nname = t\nemail = t@example.invalid\n")
    cache = {"UV_CACHE_DIR": shared_cache(), **extra}
    return subprocess.run(
        argv, cwd=project, env=clean_environ(home, **identity, **cache), capture_output=True,
        text=True, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
