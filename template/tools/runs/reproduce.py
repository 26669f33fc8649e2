# Owned by the template.
"""A run again, from its own commit, changes, lock and data, in a scratch worktree."""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from record import CouldNot, Record, read

CLOSE = 1e-6
"""Of other processors the last digits differ."""


def again(record: Record) -> int:
    """Trains it again and says what differs. 0: the same figures; 1: others."""
    data, config = _data(record), (record.folder / "config.toml").resolve()
    commit = record.info.get("git", {}).get("commit")
    if not commit:
        raise CouldNot(
            f"{record.folder} has no commit. Only runs of a git repository can be repeated."
        )
    with _worktree(commit) as root:
        for patch in sorted(record.folder.glob("changes.patch")):
            _do(["git", "apply", "--whitespace=nowarn", str(patch.resolve())], _top(root))
        environ = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(root / ".reproduced")}
        environ.pop("PYTHONPATH", None)
        if Path("tools/env.local.cfg").is_file():
            shutil.copy("tools/env.local.cfg", root / "tools/env.local.cfg")
        _do([sys.executable, "tools/env", "sync"], root, environ)
        package = next((root / "src").glob("*/train.py")).parent.name
        train = ["python", "-m", f"{package}.train", "--config", str(config), f"data.file={data}"]
        _do([sys.executable, "tools/env", "run", "--", *train], root, environ)
        new = read(max((root / "runs").iterdir(), key=lambda folder: folder.stat().st_mtime_ns))
        _tell_origin(record.info, new.info)
        return _tell_figures(record, new)


def _data(record: Record) -> Path:
    about = record.info.get("data", {})
    path = Path(about.get("file", "")).expanduser()
    if not path.is_file():
        raise CouldNot(f"The data file {path} of this run is not there. Bring it back.")
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    if digest.hexdigest() != about["sha256"]:
        raise CouldNot(f"{path} is not the data that this run had. Bring that file back.")
    return path.resolve()


@contextmanager
def _worktree(commit: str) -> Iterator[Path]:
    """The project as it was, in a temporary folder, gone at the end."""
    folder = Path(tempfile.mkdtemp(prefix="reproduce-"))
    prefix = _do(["git", "rev-parse", "--show-prefix"], Path(), quiet=True)
    try:
        _do(["git", "worktree", "add", "--quiet", "--detach", str(folder / "tree"), commit], Path())
        yield folder / "tree" / prefix
    finally:
        remove = ["git", "worktree", "remove", "--force", str(folder / "tree")]
        subprocess.run(remove, capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)


def _top(root: Path) -> Path:
    return Path(_do(["git", "rev-parse", "--show-toplevel"], root, quiet=True))


def _do(
    command: Sequence[str], folder: Path, environ: dict[str, str] | None = None, quiet: bool = False
) -> str:
    if not quiet:
        print(f"$ {' '.join(command)}", flush=True)
    done = subprocess.run(
        command, cwd=folder, env=environ, text=True, stdout=subprocess.PIPE if quiet else None
    )
    if done.returncode:
        raise CouldNot(f"`{command[0]} {command[1]}` failed (above). Mend that, and repeat.")
    return (done.stdout or "").strip()


def _tell_origin(then: dict[str, Any], now: dict[str, Any]) -> None:
    for key in ("python", "lock", "environment", "machine"):
        if then.get(key) != now.get(key):
            print(f"other {key}: {json.dumps(then.get(key))} then, {json.dumps(now.get(key))} now")
    old, new = then.get("libraries", {}), now.get("libraries", {})
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            print(f"other {name}: {old.get(name)} then, {new.get(name)} now")


def _tell_figures(then: Record, now: Record) -> int:
    """Prints the table; whether any figure differs."""
    differ = 0
    print(f"\n{'':30}  {'recorded':>12}  {'now':>12}")
    for part in now.figures:
        for name, new in now.figures[part].items():
            old = then.figures.get(part, {}).get(name, math.nan)
            same = old == new or math.isclose(old, new, rel_tol=CLOSE, abs_tol=CLOSE)
            differ += not same
            print(f"{part + ' ' + name:30}  {old:12.6g}  {new:12.6g}{'' if same else '  differs'}")
    print(f"\n{differ} figures differ" if differ else "\nthe same figures")
    return 1 if differ else 0
