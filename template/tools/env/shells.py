"""Answers the activation helpers that ask: may this shell enter, and what does it change then?

    python3 -IS tools/env shell cmd | nu | powershell | xonsh

The person is asked and told on standard error, in words of that shell. Standard output is for the
helper: JSON where the environment may be entered, and nothing where not; ASCII, whatever the code
page. cmd, which reads no JSON, gets lines NAME=VALUE, CODE first. The exit code is 0 or 1; after
any other, no engine has run, and the helper tries the next Python. The helpers of the shells that
start no Python decide by tools/enter.sh, and say the same.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from .errors import EnvError
from .project import Project, find_root, load
from .state import BROKEN, FOREIGN, INCOMPLETE, MISSING, MOVED, READY, STALE, Assessment, assess

ENTER, REFUSED = 0, 1
MENDS = {
    MISSING: "Make it with:",
    INCOMPLETE: "Finish it with:",
    BROKEN: "Repair it with:",
    MOVED: "If this project was moved or copied, make it anew with:",
    STALE: "Bring it up to date with:",
    FOREIGN: "Remove it yourself, or choose another place:",
}
_PLACE = "C:\\another\\place" if os.name == "nt" else "/another/place"
_PLAIN = r"[\w./:\\-]+" if os.name == "nt" else r"[\w./:-]+"


class Shell(NamedTuple):
    helper: str
    """The file that asks; what is said begins with its name."""

    elsewhere: str
    """How another place for the environment is chosen there."""

    quoted: Callable[[str], str]
    """A word that is not plain, as it is typed there."""

    @property
    def scripts(self) -> str:
        """How the names of its scripts end, as conda packages have some."""
        return os.path.splitext(self.helper)[1]

    def word(self, text: str) -> str:
        return text if re.fullmatch(_PLAIN, text, re.ASCII) else self.quoted(text)


def _cmd(text: str) -> str:
    return f'"{text}"'


def _nu(text: str) -> str:
    marks = "#"
    while f"'{marks}" in text:
        marks += "#"
    return f"r{marks}'{text}'{marks}"


def _powershell(text: str) -> str:
    """It takes typographic quotes for plain ones, too."""
    return "'" + re.sub("(['\u2018-\u201b])", r"\1\1", text) + "'"


SHELLS = {
    "cmd": Shell("activate.bat", f'set "UV_PROJECT_ENVIRONMENT={_PLACE}"', _cmd),
    "nu": Shell("activate.nu", f"$env.UV_PROJECT_ENVIRONMENT = '{_PLACE}'", _nu),
    "powershell": Shell("activate.ps1", f"$env:UV_PROJECT_ENVIRONMENT = '{_PLACE}'", _powershell),
    "xonsh": Shell("activate.xsh", f"$UV_PROJECT_ENVIRONMENT = {_PLACE!r}", repr),
}


def main(words: Sequence[str]) -> int:
    """Answer the shell that is the first of `words`; the exit code."""
    if not words or words[0] not in SHELLS:
        print(f"usage: tools/env shell {' | '.join(SHELLS)}", file=sys.stderr)
        return 2
    shell, as_cmd_reads = SHELLS[words[0]], words[0] == "cmd"
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        answer = entrance(_ready(shell), shell)
        told = lines(answer, code_page()) if as_cmd_reads else f"{json.dumps(answer)}\n".encode()
        code = ENTER
    except (Refused, EnvError, KeyboardInterrupt) as error:
        told, code = b"CODE=1\n" * as_cmd_reads, REFUSED
        if str(error):
            _say(shell, str(error))
    sys.stdout.buffer.write(told)
    return code


class Refused(Exception):
    """Why the environment may not be entered, and what to type; no text where that was said."""


def _ready(shell: Shell) -> Project:
    """The project, once its environment may be entered. Raises EnvError and Refused."""
    root = find_root(None)
    project = load(root, os.environ)
    seen = assess(project)
    if seen.state in (MISSING, INCOMPLETE) and _yes(f"{seen.reason} Make it now? [Y/n] "):
        _sync()
        project = load(root, os.environ)
        seen = assess(project)
    told = advice(project, seen, shell)
    if told is not None and seen.state != STALE:
        raise Refused(told)
    if told is not None:
        _say(shell, told)
    return project


def advice(project: Project, seen: Assessment, shell: Shell) -> str | None:
    """What to say of an environment, None where that is nothing. Raises Refused for its place."""
    if os.pathsep in str(project.env):
        raise Refused(
            f"{project.env} has {os.pathsep!r} in its name, which PATH cannot hold. "
            f"Choose another place:\n    {shell.elsewhere}"
        )
    if seen.state == READY:
        return None
    command = project.command("sync", quoted=shell.word)
    shown = shell.elsewhere if seen.state == FOREIGN else command
    gap = "  " if seen.state == STALE else "\n    "
    return f"{seen.reason} {MENDS[seen.state]}{gap}{shown}"


def entrance(project: Project, shell: Shell) -> dict[str, Any]:
    """What changes in a shell that enters: PATH, variables (None goes), scripts to read."""
    # a prompt is expanded each time it is shown: nothing that could run may get into it
    name = project.name if re.fullmatch(r"[A-Za-z0-9._-]+", project.name) else "env"
    variables = {"VIRTUAL_ENV": str(project.env), "VIRTUAL_ENV_PROMPT": name, "PYTHONHOME": None}
    if len(project.programs) > 1:
        variables |= {"CONDA_PREFIX": str(project.prefix), "CONDA_DEFAULT_ENV": name}
    return {
        "path": [str(folder) for folder in project.programs],
        "variables": variables,
        "enter": _scripts(project, "activate", shell),
        "leave": _scripts(project, "deactivate", shell),
    }


def _scripts(project: Project, verb: str, shell: Shell) -> list[str]:
    """What conda packages have to be read on `verb`."""
    folder = project.prefix / "etc" / "conda" / f"{verb}.d"
    return [str(path) for path in sorted(folder.glob(f"*{shell.scripts}"))]


def lines(answer: Mapping[str, Any], code_page: str) -> bytes:
    """The answer for cmd. Raises Refused where its code page lacks a letter."""
    values = {"CODE": "0", "PATH": os.pathsep.join(answer["path"]), **answer["variables"]}
    text = "".join(f"{name}={value or ''}\n" for name, value in values.items())
    try:
        return text.encode(code_page)
    except UnicodeEncodeError as error:
        raise Refused(
            f"This console's code page ({code_page}) has no {error.object[error.start]!r}, which "
            f"is in {answer['path'][0]}. Take one that has, then enter:\n    chcp 65001"
        ) from None


def code_page() -> str:
    """By which cmd reads what a program prints: the console's."""
    if sys.platform != "win32":
        return "utf-8"
    import ctypes

    return f"cp{ctypes.windll.kernel32.GetConsoleOutputCP()}"


def _say(shell: Shell, text: str) -> None:
    print(f"{shell.helper}: {text}", file=sys.stderr)


def _yes(question: str) -> bool:
    """Ask on a terminal; no where there is none. Raises KeyboardInterrupt."""
    streams = (sys.stdin, sys.stderr)  # None is one that was closed
    if not all(stream is not None and stream.isatty() for stream in streams):
        return False
    print(question, end="", file=sys.stderr, flush=True)
    answer = sys.stdin.readline()
    if not answer.endswith("\n"):  # the end of input
        print(file=sys.stderr)
    return answer != "" and answer.strip()[:1] in ("", "y", "Y")


def _sync() -> None:
    """Make the environment; what is printed there is for the person. Raises Refused."""
    import subprocess  # late: few need it

    # Ctrl-C reaches the other one too, which stops in order; this one waits
    signal.signal(signal.SIGINT, lambda *_: None)
    argv = [sys.executable, "-I", str(Path(__file__).parent), "sync"]
    if subprocess.run(argv, stdout=sys.stderr, check=False).returncode != 0:
        raise Refused
