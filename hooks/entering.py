"""Which shell a person types into, and how that one enters the environment."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping

COMMANDS = {
    **dict.fromkeys(
        ("sh", "bash", "zsh", "dash", "ash", "busybox", "ksh", "ksh93", "mksh", "yash"),
        ". ./activate.sh",
    ),
    "fish": "source activate.fish",
    "csh": "source activate.csh",
    "tcsh": "source activate.csh",
    "xonsh": "source activate.xsh",
    "nu": "overlay use activate.nu",
    "pwsh": ". ./activate.ps1",
    "powershell": ". .\\activate.ps1",
    "cmd": "activate.bat",
}
"""By the name of the shell's program."""


def command(environ: Mapping[str, str]) -> str:
    """What to type in the shell in use, "" where the project, which this is in, has none for it."""
    typed = COMMANDS.get(shell(environ), "")
    return typed if os.path.exists(re.split(r"[ /\\]", typed)[-1]) else ""


def shell(environ: Mapping[str, str]) -> str:
    """The name of the shell in use."""
    if os.name == "nt":
        return on_windows(environ)
    started = (name for name in ancestors(os.getpid()) if name in COMMANDS)
    return next(started, os.path.basename(environ.get("SHELL", "sh")))


def on_windows(environ: Mapping[str, str]) -> str:
    """cmd tells its children what its prompt is, and PowerShell has no such variable."""
    return "cmd" if "PROMPT" in environ else "powershell"


def ancestors(pid: int) -> Iterator[str]:
    """The names of the programs that started the process `pid`, the nearest first."""
    for _ in range(10):
        try:
            done = subprocess.run(
                ["ps", "-o", "ppid=", "-o", "comm=", "-p", str(pid)],
                capture_output=True,
                text=True,
                check=False,
            )
        except OSError:  # no `ps`, as in small containers
            return
        words = done.stdout.split()  # xonsh puts its options behind its name
        if len(words) < 2:
            return
        yield os.path.basename(words[1]).removeprefix("-")  # a login shell's begins with one
        pid = int(words[0])
