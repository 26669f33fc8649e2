"""The user's edits in files that the update changed, moved or deleted: where they are now.

Copier merges what both sides changed. It says nothing, though, where the template has deleted or
renamed a file that the user had edited. So here edits follow a file to its new name, by moves.yml,
and whatever is not in the project any more is named with the command that brings it back.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import repository
from pristine import content, pattern, rendered
from project_tools import lost

TABLE = Path(__file__).with_name("moves.yml")
BASE, THEIRS = 1, 3
"""Stages of git's index."""


@dataclass(frozen=True)
class Edits:
    """What became of edits that an update could have lost."""

    moved: dict[str, str]
    """The new names of edited files, by their old ones."""

    dropped: tuple[str, ...]
    """Files with edits that are in the last commit only."""


def settle(template: Path, before: Mapping[str, Any], answers_file: str) -> Edits:
    """Let edits follow their files; `before` are the answers as they were, with `_commit`."""
    merge_with_base(template, before, answers_file)
    altered, moves = repository.altered(), table()
    conflicts = repository.conflicts()
    told = {answers_file, *conflicts, *(name.removesuffix(".rej") for name in conflicts)}
    doubtful = [name for name in altered if name not in told]
    arrived = set(repository.new())
    renamed = {old: new for old in moves if (new := target(moves, old, arrived))}
    if not doubtful and not renamed:
        return Edits({}, ())
    only = [pattern(name) for name in {*doubtful, *renamed}]
    with rendered(template, str(before["_commit"]), before, answers_file, only) as pristine:
        for old, new in renamed.items():
            if repository.mode(old) is None and content(pristine, old) is not None:
                Path(new).unlink()  # the user had deleted it, under its old name
        moved: dict[str, str] = {}
        dropped: list[str] = []
        for name in doubtful:
            mine, base = repository.committed(name) or b"", content(pristine, name) or b""
            run_bit = run_bit_differs(name, pristine / name)
            edited = mine != base and lost(mine, base, content(Path(), name))
            if name in renamed and (edited or run_bit):
                if follow(name, renamed[name], mine, base, run_bit):
                    moved[name] = renamed[name]
                else:
                    dropped.append(name)
            elif edited:
                dropped.append(name)
    return Edits(moved, tuple(dropped))


def merge_with_base(template: Path, before: Mapping[str, Any], answers_file: str) -> None:
    """Merge anew what Copier merged as if the template had not had the file before.

    It had it; only the new version's `_exclude`, for the answers before, leaves it out.
    """
    unmerged = [name for name in repository.unmerged() if repository.staged(name, BASE) == b""]
    if not unmerged:
        return
    only = [pattern(name) for name in unmerged]
    with rendered(template, str(before["_commit"]), before, answers_file, only) as pristine:
        for name in unmerged:
            base, theirs = content(pristine, name), repository.staged(name, THEIRS)
            if base is not None and theirs is not None:
                repository.git("reset", "--quiet", "--", name)
                Path(name).write_bytes(theirs)
                follow(name, name, repository.committed(name) or b"", base, run_bit=False)


def follow(old: str, new: str, mine: bytes, base: bytes, run_bit: bool) -> bool:
    """Merge the edits of a file into its new name, with its run bit where that was edited, too.

    False where it cannot be done.
    """
    path = Path(new)
    if repository.mode(old) == repository.LINK or path.is_symlink():
        return False
    theirs = path.read_bytes()
    with tempfile.TemporaryDirectory(prefix="merge-") as scratch:
        try:
            text, clean = repository.merged(mine, base, theirs, Path(scratch))
        except ValueError:
            return False
    path.write_bytes(text)
    if run_bit:
        had, bits = repository.mode(old) == repository.PROGRAM, path.stat().st_mode
        path.chmod(bits | 0o111 if had else bits & ~0o111)
    if not clean:
        repository.mark_unmerged(new, mine, base, theirs)
    return True


def run_bit_differs(name: str, base: Path) -> bool:
    """Whether the user had given a file its run bit, or taken it away; on Windows it has none."""
    if os.name == "nt" or not base.exists():
        return False
    return os.access(base, os.X_OK) != (repository.mode(name) == repository.PROGRAM)


def table() -> dict[str, str | None]:
    """The names that files of the template had, and what they are called now; None for no more."""
    import yaml  # Copier's own dependency

    found: dict[str, str | None] = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return found


def target(moves: Mapping[str, str | None], name: str, arrived: Collection[str]) -> str:
    """What a file is called now that may have been renamed more than once, and back again.

    It is the first name on the way that has just arrived in the project, "" where none has.
    """
    seen, found = {name}, moves.get(name)
    while found and found not in seen:
        if found in arrived:
            return found
        seen.add(found)
        found = moves.get(found)
    return ""
