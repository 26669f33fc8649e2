"""The user's edits in files that the update changed, moved or deleted: where they are now.

Copier merges what both sides changed. It says nothing, though, where the template has deleted or
renamed a file that the user had edited. So here edits follow a file to its new name, by moves.yml,
and whatever is not in the project any more is named with the command that brings it back.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import repository
from pristine import content, pattern, rendered

TABLE = Path(__file__).with_name("moves.yml")


@dataclass(frozen=True)
class Edits:
    """What became of edits that an update could have lost."""

    moved: dict[str, str]
    """The new names of edited files, by their old ones."""

    dropped: tuple[str, ...]
    """Files with edits that are in the last commit only."""


def settle(template: Path, before: Mapping[str, Any], answers_file: str) -> Edits:
    """Let edits follow their files; `before` are the answers as they were, with `_commit`."""
    altered, moves = repository.altered(), table()
    conflicts = repository.conflicts()
    told = {answers_file, *conflicts, *(name.removesuffix(".rej") for name in conflicts)}
    doubtful = [name for name in altered if name not in told]
    arrived = set(repository.new())
    renamed = [old for old in moves if target(moves, old) in arrived]
    if not doubtful and not renamed:
        return Edits({}, ())
    only = [pattern(name) for name in {*doubtful, *renamed}]
    with rendered(template, str(before["_commit"]), before, only) as pristine:
        for old in renamed:
            if repository.committed(old) is None and content(pristine, old) is not None:
                Path(target(moves, old)).unlink()  # the user had deleted it, under its old name
        moved: dict[str, str] = {}
        dropped: list[str] = []
        for name in doubtful:
            mine, base = repository.committed(name) or b"", content(pristine, name)
            if mine == base or not lost(mine, base or b"", content(Path(), name)):
                continue
            new = target(moves, name)
            if new in arrived and follow(new, mine, base or b""):
                moved[name] = new
            else:
                dropped.append(name)
    return Edits(moved, tuple(dropped))


def lost(mine: bytes, base: bytes, now: bytes | None) -> bool:
    """Whether a line that the user added to `base` is not in `now`, or that file is gone."""
    if now is None:
        return True
    added = Counter(mine.splitlines()) - Counter(base.splitlines())
    return bool(added - Counter(now.splitlines()))


def follow(new: str, mine: bytes, base: bytes) -> bool:
    """Merge the edits of a file into its new name; False where that cannot be done."""
    theirs = Path(new).read_bytes()
    with tempfile.TemporaryDirectory(prefix="merge-") as scratch:
        try:
            text, clean = repository.merged(mine, base, theirs, Path(scratch))
        except ValueError:
            return False
    Path(new).write_bytes(text)
    if not clean:
        repository.mark_unmerged(new, mine, base, theirs)
    return True


def table() -> dict[str, str | None]:
    """The names that files of the template had, and what they are called now; None for no more."""
    import yaml  # Copier's own dependency

    found: dict[str, str | None] = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return found


def target(moves: Mapping[str, str | None], name: str) -> str:
    """The newest name of a file that may have been renamed more than once, "" where it has none."""
    found = moves.get(name)
    while found and found in moves:
        found = moves[found]
    return found or ""
