"""Calls the engine of the project that Copier has just made or updated.

All that makes or changes an environment is in the project's own tools/env, so a person can do it
again without this template. Copier's Python runs the engine; the environment is made from the one
that was asked for.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any


def in_a_temporary_copy() -> bool:
    """Whether this is one of the copies of the project that `copier update` compares."""
    return any(".old_copy." in part or ".new_copy." in part for part in Path.cwd().parts)


def engine(*words: str) -> int:
    """Run an engine command in the current directory; its progress is shown. Its exit code."""
    with subprocess.Popen(_argv(*words), env=_environ()) as running:
        while True:
            try:
                code = running.wait()
                return code if code >= 0 else 128 - code  # as a shell has it
            except KeyboardInterrupt:  # the terminal tells the engine too, and that stops in order
                pass


def facts(*words: str, environment: str = "") -> dict[str, Any]:
    """What `info --json` says, of the environment at another place if that is named.

    {} where the engine itself fails (it has told why by then).
    """
    argv, environ = _argv("info", "--json", *words), _environ()
    if environment:
        environ["UV_PROJECT_ENVIRONMENT"] = environment
    done = subprocess.run(argv, env=environ, stdout=subprocess.PIPE, check=False)
    answer: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {}
    return answer


def answers(file: str) -> dict[str, Any]:
    """The project's answers, as Copier recorded them in `file`."""
    return parsed(Path(file).read_text(encoding="utf-8"))


def parsed(text: str) -> dict[str, Any]:
    """The answers in the text of such a file. Raises ValueError where it has none."""
    import yaml  # Copier's own dependency

    try:
        recorded = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"The answers cannot be read: {' '.join(str(error).split())}") from None
    if not isinstance(recorded, dict):
        raise ValueError("There are no answers in the file for them.")
    return recorded


def command(*words: str) -> str:
    """An engine command for a person who stands in the project's directory."""
    python = "py" if os.name == "nt" else "python3"
    return shlex.join([python, "tools/env", *words])


def say(text: str) -> None:
    """Tell a person, on standard error."""
    print(text, file=sys.stderr, flush=True)


def strict() -> bool:
    """Whether trouble must end in a failure: for machines, where nobody reads the message."""
    return os.environ.get("SEEDBED_STRICT") == "1"


def _argv(*words: str) -> list[str]:
    return [sys.executable, "tools/env", *words]


def _environ() -> dict[str, str]:
    """The user's variables; a uv that came along with Copier is named to the engine."""
    environ = {name: value for name, value in os.environ.items() if name != "PWD"}
    uv = Path(sys.executable).with_name("uv.exe" if os.name == "nt" else "uv")
    if uv.exists():
        environ.setdefault("UV", str(uv))
    return environ
