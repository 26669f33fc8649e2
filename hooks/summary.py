"""What an update did, to be read: on a terminal, or as the text of a pull request."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from edits import Edits
from project_tools import option
from starter import Fixes, Starter


def versions(before: Mapping[str, object], now: Mapping[str, object]) -> str:
    """The first line."""
    old, new = before.get("_commit"), now.get("_commit")
    return f"Template: {old} -> {new}" if old != new else f"Template: {old}, as before"


def answers(before: Mapping[str, object], now: Mapping[str, object]) -> str:
    """The answers that are others now: asked for, or since the template offers the old no more."""
    names = [name for name in before if not name.startswith("_") and name in now]
    changed = [name for name in names if before[name] != now[name]]
    return _part("Answers", [f"{name}: {before[name]} -> {now[name]}" for name in changed])


def packages(old_lock: str, new_lock: str) -> str:
    """The packages that are not what they were."""
    if old_lock == new_lock:
        return ""
    from env.lock import changes  # late: that is half of the engine

    return _part("Packages", changes([old_lock], new_lock))


def files(
    altered: Mapping[str, str],
    new: Sequence[str],
    edits: Edits,
    starter: Starter,
    now: Mapping[str, object],
    answers_file: str,
) -> str:
    """The files that are not what they were, and what a person may want to know of the others."""
    moved = [f"{old} -> {name}" for old, name in edits.moved.items()]
    told = {*edits.moved.values(), *(name for name in new if name.endswith(".rej"))}
    arrived = [name for name in new if name not in told]
    gone = [name for name, letter in altered.items() if letter == "D" and name not in edits.moved]
    return (
        _part("Files changed", [name for name, letter in altered.items() if letter != "D"])
        + _part("Files added", arrived)
        + _part("Files renamed, with your edits in them", moved)
        + _part("Files deleted", gone)
        + _part(
            "Yours, and left as they are; the starter has others for these answers",
            [*starter.kept, f"See the starter's with: {_starter(now, answers_file)}"]
            if starter.kept
            else [],
        )
        + _part("Yours, and of no use for these answers any more", starter.unused)
    )


def fixes(found: Fixes, now: Mapping[str, object], answers_file: str) -> str:
    """What the template changed in the starter, and how the project's code gets it."""
    if found.offered:
        merge = f"uv run --script tools/starter_fixes.py {found.version}{option(answers_file)}"
        lines = [*found.offered, f"Merge that into yours, when this update is committed: {merge}"]
        return _part("Yours, and left as they are; the template has mended the starter's", lines)
    if found.changed:
        return _part(
            "Yours, and left as it is; the starter's code is another now, and none of it fits",
            [f"See the starter's with: {_starter(now, answers_file)}"],
        )
    return ""


def person(conflicts: Sequence[str], edits: Edits, commit: str, more: Sequence[str]) -> str:
    """What somebody must look at, "" where there is nothing; `commit` holds what was before."""
    lines = [_conflict(name) for name in conflicts]
    for name in edits.dropped:
        what = (
            "lacks edits of yours" if Path(name).exists() else "was deleted, and you had edited it"
        )
        back = shlex.join(["git", "checkout", commit, "--", name])
        lines.append(f"{name} {what}. Bring your version back with: {back}")
    return _part("A person is needed", [*lines, *more])


def _starter(now: Mapping[str, object], answers_file: str) -> str:
    """The command that makes a project of these answers beside this one, without environment."""
    words = ["uvx", "copier", "copy", "--defaults", "--skip-tasks"]
    words += ["--data-file", answers_file, "--vcs-ref", str(now.get("_commit"))]
    return shlex.join([*words, str(now.get("_src_path")), "../starter"])


def _conflict(name: str) -> str:
    if name.endswith(".rej"):
        return f"{name} has changes that did not fit. Put them into the file, then delete {name}."
    added = shlex.join(["git", "add", name])
    return f"{name} has conflicts, marked with <<<<<<< and >>>>>>>. Resolve them, then: {added}"


def _part(title: str, lines: Sequence[str]) -> str:
    return "".join([f"\n{title}:\n", *(f"- {line}\n" for line in lines)]) if lines else ""
