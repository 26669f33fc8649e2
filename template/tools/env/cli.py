"""The command line: arguments in, one command called, text or JSON and an exit code out.

What only one command needs is imported there: a `sync` with nothing to do is over sooner.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from . import drift, state
from .ambient import activated, say, scrubbed
from .errors import COULD_NOT, DIFFERENT, DONE, WRONG_USE, EnvError
from .project import Project, find_root, load
from .requirements import sha256
from .turns import turn


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code. No error leaves here as a traceback."""
    for stream in (sys.stdout, sys.stderr):  # a path need not be in the terminal's character set
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    options = _parser().parse_args(argv)
    command: Callable[[Project, argparse.Namespace], int] = options.function
    try:
        return command(load(find_root(options.project), os.environ), options)
    except EnvError as error:
        say(f"error: {error.happened}\n       {error.mend}")
        return error.code
    except KeyboardInterrupt:
        say("stopped; what is done is kept, and the same command goes on from here")
        return 130
    except OSError as error:
        say(f"error: The system refused: {error}.\n       Mend that, then run it again.")
        return COULD_NOT


def _sync(project: Project, options: argparse.Namespace) -> int:
    from .sync import sync

    with turn(project):
        done = sync(project, options.python or "", options.fetch, options.offline)
    if not done:
        say(f"{project.env_label}: ready, nothing to do")
    return DONE


def _check(project: Project, options: argparse.Namespace) -> int:
    found = drift.check(project, options.fast)
    mend = drift.mend(project, found)
    if options.json:
        _print({"differences": [asdict(difference) for difference in found], "mend": mend})
    elif found:
        for difference in found:
            print(f"{difference.code}: {difference.message}")
        print(f"{len(found)} difference{'s'[: len(found) > 1]}. Mend with: {mend}")
    else:
        print(f"{project.env_label} is exactly {project.lock.name}")
    return DIFFERENT if found else DONE


def _lock(project: Project, options: argparse.Namespace) -> int:
    from .lock import lock

    prefer = Path(options.prefer) if options.prefer else None
    with turn(project):
        changed = lock(project, prefer, options.offline)
    if changed:
        say(f"{project.lock.name} is new. Install it with: {project.command('sync')}")
    else:
        say(f"{project.lock.name} is up to date")
    return DONE


def _run(project: Project, options: argparse.Namespace) -> int:
    words = options.words[1:] if options.words[:1] == ["--"] else options.words
    if not words:
        raise EnvError(
            "There is no command to run.",
            f"Name one: {project.command('run', '--', 'python')}",
            WRONG_USE,
        )
    seen = state.assess(project)
    if seen.state == state.STALE:
        say(f"note: {seen.reason} Bring it up to date with: {project.command('sync')}")
    elif seen.state != state.READY:
        raise EnvError(seen.reason, f"Mend it with: {project.command('sync')}")
    inside = activated(os.environ, project)
    program = shutil.which(words[0], path=inside["PATH"])
    if program is None:
        raise EnvError(
            f"{words[0]} is not in the environment or on PATH.",
            f"Add its package to pyproject.toml and run: {project.command('lock')}",
        )
    if os.name == "nt":  # there, exec returns to the shell before the program has ended
        return subprocess.call([program, *words[1:]], env=inside)
    os.execve(program, words, inside)
    return None


def _info(project: Project, options: argparse.Namespace) -> int:
    seen = state.assess(project)
    facts: dict[str, Any] = {
        "state": seen.state,
        "reason": seen.reason,
        "name": project.name,
        "manager": project.manager,
        "python": seen.manifest.python if seen.manifest else None,
        "python_asked": (seen.stamp.python if seen.stamp else "") or project.python,
        "python_path": str(project.python_path),
        "path": str(project.env),
        "lock": project.lock.name,
        "lock_sha256": sha256(project.lock) or None,
        "installer": seen.manifest.installer if seen.manifest else None,
        "fingerprint": seen.manifest.fingerprint if seen.manifest else None,
        "packages": len(seen.manifest.distributions) if seen.manifest else 0,
    }
    if options.pythons:
        from . import interpreters

        found = interpreters.every(scrubbed(os.environ))
        facts["pythons"] = {each.version: str(each.path) for each in found}
    if options.json:
        _print(facts)
    else:
        width = max(map(len, facts))
        for key, value in facts.items():
            shown = ", ".join(value) if isinstance(value, dict) else value
            print(f"{key.replace('_', ' '):{width}}  {'-' if shown in (None, '') else shown}")
    return DONE


def _delete(project: Project, options: argparse.Namespace) -> int:
    seen = state.assess(project)
    if seen.state == state.MISSING:
        say(seen.reason)
        return DONE
    if seen.state == state.FOREIGN:
        raise EnvError(seen.reason, "Remove it by hand if you are sure that nothing needs it.")
    if not options.yes:
        if not sys.stdin.isatty():
            raise EnvError(
                "Deleting needs a yes, and nobody can be asked here.",
                f"Say it with: {project.command('delete', '--yes')}",
                WRONG_USE,
            )
        if input(f"Delete the environment at {project.env}? [y/N] ").strip().lower() not in (
            "y",
            "yes",
        ):
            say("kept")
            return DIFFERENT
    from .sync import remove

    with turn(project):
        remove(project)
    say(f"{project.env_label}: deleted. Make it again with: {project.command('sync')}")
    return DONE


def _print(facts: dict[str, Any]) -> None:
    print(json.dumps(facts, indent=2))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tools/env", description="Makes, checks and repairs this project's Python environment."
    )
    parser.add_argument(
        "--project", metavar="DIR", help="the project (default: the one this is in)"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str, function: Callable[[Project, argparse.Namespace], int], text: str
    ) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(function=function)
        return sub

    sub = command(
        "sync", _sync, "bring the environment to the lock: create, install, prune, repair"
    )
    sub.add_argument("--python", metavar="X", help="version, command or path to make it from")
    sub.add_argument("--fetch", action="store_true", help="let uv download that Python")
    sub.add_argument("--offline", action="store_true", help="use only what is in the caches")
    sub = command("check", _check, "is the environment exactly the lock? exit code 1 if not")
    sub.add_argument("--json", action="store_true")
    sub.add_argument("--fast", action="store_true", help="sizes and times in place of hashes")
    sub = command("lock", _lock, "resolve pyproject.toml into the lock, keeping today's pins")
    sub.add_argument("--prefer", metavar="FILE", help="a lock whose pins go before today's")
    sub.add_argument("--offline", action="store_true", help="use only what is in the caches")
    sub = command("run", _run, "run a command in the environment: run -- COMMAND ...")
    sub.add_argument("words", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    sub = command("info", _info, "state, place, Python, lock and fingerprint")
    sub.add_argument("--json", action="store_true")
    sub.add_argument("--pythons", action="store_true", help="list this machine's Pythons too")
    sub = command("delete", _delete, "remove the environment, only if it is this project's own")
    sub.add_argument("--yes", action="store_true", help="do not ask")
    return parser
