"""Runs once, after `copier copy` has rendered a project: environment, git, next steps.

A failing task makes Copier delete the new project. So trouble is told and the exit code is 0,
unless SEEDBED_STRICT=1 asks for a failure.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import adoption
import entering
from engine import answers, command, engine, facts, in_a_temporary_copy, say, strict
from pristine import names
from project_tools import LOCAL, TEMPLATE, option
from repository import said

FIRST_COMMIT = "Start the project"
NAMED = {"author_name": "holder", "license_year": "year"}
NAMELESS = r"tell me who you are|empty ident name|auto-detect email"
IDENTITY = (
    'git config --global user.name "Your Name"',
    "git config --global user.email you@example.org",
)


def main(answers_file: str, python_index: str, login: str, kind: str) -> int:
    """Exit code: 0, or with SEEDBED_STRICT=1 that of what failed; 1 where all was left as it was.

    `kind` is "new", or for a project of the template "anew" where its files are overwritten and
    "kept" where they are not. `login` is not empty where the template's address had a name or
    password in it.
    """
    if in_a_temporary_copy():
        return 0
    chosen = answers(answers_file)
    # Not among the recorded answers, since those are in git.
    local = f"index = {python_index}\n" if python_index else ""
    rendered = names(TEMPLATE, chosen, answers_file)
    if kind == "kept":
        return adoption.again(chosen, answers_file)
    if kind == "new" and adoption.is_due(rendered):
        return adoption.main(chosen, answers_file, local)
    if local:
        LOCAL.write_text(local, encoding="utf-8")
    code = engine("sync") if chosen["create_env"] else 0
    # Last: the first commit has the locks that the environment brought.
    later = start_repository(rendered) if chosen["git_init"] else []
    if login:
        say(f"git: the login in the template's address is left out of {answers_file}.")
        say("     Updates ask git for it; let git keep it:")
        say("     git config --global credential.helper cache")
    if not later and Path(".git").exists():
        propose_holder(chosen, answers_file)
    if code:
        say("")
        say("The project is complete, its environment is not. Mend what is said above, then finish")
        say(f"in the project's directory with:  {command('sync')}")
        for step in later:
            say(f"  {step}")
    else:
        task = "train" if chosen["framework"] != "none" else "test"
        next_steps(chosen["create_env"], task, later)
    return code if strict() else 0


def propose_holder(chosen: dict[str, Any], answers_file: str) -> None:
    """Tell how the license gets a name and a year: the machine knows them, no rendering does."""
    text = TEMPLATE / "licenses" / f"{chosen['license']}.jinja"
    if not text.is_file() or "{{ holder }}" not in text.read_text(encoding="utf-8"):
        return
    proposed = {
        "author_name": chosen["author_name"].strip() or said("config", "user.name").stdout.strip(),
        "license_year": chosen.get("license_year") or time.strftime("%Y"),
    }
    new = {key: value for key, value in proposed.items() if value and value != chosen.get(key)}
    if new:
        words = [word for key, value in new.items() for word in ("--data", f"{key}={value}")]
        update = ["uvx", "copier", "update", "--trust", *option(answers_file).split(), *words]
        join = subprocess.list2cmdline if os.name == "nt" else shlex.join
        say(f"LICENSE names no {' and no '.join(NAMED[key] for key in new)}. Bring it in:")
        say(f"     {join(update)}")


def start_repository(rendered: set[str]) -> list[str]:
    """Make a repository with one commit; what is left to type for it, none where all is done.

    A project in another repository is left to that one, unless that ignores it. Every one of the
    files that were `rendered` gets into the commit, whatever the machine's own lists ignore.
    """
    there = [name for name in sorted(rendered) if os.path.lexists(name)]
    around = said("rev-parse", "--show-toplevel")
    if around.returncode != 0 and "not a git repository" not in around.stderr:
        tell("the project is not committed, for git says", around)
        return []
    if around.returncode == 0 and not os.path.samefile(around.stdout.rstrip("\n"), "."):
        ignored = said("check-ignore", "-z", "--stdin", given="\0".join(there)).stdout
        hidden = ignored.split("\0")[:-1]
        if len(hidden) < len(there):
            say("git: the project is inside a repository already; commit it there")
            if hidden:
                say("     That one ignores some of its files, which updates need; add them, too.")
                return [f"git add --force {shlex.join(hidden)}"]
            return []
    steps: list[Sequence[str]] = [("init", "--quiet"), ("add", "--all"), ("add", "--force", *there)]
    finish = ["git add --all", f"git commit -m '{FIRST_COMMIT}'"]
    for words in (*steps, ("commit", "--quiet", "-m", FIRST_COMMIT)):
        done = said(*words)
        if done.returncode != 0:
            tell(f"`git {words[0]}` did not work", done)
            return [*IDENTITY, *finish] if re.search(NAMELESS, done.stderr) else finish
    say("git: made a repository with a first commit")
    if Path(".pre-commit-config.yaml").exists() and facts().get("state") == "ready":
        engine("run", "--", "pre-commit", "install")
    return []


def tell(what: str, done: subprocess.CompletedProcess[str]) -> None:
    """All that git said, and not its last line alone."""
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    say(f"git: {what}:")
    for line in lines or [f"(nothing; its exit code is {done.returncode})"]:
        say(f"     {line}")


def next_steps(made: bool, task: str, first: Sequence[str]) -> None:
    """Say what to type next, in the shell in use; `first` is what git waits for."""
    # PWD still names where Copier was started; a system that does not set it gets the whole path.
    began = os.environ.get("PWD")
    place = os.path.relpath(Path.cwd(), began) if began else str(Path.cwd())
    quoted = f'"{place}"' if os.name == "nt" else shlex.quote(place)
    steps, enter = [f"cd {quoted}", *first], entering.command(os.environ)
    if enter:
        steps += [enter, f"poe {task}"]
    else:
        steps += [command("sync")] if not made else []
        steps += [command("run", "--", "poe", task)]
    say("\nNext:" if made else "\nNext (the environment is made on the way):")
    for step in steps:
        say(f"  {step}")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
