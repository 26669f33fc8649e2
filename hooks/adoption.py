"""`copier copy` into a repository with files of its own: they stay, and it becomes a project.

Copier asks and renders before any hook runs, and keeps whatever exists (see `_skip_if_exists`). So
what it wrote is taken back first. Then either nothing has changed, and a sentence says why, or the
template's files come in beside what HEAD holds: one change, staged, for a person to review.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import repository
from adoption_summary import some
from dependencies import FILE
from engine import parsed, say
from pristine import NOW, files, rendered
from project_tools import TEMPLATE, TOOLS
from repository import tracked

REFUSED = 1


def is_due(ours: Collection[str]) -> bool:
    """Whether somebody's files are here, besides those of the template: in git, or code."""
    if os.path.exists(".git"):
        return bool(tracked()) or any(_others(ours))
    if Path(FILE).exists() and not Path(FILE).read_text("utf-8", "replace").startswith("# Owned"):
        return True
    return bool(tracked()) or any(name.endswith((".py", ".ipynb")) for name in _others(ours))


def main(chosen: Mapping[str, Any], answers_file: str, local: str) -> int:
    """Make a project of what is here; `local` is for tools/env.local.cfg.

    Exit code 0, 1 where it was refused, or with SEEDBED_STRICT=1 that of what failed."""
    with rendered(TEMPLATE, NOW, chosen, answers_file) as wanted:
        why = refusal(wanted, answers_file)
        written = Path(answers_file).read_text(encoding="utf-8")
        take_back(wanted, answers_file)
    if why:
        return refused(*why)
    try:
        from settling import settle  # its TOML needs Python 3.11
    except ImportError:
        return refused(
            "Copier runs with a Python that reads no TOML, as pyproject.toml is.",
            "Copy again with a newer one: uvx --python 3.13 copier copy --trust ...",
        )
    try:
        return settle(chosen, written, answers_file, local)
    except ValueError as error:
        repository.git("restore", "--staged", "--worktree", ".")  # here alone: it may be a member
        return refused(f"This cannot be merged: {error}.", "Mend it, commit, then copy again.")


def again(chosen: Mapping[str, Any], answers_file: str) -> int:
    """Refuse to copy into a project of this template, of which all was kept. Exit code 1."""
    if _index():
        with rendered(TEMPLATE, NOW, chosen, answers_file) as wanted:
            take_back(wanted, answers_file)
    return refused(
        *_is_one(answers_file),
        "or all of its files, as they were, with  copier recopy --trust --overwrite",
    )


def refusal(wanted: Path, answers_file: str) -> list[str]:
    """Why this repository cannot be adopted as it is, with what mends it."""
    head = repository.said("rev-parse", "--verify", "--quiet", "HEAD")
    if "fatal: detected" in head.stderr:  # a repository of another user's, which git does not read
        return [*head.stderr.strip().splitlines(), "Mend that, then copy again."]
    if head.returncode:
        return [
            "The files here are in no commit: nobody could review what changes, or take it back.",
            "Commit them: git init && git add --all && git commit -m 'As it was'",
            "Then copy again.",
        ]
    if repository.in_progress():
        return ["A merge, a rebase or the like is not finished.", "Finish it, then copy again."]
    if repository.mode(answers_file):
        held = parsed((repository.committed(answers_file) or b"").decode())
        if "env_manager" in held:  # made before the answers told whether there was code
            return _is_one(answers_file)
        return [
            f"{answers_file} is of another template, whose updates need it.",
            "Let this one have a file of its own: copy again with",
            "  --answers-file .copier-answers.seedbed.yml",
        ]
    dirty = sorted(name for name in changes() if not is_ours(name, wanted, answers_file))
    if dirty:
        return [
            f"No commit has these files as they are: {some(dirty)}.",
            "Commit them, or put them away with `git stash -u`; then copy again.",
        ]
    taken = [name for name in tracked() if name.startswith(TOOLS) and (wanted / name).is_file()]
    if taken:
        return [
            f"The template needs names that are taken: {some(taken)}.",
            f"Give yours others, and commit: git mv {taken[0]} my_{Path(taken[0]).name}",
            "Then copy again.",
        ]
    return []


def refused(*lines: str) -> int:
    for line in (*lines, "Nothing was changed."):
        say(line)
    return REFUSED


def changes() -> set[str]:
    """Files that are not as HEAD has them, new ones among them, staged or not."""
    listed = os.fsdecode(repository.git("diff", "--name-only", "--relative", "-z", "HEAD"))
    return {*listed.split("\0")[:-1], *repository.new()}


def is_ours(name: str, wanted: Path, answers_file: str) -> bool:
    """Whether a file is what Copier has just written, to the byte."""
    here, pristine = Path(name), wanted / name
    if not (here.is_file() and pristine.is_file()):
        return False
    # The answers' file tells of the template's version, too, which a render here does not know.
    return name == answers_file or here.read_bytes() == pristine.read_bytes()


def take_back(wanted: Path, answers_file: str) -> None:
    """Let all be as it was before Copier wrote."""
    index = _index()
    for name in files(wanted):
        if not is_ours(name, wanted, answers_file):
            continue
        if name in index:
            repository.git("checkout", "--quiet", "--", name)
            continue
        Path(name).unlink()
        with suppress(OSError):  # there is more in a folder
            for folder in Path(name).parents:
                folder.rmdir()


def _is_one(answers_file: str) -> list[str]:
    return [
        f"This is a project of the template already, as {answers_file} says.",
        "Take its changes with  copier update --trust",
    ]


def _others(ours: Collection[str]) -> Iterator[str]:
    """Files here that are none of the template's; hidden folders are left out."""
    for folder, folders, names in os.walk("."):
        folders[:] = [
            each for each in folders if not each.startswith(".") and each != "__pycache__"
        ]
        for each in names:
            name = os.path.relpath(os.path.join(folder, each)).replace(os.sep, "/")
            if name not in ours:
                yield name


def _index() -> set[str]:
    argv = ["git", "ls-files", "-z"]
    done = subprocess.run(argv, capture_output=True, check=False)
    return set(os.fsdecode(done.stdout).split("\0")[:-1])
