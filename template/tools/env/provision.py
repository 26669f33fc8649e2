"""Gets a Python where the one that was asked for is not on this machine: fetched, or another one.

A person at a terminal chooses. Where nobody can be asked, uv fetches it; where that cannot be, the
newest Python here that the lock covers is taken, and that is said. SEEDBED_STRICT=1 forbids both.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from . import indexes
from .bootstrap import uv_for
from .errors import EnvError, InstallerFailed
from .interpreters import Interpreter, NoInterpreter, find, probe
from .processes import say
from .project import Project


class Choice(NamedTuple):
    label: str
    python: Interpreter | None = None
    """The one to take."""

    fetch: bool = False


def choices(wanted: str, here: Sequence[Interpreter]) -> list[Choice]:
    """What a person can do without Python `wanted`; `here` are those that serve, oldest first."""
    use = [
        Choice(f"use Python {each.version} for the environment on this machine", each)
        for each in reversed(here)
    ]
    return [*use, Choice(f"let uv fetch Python {wanted}", fetch=True), Choice("later")]


def instead(
    project: Project,
    wanted: str,
    missing: NoInterpreter,
    environ: Mapping[str, str],
) -> Interpreter:
    """The interpreter to begin with where `wanted`, a version, is missing.

    Raises `missing` where there is none, EnvError where what a person chose cannot be done.
    """
    if os.environ.get("SEEDBED_STRICT") == "1":
        raise missing
    here = missing.serving
    if sys.stdin.isatty() and sys.stderr.isatty():
        chosen = _ask(wanted, choices(wanted, here))
        if chosen.fetch:
            return fetched(project, wanted, environ)
        if chosen.python is None:
            raise missing
        return chosen.python
    # In `environ` no program downloads a Python unasked; who forbids it says so outside.
    forbidden = os.environ.get("UV_PYTHON_DOWNLOADS") == "never"
    if not (forbidden or indexes.offline(environ)):
        try:
            # Once, not the three times that uv would wait where there is no network.
            return fetched(project, wanted, {"UV_HTTP_RETRIES": "0", **environ})
        except EnvError as error:
            say(f"{project.env_label}: {error.happened}")
    if not here:
        raise missing
    newest = here[-1]
    say(
        f"{project.env_label}: Python {wanted} is not on this machine, so {newest.version} is "
        "taken, which the lock covers. For everybody: "
        f"copier update --trust --data python_version={newest.minor}"
    )
    return newest


def fetched(project: Project, wanted: str, environ: Mapping[str, str]) -> Interpreter:
    """The interpreter of a version that uv downloads into its own place in the user's data.

    Raises EnvError where that does not work.
    """
    otherwise = f"Install it another way, then run: {project.command('sync')}"
    running = probe([sys.executable], environ)
    if running is None:  # PyPy, say
        happened = f"uv is fetched by a CPython, and none is here to get Python {wanted} that way."
        raise EnvError(happened, otherwise)
    try:
        uv = uv_for(project, running, environ)
        say(f"{project.env_label}: letting {uv.name} fetch Python {wanted}")
        uv.fetch_python(wanted)
    except InstallerFailed:
        happened = f"uv could not fetch Python {wanted}; the lines above say why."
        raise EnvError(happened, otherwise) from None
    return find(project, wanted, environ)


def _ask(wanted: str, offered: Sequence[Choice]) -> Choice:
    """Let a person choose; Ctrl-D is the last, "later"."""
    say(f"Python {wanted} is not on this machine. What now?")
    for number, each in enumerate(offered, 1):
        say(f"  {number}  {each.label}")
    while True:
        print("Number (1): ", end="", file=sys.stderr, flush=True)  # input() writes it elsewhere
        try:
            answer = input().strip() or "1"
        except EOFError:
            say("")
            return offered[-1]
        if answer.isdecimal() and 1 <= int(answer) <= len(offered):
            return offered[int(answer) - 1]
