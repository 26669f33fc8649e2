"""Runs once, after `copier update` has merged the template's changes into a project.

Edits that Copier would drop are taken along or named, files that other answers need are added, the
lock is resolved again, an environment that is there follows, and a summary on standard output says
all of it.
Trouble ends in a failure: the project is merged by then, nothing is lost, and a bot must not go on.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import dependencies
import repository
import starter
import summary
from edits import settle
from engine import answers, command, engine, in_a_temporary_copy, parsed
from place import SETTINGS, is_made, place_before, report_the_place_before
from pristine import exclusions, included, names, unchanged
from project_tools import NOTE, TEMPLATE, without_login
from relock import DIRECT, LOCK, preferred, taken, text

PERSON, COULD_NOT, STOPPED = 1, 3, 130
NEEDED = (*DIRECT, SETTINGS)
"""What lock and environment are made from; the engine itself is needed, too."""


def main(template: Path, answers_file: str) -> int:
    """Exit code 0 where all is done, 1 where a person is needed, else that of what failed."""
    if in_a_temporary_copy():
        return 0
    chosen = answers(answers_file)
    before = parsed((repository.committed(answers_file) or b"{}").decode())
    remove_leftovers(before, chosen, answers_file)
    edits = settle(template, before, answers_file)
    own = starter.adapt(template, before, chosen, answers_file)
    starter.place_modules(before, chosen)
    fixes = starter.fixes(template, before, chosen, answers_file)
    rest = dependencies.by_lines
    if chosen.get("adopted"):
        with suppress(ImportError):  # no TOML in Copier's Python 3.10: a person merges
            import adopted
            import rules

            rest = adopted.updated
            rules.merge()
            rules.merge_settings()
    if dependencies.FILE in repository.unmerged():
        dependencies.merge(rest)
    dependencies.join()
    conflicts = repository.conflicts()
    blocking = [name for name in conflicts if is_needed(name.removesuffix(".rej"))]
    code, more = follow(template, answers_file, before, chosen, blocking)
    more += login_in_history(before, answers_file) + python_left_out(before, chosen)
    old_lock = (repository.committed(LOCK) or b"").decode("utf-8", "replace")
    print(summary.versions(before, chosen))
    for sentence in taken(old_lock):
        print(sentence)
    print(summary.answers(before, chosen), end="")
    print(summary.packages(old_lock, text(LOCK)), end="")
    altered, new = repository.altered(), repository.new()
    print(summary.files(altered, new, edits, own, chosen, answers_file), end="")
    print(summary.fixes(fixes, chosen, answers_file), end="")
    person = summary.person(conflicts, edits, repository.commit(), more)
    print(person, end="", flush=True)
    repository.git("update-ref", "-d", NOTE)  # see before_update.py: all is told now
    if not blocking:  # else the engine itself may not run
        report_the_place_before()
    return code or (PERSON if person else 0)


def remove_leftovers(
    before: Mapping[str, Any], chosen: Mapping[str, Any], answers_file: str
) -> None:
    """Remove the files of the version before that the template has no more for these answers.

    Copier does that itself, but for those that `_exclude` names: it takes the new version's for
    the one before, too. https://github.com/orgs/copier-org/discussions/2345
    """
    if unchanged(TEMPLATE, "copier.yml", before, chosen):
        return
    version = str(before.get("_commit"))
    with suppress(subprocess.CalledProcessError):  # a version that the history has no more
        rules = exclusions(TEMPLATE, before, version=version), exclusions(TEMPLATE, chosen)
        had = included(names(TEMPLATE, before, answers_file, version=version), rules[0])
        for name in had - included(names(TEMPLATE, chosen, answers_file), rules[1]):
            if repository.mode(name) not in (None, repository.LINK):  # a link is somebody's own
                Path(name).unlink(missing_ok=True)
                with suppress(OSError):  # there is more in it
                    Path(name).parent.rmdir()


def follow(
    template: Path,
    answers_file: str,
    before: Mapping[str, Any],
    chosen: Mapping[str, Any],
    blocking: Sequence[str],
) -> tuple[int, list[str]]:
    """Bring lock and environment up to date; the exit code and what is left to a person."""
    package = package_moved(before, chosen)
    pins = (
        preferred(template, before, chosen) if repository.changed(*DIRECT, answers_file) else None
    )
    # A machine that only updates has no environment, and maybe not even the project's Python.
    there = os.environ.get("UV_PROJECT_ENVIRONMENT") or place_before()
    asked_for = chosen["create_env"] and not before.get("create_env")
    made = not blocking and (asked_for or is_made(there))
    steps = [["lock", "--prefer", str(pins)], ["sync"]] if pins else [["sync"]]
    finish = " and ".join(command(*words) for words in steps)
    if blocking:
        print(f"\nConflicts are left in {' and '.join(blocking)}.", file=sys.stderr)
        print(f"Resolve them, then run: {finish}", file=sys.stderr)
        return PERSON, [f"Lock and environment wait for that. Then run: {finish}"]
    if package:
        return PERSON, [f"{package} Then run: {finish}"]
    code = engine("lock", "--prefer", str(pins)) if pins else 0
    if pins and code == 0:
        pins.unlink()
    if code == 0 and made:
        code = engine("sync")
    if code:
        print("\nThe project is merged; lock or environment are not up to date.", file=sys.stderr)
        print(f"Finish with: {finish}", file=sys.stderr)
        return code, [f"Lock or environment are not up to date. Finish with: {finish}"]
    return 0, []


def login_in_history(before: Mapping[str, Any], answers_file: str) -> list[str]:
    """What to say where the template's address had a login in it; the update took that out."""
    address = str(before.get("_src_path"))
    if without_login(address) == address:
        return []
    return [
        f"{answers_file} had a login in the template's address, and git's history has it still. "
        "Change that password, and let git keep the new one: "
        "git config --global credential.helper cache"
    ]


