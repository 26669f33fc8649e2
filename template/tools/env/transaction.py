"""Replaces several files of a project together: whatever stops it, all of them or none.

Everything is written in full into a directory beside the settings. Renaming that directory decides;
from then on the work is carried out, by this command or by the next one.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from .processes import say
from .requirements import sha256

_BEGUN = Path("tools", ".env-begun")
_DECIDED = Path("tools", ".env-decided")
_PLAN = "plan.json"


def replace(root: Path, drafts: Mapping[Path, str]) -> list[Path]:
    """Put the drafts in place of the files of the project at `root`, in their order.

    Returns those that changed. An empty draft removes its file. Raises OSError, with all files as
    they were, where something cannot be written.
    """
    changed = {path: draft for path, draft in drafts.items() if not _holds(path, draft)}
    if not changed:
        return []
    begun = root / _BEGUN
    try:
        begun.mkdir()
        (begun / ".gitignore").write_text("*\n", encoding="utf-8")
        plan: list[tuple[str, str]] = []
        for path, draft in changed.items():
            written = begun / str(len(plan))
            # Whoever writes a draft has line endings of its own, and a person's stay.
            crlf = path.exists() and b"\r\n" in path.read_bytes()
            written.write_bytes((draft.replace("\n", "\r\n") if crlf else draft).encode())
            if path.exists():
                shutil.copymode(path, written)
            plan.append((str(path.relative_to(root)), sha256(path)))
        (begun / _PLAN).write_text(json.dumps(plan), encoding="utf-8")
        os.rename(begun, root / _DECIDED)
    except BaseException:
        shutil.rmtree(begun, ignore_errors=True)
        raise
    finish(root)
    return list(changed)


def finish(root: Path) -> None:
    """Carry out a replacement that was decided before its command was stopped.

    A file that somebody changed since then is left as it is, and that is said.
    """
    shutil.rmtree(root / _BEGUN, ignore_errors=True)
    decided = root / _DECIDED
    if not decided.exists():
        return
    for number, (name, before) in enumerate(json.loads((decided / _PLAN).read_bytes())):
        written, path = decided / str(number), root / name
        if not written.exists():
            continue
        if path.exists() and sha256(path) != before:
            say(f"note: {name} was changed after a command was stopped, and is left as it is")
        elif written.stat().st_size:
            os.replace(written, path)
        elif path.exists():
            path.unlink()
    shutil.rmtree(decided)


def _holds(path: Path, draft: str) -> bool:
    """Whether a file has this text already, whatever its line endings."""
    try:
        text = path.read_bytes().decode("utf-8", "replace")
    except OSError:
        return not draft
    return text.replace("\r\n", "\n") == draft.replace("\r\n", "\n") and bool(draft)
