"""Runs once, before `copier update` changes anything: git must be able to give back every line.

Copier overwrites and deletes files whether or not a commit holds them, so an update is refused
where HEAD lacks one. And it takes the user's edits out of the files, renders, and puts them back:
stopped in between, the files lack them and nothing says so. So the commit that has them is noted,
as a ref of git's, which is taken away when all was told. Copier asks its questions after this; who
stops there leaves a note and nothing else, so the note alone says nothing.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import PurePath
from typing import Any

from engine import answers, command, in_a_temporary_copy, say
from pristine import included, names, owned
from project_tools import NOTE, TEMPLATE, stopped_update, what_is_missing
from repository import git, in_progress, unheld

PERSON, COULD_NOT = 1, 3
SHOWN = 5
"""Files that a sentence names; the commands name all of them."""


def main(answers_file: str) -> int:
    """Exit code 0 where the update may go on, 1 where a person is needed first."""
    if in_a_temporary_copy():
        return 0
    now, before, others = templates_own(answers(answers_file), answers_file)
    misplaced = of_another_kind(now)
    if misplaced:
        some = ", ".join(misplaced)
        say(f"The update would stop midway at {some}: a directory where the template has a file,")
        say("or the other way round. Give yours another name, and commit:")
        say(f"  git mv {shlex.quote(misplaced[0])} {shlex.quote(misplaced[0] + '.mine')}")
        return PERSON
    if in_progress():
        say("A merge, a rebase or the like is not finished, and no commit holds it yet.")
        say("Finish it or give it up, as git status says, then update again.")
        return PERSON
    lacking = unheld(now | before)
    if lacking:
        return refuse(lacking, all_of_them=len(lacking) == sum(map(os.path.isfile, now | before)))
    keep(unheld(others))
    commit, missing = stopped_update(answers_file)
    if missing:
        say(what_is_missing(commit, missing))
        return PERSON
    git("update-ref", NOTE, "HEAD")
    say("Next, the template's changes are merged with yours; lock and environment follow.")
    say("All that you have is in your last commit. To undo it, also where it was stopped midway:")
    say(f"  git reset --hard, then git clean -fd, then {command('sync')}")
    return 0


def templates_own(
    recorded: Mapping[str, Any], answers_file: str
) -> tuple[set[str], set[str], set[str]]:
    """The files that Copier may overwrite for today's answers, those that it may delete, and those
    that it may overwrite for others."""
    before: set[str] = set()
    with suppress(subprocess.CalledProcessError):  # a version that the history has no more
        before = names(TEMPLATE, recorded, answers_file, version=str(recorded["_commit"]))
    now = names(TEMPLATE, recorded, answers_file)
    others = names(TEMPLATE, recorded, answers_file, unconditional=True)
    own = owned(TEMPLATE)
    return included(now, own), included(before, own), included(others, own)


def keep(lacking: Iterable[str]) -> None:
    """Let git keep files that only an answer which is still to be given would overwrite."""
    for name in lacking:
        blob = git("hash-object", "-w", "--", name).decode().strip()
        say(f"No commit holds {name}. Should the update bring the template's, yours is back with:")
        say(f"  git cat-file blob {blob} > {shlex.quote(name)}")


def of_another_kind(names: Iterable[str]) -> list[str]:
    """Directories where the template has a file, and files where it has a directory."""
    found = {name for name in names if os.path.isdir(name) and not os.path.islink(name)}
    folders = {str(folder) for name in names for folder in PurePath(name).parents}
    found |= {each for each in folders if os.path.lexists(each) and not os.path.isdir(each)}
    return sorted(found)


def refuse(lacking: Mapping[str, bool], all_of_them: bool) -> int:
    """Say what the last commit does not hold, and how it comes to hold it."""
    some = ", ".join([*lacking][:SHOWN])
    more = f" and {len(lacking) - SHOWN} more" if len(lacking) > SHOWN else ""
    say(f"No commit holds these files, and the update may overwrite or delete them: {some}{more}.")
    if all_of_them:
        say("The repository around the project ignores it, or never got it. Give it its own:")
        say("  git init && git add --all && git commit -m 'Start the project'")
        return PERSON
    unseen = [name for name, tracked in lacking.items() if tracked]
    if unseen:
        say("Git was told not to look at some. Let it look, and commit what it finds:")
        for flag in ("--no-assume-unchanged", "--no-skip-worktree"):  # git takes one at a time
            say(f"  git update-index {flag} {shlex.join(unseen)}")
    ignored = [name for name, tracked in lacking.items() if not tracked]
    if ignored:
        say("A list of ignored files hides some. Commit them all the same, then update again:")
        say(f"  git add --force {shlex.join(ignored)} && git commit -m 'What updates need'")
    return PERSON


def run(answers_file: str) -> int:
    """`main`, with a sentence where it cannot be told whether an update is safe."""
    try:
        return main(answers_file)
    except (subprocess.CalledProcessError, OSError, ValueError) as error:
        say(f"error: {error}")
        say("Nothing was changed. Mend that, then update again.")
        return COULD_NOT


if __name__ == "__main__":
    sys.exit(run(sys.argv[1]))