def python_left_out(before: Mapping[str, Any], chosen: Mapping[str, Any]) -> list[str]:
    """What to say where the project's own requires-python is not for the Python chosen now."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # Copier's own dependency

    python = str(chosen["python_version"])
    told = re.search(
        r"""^requires-python *= *["']([^"']+)""", text(dependencies.FILE), re.MULTILINE
    )
    if told is None or python == before.get("python_version"):
        return []
    try:
        if any(map(SpecifierSet(told[1]).contains, (python, f"{python}.99"))):
            return []
    except InvalidSpecifier:  # which the lock tells
        return []
    return [
        f'{dependencies.FILE} has requires-python = "{told[1]}", which leaves out {python}, the '
        "Python of the lock now. Let it name all that the code is for."
    ]


def is_needed(name: str) -> bool:
    return name in NEEDED or name.startswith("tools/env/")


def package_moved(before: Mapping[str, Any], chosen: Mapping[str, Any]) -> str:
    """What to say where the package got another name and its code, which is the user's, did not."""
    old, new = map(starter.package, (before, chosen))
    if new.exists() or not old.exists():
        return ""
    return (
        f"The package is called {new.name} now, and its code is still in {old.as_posix()}. Move it "
        f"with: git mv {old.as_posix()} {new.as_posix()}, and change its name where it is imported."
    )


def run(template: Path, answers_file: str) -> int:
    """`main`, with a sentence and the way on where it cannot go to its end."""
    try:
        return main(template, answers_file)
    except KeyboardInterrupt:
        code, why = STOPPED, "stopped"
    except (subprocess.CalledProcessError, OSError, ValueError) as error:
        code, why = COULD_NOT, f"error: {error}"
    print(f"\n{why}. The files are merged; lock or environment may not be.", file=sys.stderr)
    print(f"Look at git diff, then: {command('lock')} and {command('sync')}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1]), sys.argv[2]))
