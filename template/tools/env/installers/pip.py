"""pip fetches uv where there is none, hash-checked, and does nothing else.

https://pip.pypa.io/en/stable/cli/pip_install/
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from ..errors import EnvError, InstallerFailed
from ..probe import Interpreter, probe
from ..processes import say, stream
from ..project import Project
from ..requirements import Pin

_TROUBLE = re.compile(r" *(WARNING|ERROR|Could not|Exception)", re.IGNORECASE)


def fetch(
    pin: Pin,
    target: Path,
    project: Project,
    interpreter: Interpreter,
    environ: Mapping[str, str],
    offline: bool,
) -> None:
    """Install one line of the lock into the directory `target`, with the pip beneath `interpreter`.

    Raises InstallerFailed, and EnvError where there is no pip to be had.
    """
    # Asked again: `interpreter` may be an environment's, whose own packages are not the base's.
    base = probe([str(interpreter.path)], environ) or interpreter
    minor = base.minor
    if not base.pip and not base.has_ensurepip:
        raise EnvError(
            f"There is no uv on this machine, and Python {minor} has neither pip nor ensurepip.",
            f"Install one of them (Debian and Ubuntu: apt install python{minor}-venv), then run: "
            + project.command("sync"),
        )
    target.mkdir(parents=True)
    python = str(base.path)
    if not base.pip:  # the one that Python brings runs in a venv of its own
        say(f"{project.env_label}: Python {minor} has no pip, taking the one of ensurepip")
        stream([python, "-I", "-m", "venv", str(target / "pip")], environ, target, bool)
        python = str(target / "pip" / ("Scripts" if os.name == "nt" else "bin") / "python")
    line = target / "uv.txt"
    line.write_text(pin.text + "\n", encoding="utf-8")
    argv = [python, "-I", "-m", "pip", "install", "--require-hashes", "--no-deps", "--only-binary"]
    argv += [":all:", "--target", str(target), "-r", str(line), *["--no-index"] * offline]
    done = stream(argv, environ, target, _worth_saying)
    if done.code != 0 and "do not match the hashes" in done.tail.lower():
        say(f"{project.env_label}: pip's cache may be damaged, so fetching past it")
        done = stream([*argv, "--no-cache-dir"], environ, target, _worth_saying)
    if done.code != 0:
        raise InstallerFailed("pip failed in `pip install`.", done.tail)


def _worth_saying(line: str) -> bool:
    """Not the progress. `--quiet` would leave out why an index cannot be reached, too."""
    return _TROUBLE.match(line) is not None
