"""The commands: each takes the project and its options, calls the engine, returns an exit code.

What only one command needs is imported there: a `sync` with nothing to do is over sooner.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from argparse import Namespace
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from . import drift, state
from .errors import DIFFERENT, DONE, WRONG_USE, EnvError
from .managers import manager
from .processes import say, scrubbed
from .project import Project, sha256
from .transaction import turn


def sync(project: Project, options: Namespace) -> int:
    from .sync import is_ready, make_ready

    how = {"python": options.python, "fetch": options.fetch, "full": options.full}
    with turn(project):
        if options.pack and (options.python or not is_ready(project, full=options.full)):
            with _of_packs(project, "pack").opened(project, Path(options.pack)) as pack:
                done = make_ready(project, **how, pack=pack)
        else:
            done = make_ready(project, **how)
    if not done:
        say(f"{project.env_label}: ready, nothing to do")
    for difference in drift.unlocked(project):
        say(f"note: {difference.message} Lock it with: {project.command('lock')}")
    return DONE


def check(project: Project, options: Namespace) -> int:
    told = drift.differences(project, fast=options.fast)
    found = [each for each in told if not each.is_note]
    notes = [each for each in told if each.is_note]
    hidden = set() if options.fast else drift.hidden(project, found)
    mend = drift.mend(project, found, full=bool(hidden))
    keep = drift.keep(project, found)
    unhashed = drift.unhashed(project)
    if options.json:
        mends = (drift.mend(project, [each], full=each in hidden) for each in found)
        rows = [{**each._asdict(), "mend": way} for each, way in zip(found, mends)]
        known = {"unhashed": unhashed, "notes": [each._asdict() for each in notes]}
        _print({"differences": rows, "mend": mend, "keep": keep, **known})
        return DIFFERENT if found else DONE
    for difference in found:
        print(f"{difference.code}: {difference.message}")
    for note in notes:
        print(f"note: {note.message}")
    if found:
        print(f"{len(found)} difference{'s'[: len(found) > 1]}. Mend with: {mend}")
        if keep:
            print(f"What was installed by hand is kept in place of that by: {keep}")
    else:
        print(f"{project.env_label} is exactly {_held(project)}")
    if unhashed:
        listed = ", ".join(f"{name} ({place})" for name, place in unhashed.items())
        print(f"note: held to a commit or directory, which no hash proves: {listed}")
    return DIFFERENT if found else DONE


def lock(project: Project, options: Namespace) -> int:
    from .lock import write

    if options.check:
        found = [each.message for each in drift.unlocked(project)]
        print("\n".join(found) or f"{project.lock.name} is up to date")
        if found:
            print(f"Lock it with: {project.command('lock')}")
        return DIFFERENT if found else DONE
    prefer = Path(options.prefer) if options.prefer else None
    flags = ["--prefer", options.prefer] if prefer else []
    flags += [word for name in options.newest for word in ("--newest", name)]
    flags += [] if options.upgrade is None else ["--upgrade", *options.upgrade]
    first = not project.lock.exists()
    with turn(project):
        changes = write(
            project,
            upgrade=options.upgrade,
            prefer=prefer,
            again=project.command("lock", *flags),
            newest=options.newest,
        )
    for change in changes if not first else ():
        say(f"  {change}")
    if changes:
        what = f"is new: {len(changes)} packages" if first else "has changed"
        say(f"{project.lock.name} {what}. Install it with: {project.command('sync')}")
    else:
        say(f"{project.lock.name} is up to date")
    return DONE


def edit(project: Project, options: Namespace) -> int:
    from . import dependencies
    from .sync import make_ready

    words, flags = options.words, ["--dev"] * options.dev
    if options.verb == "add":
        named = options.words or (options.newest if not options.requirements else [])
        words = dependencies.wanted(project, named, options.requirements)
        flags += ["--build"] * options.build
        flags += [word for file in options.requirements for word in ("-r", file)]
        flags += [word for name in options.newest for word in ("--newest", name)]
    with turn(project):
        for change in dependencies.edit(
            project,
            options.verb,
            words,
            retry=project.command(options.verb, *flags, *options.words),
            dev=options.dev,
            build=options.verb == "add" and options.build,
            newest=options.newest,
        ):
            say(f"  {change}")
        make_ready(project)
    return DONE


def freeze(project: Project, options: Namespace) -> int:
    from . import dependencies
    from .freeze import look, not_kept, replaced
    from .sync import make_ready

    with turn(project):
        found = look(project)
        for pin, why in found.left.items():
            say(f"  {pin} is left out: {why}")
        if not found.versions:
            say("there is nothing to adopt")
            return DONE
        for name, version in found.versions.items():
            asked = found.direct.get(name)
            way = f"becomes a direct dependency: {asked}" if asked else "is taken into the lock"
            say(f"  {name}=={version} {way}")
        for change in dependencies.edit(
            project,
            "add",
            list(found.direct.values()),
            retry=project.command("freeze"),
            dev=options.dev,
            versions=found.versions,
        ):
            say(f"  {change}")
        for note in not_kept(project, found):
            say(f"note: {note}")
        if found.left:
            say(f"What was left out goes with the next: {project.command('sync')}")
        else:
            make_ready(project)
            for note in replaced(project, found):
                say(f"note: {note}")
    return DONE


def pack(project: Project, options: Namespace) -> int:
    output = Path(options.output) if options.output else None
    with turn(project):
        _of_packs(project, "packing").write(project, wanted=options.platform, output=output)
    return DONE


def run(project: Project, options: Namespace) -> int:
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
        raise EnvError(seen.reason, f"Mend it with: {state.remedy(project, seen)}")
    inside = manager(project).entered(project, os.environ)
    program = shutil.which(words[0], path=inside["PATH"])
    own = project.scripts / words[0]
    if program is None and own.is_file():
        raise state.noexec(project) or EnvError(
            f"{words[0]} of {project.env_label} may not be run.",
            f"Allow it: chmod +x {shlex.quote(str(own))}",
        )
    if program is None:
        raise EnvError(
            f"{words[0]} is not in the environment or on PATH.",
            f"Add the package that brings it: {project.command('add', 'NAME')}",
        )
    for name in ("SIGPIPE", "SIGXFSZ"):  # which Python ignores, and what it starts inherits that
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    if os.name == "nt":  # there, exec returns to the shell before the program has ended
        return subprocess.call([program, *words[1:]], env=inside)
    return os.execve(program, words, inside)


def info(project: Project, options: Namespace) -> int:
    seen = state.assess(project)
    facts: dict[str, Any] = {
        "state": seen.state,
        "reason": seen.reason,
        "name": project.name,
        "manager": project.manager,
        "python": seen.manifest.python if seen.manifest else None,
        "python_asked": (seen.stamp.python if seen.stamp else "") or project.python,
        "python_project": project.python,
        "python_path": str(project.python_path),
        "path": str(project.env),
        **({"build": project.build, "build_why": project.build_why} if project.build else {}),
        "lock": project.lock.name,
        "lock_sha256": _digest(project),
        "installer": seen.manifest.installer if seen.manifest else None,
        "fingerprint": seen.manifest.fingerprint if seen.manifest else None,
        "packages": len(seen.manifest.distributions) if seen.manifest else 0,
    }
    if options.pythons:
        from . import interpreters

        found, unfit = interpreters.survey(project, scrubbed(os.environ))
        facts["pythons"] = {each.version: str(each.path) for each in found}
        facts["pythons_unfit"] = {each.path: each.why for each in unfit}
    if options.json:
        _print(facts)
    else:
        width = max(map(len, facts))
        for key, value in facts.items():
            shown = ", ".join(value) if isinstance(value, dict) else value
            print(f"{key.replace('_', ' '):{width}}  {'-' if shown in (None, '') else shown}")
    return DONE


def delete(project: Project, options: Namespace) -> int:
    from .sync import remove

    with turn(project):
        seen = state.assess(project)
        if seen.state == state.MISSING:
            say(seen.reason)
            return DONE
        if seen.state == state.FOREIGN:
            raise EnvError(seen.reason, "Remove it by hand if you are sure that nothing needs it.")
        if not options.yes and not _yes(project):
            say("kept")
            return DIFFERENT
        used = remove(project)
    if used:
        raise EnvError(
            f"In use by a program, and so not deleted: {', '.join(used)}. All else is.",
            "Close what runs in the environment (a notebook, an editor's language server, also of "
            f"another project), then run: {project.command('delete', '--yes')}",
        )
    chosen = ["--python", seen.stamp.python] if seen.stamp and seen.stamp.python else []
    say(f"{project.env_label}: deleted. Make it again with: {project.command('sync', *chosen)}")
    return DONE


def _of_packs(project: Project, name: str) -> ModuleType:
    """A module that a project has by choice; EnvError where it was not chosen."""
    try:
        return import_module(f".{name}", __package__)
    except ModuleNotFoundError:
        raise EnvError(
            "Packs are no part of this project: the extra `pack` brings them.",
            "Choose it there: copier update --trust --data advanced=true",
            WRONG_USE,
        ) from None


def _yes(project: Project) -> bool:
    """Ask on a terminal; EnvError where nobody can be asked."""
    if not sys.stdin.isatty():
        raise EnvError(
            "Deleting needs a yes, and nobody can be asked here.",
            f"Say it with: {project.command('delete', '--yes')}",
            WRONG_USE,
        )
    try:
        answer = input(f"Delete the environment at {project.env}? [y/N] ")
    except EOFError:  # Ctrl-D
        return False
    return answer.strip().lower() in ("y", "yes")


def _held(project: Project) -> str:
    """What the environment is exactly: its locks, but those of other builds."""
    others = [each.lock for each in project.every if each.lock != project.lock]
    names = " and ".join(path.name for path in project.locks if path not in others)
    return f"{names}, build {project.build}" if project.build else names


def _digest(project: Project) -> str | None:
    try:
        return sha256(*project.locks) or None
    except OSError:  # `reason` says so
        return None


def _print(facts: dict[str, Any]) -> None:
    print(json.dumps(facts, indent=2))
