"""What an update means for files that are the project's own, which it leaves alone.

What the starter has for an answer that was just changed is added; nothing is removed but the locks
of builds that there are no more, which the engine made. What a new version of the template has
changed in the starter is offered.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pristine import NOW, asked, owned, rendered
from project_tools import starter_fixes

DERIVED = ("/requirements.txt", "/requirements-dev.txt")
"""The project's own too, and made by the engine."""

LOCK = b"Made by tools/env; do not edit."
"""In the first line of what the engine locks."""

PARTS = (*(f"template/{each}" for each in starter_fixes.CODE), "frameworks")
"""What the starter's code is rendered from."""


@dataclass(frozen=True)
class Starter:
    added: tuple[str, ...]
    """Files that the new answers need and that were not there."""

    kept: tuple[str, ...]
    """Files that the starter has in another form for the new answers; the project's stay."""

    unused: tuple[str, ...]
    """Files that the new answers have no use for; a person may delete them."""


def adapt(
    template: Path, before: Mapping[str, Any], now: Mapping[str, Any], answers_file: str
) -> Starter:
    """Add what the answers `now` need besides those from `before`."""
    if asked(before) == asked(now):
        return Starter((), (), ())
    # A package that is called something else is the same package: its code is moved, not made anew.
    same_package = {**before, "package_name": now["package_name"]}
    with (
        rendered(template, NOW, same_package, answers_file) as old,
        rendered(template, NOW, now, answers_file) as new,
    ):
        own = [each.strip("/") for each in owned(template) if each not in DERIVED]
        had, has = (_files(each, own) for each in (old, new))
        added = [name for name in has if name not in had and not Path(name).exists()]
        for name in added:
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_bytes(has[name])
        kept = [name for name in has if name in had and has[name] != had[name]]
        unused = [name for name in had if name not in has]
    for path in map(Path, unused):
        if path.is_file() and LOCK in path.read_bytes().partition(b"\n")[0]:
            path.unlink()
    unused += sorted(_locks(template, before) - _locks(template, now))
    there = [tuple(name for name in names if Path(name).exists()) for names in (kept, unused)]
    return Starter(tuple(added), *there)


@dataclass(frozen=True)
class Fixes:
    """What another version of the template changed in the starter's code."""

    offered: tuple[str, ...]
    """Files whose change can be merged into the project's."""

    version: str
    """The template's that the project had."""

    changed: bool
    """Whether anything is another at all."""


def fixes(
    template: Path, before: Mapping[str, Any], now: Mapping[str, Any], answers_file: str
) -> Fixes:
    """What the starter's code for today's answers became since the version of `before`."""
    version = str(before.get("_commit"))
    if not _changed(template, version):
        return Fixes((), version, changed=False)
    only = [each.removeprefix("!") for each in starter_fixes.patterns()]
    with (
        rendered(template, version, now, answers_file, only) as old,
        rendered(template, NOW, now, answers_file, only) as new,
    ):
        base, theirs = starter_fixes.files(old), starter_fixes.files(new)
    offered = starter_fixes.changes(base, theirs, starter_fixes.files(Path()))
    return Fixes(tuple(offered), version, changed=base != theirs)


def _changed(template: Path, version: str) -> bool:
    """Whether the template's files for the starter are others; not so at a version that is gone."""
    argv = ["git", "-C", str(template), "diff", "--quiet", version, NOW, "--", *PARTS]
    return subprocess.run(argv, stderr=subprocess.DEVNULL, check=False).returncode == 1


def _files(folder: Path, own: Sequence[str]) -> dict[str, bytes]:
    """The contents of the files below `folder` that are, or are in, one of its entries `own`."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.relative_to(folder).parts[0] in own
    }


def _locks(template: Path, answers: Mapping[str, Any]) -> set[str]:
    """The lock files of the answers' manager, as their question's table has them."""
    path = template / "questions" / "managers.json"
    table = json.loads(path.read_text(encoding="utf-8"))
    return set(table.get(answers["env_manager"], {}).get("lock", ()))
