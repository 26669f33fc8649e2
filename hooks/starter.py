"""What an update means for files that are the project's own, which it leaves alone.

What the starter has for an answer that was just changed is added; nothing is removed but the locks
of builds that there are no more, which the engine made. What a new version of the template has
changed in the starter is offered.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pristine import NOW, asked, included, owned, rendered
from project_tools import starter_fixes
from repository import committed

DERIVED = ("/requirements.txt", "/requirements-dev.txt")
"""The project's own too, and made by the engine."""

LOCK = b"Made by tools/env; do not edit."
"""In the first line of what the engine locks."""

OWNED = b"# Owned by the template"
"""How a file of the template's begins."""

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
        own = [each for each in owned(template) if each not in DERIVED]
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


def place_modules(before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Leave the template's modules in the package only where its code asks for them.

    An older starter, or code of one's own, does not. A package with another name now is still to be
    moved by hand, so they wait in it.
    """
    old, new = package(before), package(now)
    # Not what a build writes there and git ignores, as _version.py.
    came = [
        each
        for each in new.glob("_[!_]*.py")
        if committed(each.as_posix()) is None and each.read_bytes().startswith(OWNED)
    ]
    code = "".join(
        each.read_text("utf-8", "replace") for each in new.rglob("*.py") if each not in came
    )
    for path in came:
        if not code and old.is_dir():
            path.replace(old / path.name)
        elif path.stem not in code:
            path.unlink()
    with suppress(OSError):  # there is more in it, or it is not there
        new.rmdir()


def package(answers: Mapping[str, Any]) -> Path:
    return Path("src") / str(answers.get("package_name"))


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
    """The contents of the files below `folder` that one of the patterns `own` matches."""
    found = {each.relative_to(folder).as_posix() for each in folder.rglob("*") if each.is_file()}
    return {name: (folder / name).read_bytes() for name in sorted(found - included(found, own))}


def _locks(template: Path, answers: Mapping[str, Any]) -> set[str]:
    """The lock files of the answers' manager, as their question's table has them."""
    path = template / "questions" / "managers.json"
    table = json.loads(path.read_text(encoding="utf-8"))
    return set(table.get(answers["env_manager"], {}).get("lock", ()))
