"""Runs once, after `copier copy` has rendered a project: environment, git, next steps.

A failing task makes Copier delete the new project. So trouble is told and the exit code is 0,
unless SEEDBED_STRICT=1 asks for a failure.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import entering
from engine import answers, command, engine, facts, in_a_temporary_copy, strict

COULD_NOT = 3
LOCAL = Path("tools/env.local.cfg")
"""What holds on this machine only; git ignores it."""

FIRST_COMMIT = "Start the project"


def main(answers_file: str, python_index: str) -> int:
    """Exit code: 0, or with SEEDBED_STRICT=1 that of what failed."""
    if in_a_temporary_copy():
        return 0
    if python_index:  # not among the recorded answers, since those are in git
        LOCAL.write_text(f"index = {python_index}\n", encoding="utf-8")
    chosen = answers(answers_file)
    code = make_environment(chosen["python_version"]) if chosen["create_env"] else 0
    if chosen["git_init"]:  # last: the first commit has the locks that the environment brought
        start_repository()
    if code:
        say("")
        say("The project is complete, its environment is not. Mend what is said above, then finish")
        say(f"in the project's directory with:  {command('sync')}")
    else:
        next_steps(chosen["create_env"], "train" if chosen["framework"] != "none" else "test")
    return code if strict() else 0


def start_repository() -> None:
    """Make a git repository with one commit, unless the project is in one already."""
    if _git("rev-parse", "--is-inside-work-tree").returncode == 0:
        say("git: the project is inside a repository already; commit it there")
        return
    steps = (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "-m", FIRST_COMMIT])
    for words in steps:
        done = _git(*words)
        if done.returncode != 0:
            reason = done.stderr.strip().splitlines() or ["it gave no reason"]
            say(f"git: `git {words[0]}` did not work: {reason[-1].strip()}")
            say(f"     Later: git init && git add --all && git commit -m '{FIRST_COMMIT}'")
            return
    say("git: made a repository with a first commit")
    if Path(".pre-commit-config.yaml").exists() and facts().get("state") == "ready":
        engine("run", "--", "pre-commit", "install")


def make_environment(python: str) -> int:
    """The engine's exit code; where the Python is missing, a person is asked what to do."""
    code = engine("sync")
    if code != COULD_NOT or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return code
    seen = facts("--pythons")
    found = list(seen.get("pythons", {}))
    if not seen or any(_minor(each) == _minor(python) for each in found):
        return code  # the trouble is another one
    return ask(python, found, code)


def ask(python: str, found: list[str], code: int) -> int:
    """Let a person choose between the Pythons that are there, a download, and later."""
    import questionary  # Copier's own dependency

    fetch, later = f"let uv fetch Python {python}", "later"
    use = {f"use Python {each} for the environment on this machine": each for each in found[::-1]}
    choice = questionary.select(
        f"Python {python} is not on this machine. What now?", choices=[*use, fetch, later]
    ).ask()
    if choice in use:
        return engine("sync", "--python", ".".join(use[choice].split(".")[:2]))
    return engine("sync", "--fetch") if choice == fetch else code


def next_steps(made: bool, task: str) -> None:
    """Say what to type next, in the shell in use."""
    # PWD still names where Copier was started; a system that does not set it gets the whole path.
    began = os.environ.get("PWD")
    place = os.path.relpath(Path.cwd(), began) if began else str(Path.cwd())
    quoted = f'"{place}"' if os.name == "nt" else shlex.quote(place)
    steps, enter = [f"cd {quoted}"], entering.command(os.environ)
    if enter:
        steps += [enter, f"poe {task}"]
    else:
        steps += [command("sync")] if not made else []
        steps += [command("run", "--", "poe", task)]
    say("\nNext:" if made else "\nNext (the environment is made on the way):")
    for step in steps:
        say(f"  {step}")


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _minor(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2])


def _git(*words: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ["git", *words], capture_output=True, text=True, errors="replace", check=False
        )
    except OSError as error:
        return subprocess.CompletedProcess(words, 127, "", str(error))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
