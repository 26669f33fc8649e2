"""Runs once, before `copier update` changes anything: notes which commit holds what the user has.

Copier takes the user's edits out of the files, renders, and puts them back. Where it is stopped in
between, the files lack them and nothing says so; a commit would make that lasting. The note is a
ref of git's, taken away when all was told: one that is left lets the next update ask first.
"""

from __future__ import annotations

import sys

from engine import in_a_temporary_copy, parsed
from repository import NOTE, committed, git, noted

PERSON = 1


def main(answers_file: str) -> int:
    """Exit code 0, or 1 where an update that was stopped midway has been committed."""
    if in_a_temporary_copy():
        return 0
    earlier = noted()
    if earlier and version(earlier, answers_file) != version("HEAD", answers_file):
        say(f"An update was stopped midway and committed so: edits of {earlier} may be missing.")
        say(f"See what differs, and bring back what is missing: git diff {earlier} HEAD")
        say(f"When that is committed: git update-ref -d {NOTE}")
        return PERSON
    git("update-ref", NOTE, "HEAD")
    return 0


def version(commit: str, answers_file: str) -> object:
    """The template's version in a commit of the project."""
    return parsed((committed(answers_file, commit) or b"{}").decode()).get("_commit")


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
