"""Starts programs, and decides which of the machine's variables reach them.

One hostile variable is enough to send packages elsewhere (PIP_TARGET), to hide them (PYTHONPATH) or
to stop Python (PYTHONHOME). What tells a program where packages come from (a company's index,
certificate, proxy, cache) and what somebody forbids must get through.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from . import indexes
from .project import Project

_DROPPED = r"""(
        PYTHON(HOME|PATH|PLATLIBDIR|EXECUTABLE|STARTUP|USERBASE|INSPECT|OPTIMIZE|WARNINGS)
      | __PYVENV_LAUNCHER__
      | VIRTUAL_ENV(_PROMPT)?
      | (_?CONDA_|_CE_).*
      | UV_( # another Python, project or environment than the one that is named
          PYTHON(_PREFERENCE|_SEARCH_PATH|_[A-Z]+_BUILD)? | MANAGED_PYTHON | SYSTEM_PYTHON
        | LIBC | BREAK_SYSTEM_PACKAGES | PROJECT(_ENVIRONMENT)? | WORKING_DIR(ECTORY)?
          # another lock on one machine than on all others
        | RESOLUTION | FORK_STRATEGY | NO_SOURCES(_PACKAGE)? | NO_BINARY(_PACKAGE)? | TORCH_BACKEND
        | EXCLUDE_NEWER(_PACKAGE)? | (NO_)?DEV | NO_(DEFAULT_)?GROUPS? | (NO|ONLY)_INSTALL_[A-Z]+
        | NO_EDITABLE | NO_SYNC | NO_PROJECT | ISOLATED | FROZEN | LOCKED | PREVIEW(_FEATURES)?
          # less proof, or other words than are read here
        | NO_VERIFY_HASHES | INSECURE_NO_ZIP_VALIDATION | SKIP_WHEEL_FILENAME_CHECK
        | NO_BUILD_ISOLATION | NO_INSTALLER_METADATA | SHOW_RESOLUTION | LOG_CONTEXT )
    )\Z"""
"""What leads elsewhere, with its reasons in docs/engine.md. All else reaches uv: what a newer one
knows may be a company's rule, and where it leads elsewhere the proof finds that out."""

TO_LOCK = ("UV_CONSTRAINT", "UV_OVERRIDE", "UV_EXCLUDE", "UV_PRERELEASE")
"""What decides between versions; an installer that gets a lock has nothing to decide."""


class Finished(NamedTuple):
    code: int
    """Exit code of the program."""

    tail: str
    """The last lines it printed, for telling causes apart."""


def scrubbed(environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` without what could make uv, pip or Python act elsewhere than they are told."""
    shared = indexes.shared(environ)
    # What would ask, tell of news, or download what nobody asked for. Of pip's files, more than
    # indexes.py has read would lead elsewhere.
    return {
        **{name: value for name, value in shared.items() if _reaches(name)},
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_ROOT_USER_ACTION": "ignore",  # it warns of what is not done here
        "PIP_USER": "0",
        "PIP_NO_INPUT": "1",
        "UV_PYTHON_DOWNLOADS": "never",
    }


def _reaches(name: str) -> bool:
    if name.upper().startswith("PIP_"):  # all that pip does here is to fetch one file, by its hash
        return indexes.is_source(name[4:])
    # compiled here, and not by the many commands that start no program
    return not re.match(_DROPPED, name, re.VERBOSE | re.IGNORECASE)


def activated(environ: Mapping[str, str], project: Project) -> dict[str, str]:
    """`environ` as it is in the active environment: for `run`, and for builds that look on PATH."""
    inside = {k: v for k, v in environ.items() if k != "PYTHONHOME"}
    path = environ.get("PATH", os.defpath)
    inside["PATH"] = os.pathsep.join([str(project.scripts), path])
    inside["VIRTUAL_ENV"] = str(project.env)
    inside["VIRTUAL_ENV_PROMPT"] = project.name
    return inside


def say(text: str) -> None:
    """Progress for a person: standard error, at once and without passwords.

    Where nobody listens any more (`sync 2>&1 | head -1`, a full disk) the work still goes on.
    """
    with contextlib.suppress(OSError):
        print(indexes.without_login(text), file=sys.stderr, flush=True)


class Captured(NamedTuple):
    code: int
    output: str
    errors: str


def capture(argv: Sequence[str], environ: Mapping[str, str], cwd: str | None = None) -> Captured:
    """Run quietly; what the program printed. One that cannot start counts as 127."""
    try:
        done = subprocess.run(
            list(argv),
            env=dict(environ),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Captured(127, "", str(error))
    printed = (each.decode("utf-8", "replace") for each in (done.stdout, done.stderr))
    return Captured(done.returncode, *printed)


def stream(
    argv: Sequence[str],
    environ: Mapping[str, str],
    cwd: Path,
    wanted: Callable[[str], bool],
    text: BinaryIO | None = None,
) -> Finished:
    """Run and pass on, line by line, what the program says and a person wants to see.

    It reads `text` from its standard input, or nothing.

    Not through the terminal itself: uv would then list every package by name.
    """
    tail: deque[str] = deque(maxlen=40)
    try:
        process = subprocess.Popen(
            list(argv),
            env=dict(environ),
            cwd=str(cwd),
            stdin=text or subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            close_fds=False,  # it inherits the turn (transaction.py), and nothing else is
        )
    except OSError as error:
        return Finished(127, str(error))
    assert process.stdout is not None
    with process:
        try:
            for raw in process.stdout:
                line = indexes.without_login(raw.decode("utf-8", "replace").rstrip())
                tail.append(line)
                if line and wanted(line):
                    say("  " + line)
        except BaseException:  # whoever stops us stops it too
            process.terminate()
            raise
    return Finished(process.returncode, "\n".join(tail))
