"""One row a shell: all that the tests have to know about its syntax."""

from __future__ import annotations

import shlex
from dataclasses import dataclass


@dataclass(frozen=True)
class Shell:
    name: str

    script: tuple[str, ...]
    """argv before a script file; reads no start-up file."""

    terminal: tuple[str, ...]
    """argv of an interactive shell; reads no start-up file."""

    helper: str = "activate.sh"
    """The file of the project that it reads."""

    source: str = ". {path}"
    leave: str = "deactivate"
    strict: str = "set -eu"
    assign: str = "export {name}={value}"
    status: str = "$?"
    """Exit status of the line before."""

    names: str = "set; typeset -f; alias"
    """Prints every variable, function and alias."""

    traits: tuple[str, ...] = ()
    """Which groups of settings.py apply besides those for all shells."""

    def enter(self, path: object) -> str:
        return self.source.format(path=shlex.quote(str(path)))

    def export(self, name: str, value: object) -> str:
        return self.assign.format(name=name, value=shlex.quote(str(value)))


SHELLS = (
    Shell(
        "bash",
        ("bash", "--norc"),
        ("bash", "--norc", "--noprofile", "-i"),
        traits=("posix", "bash"),
    ),
    Shell(
        "bash-posix",
        ("bash", "--posix"),
        ("bash", "--posix", "--norc", "--noprofile", "-i"),
        traits=("posix", "bash"),
    ),
    Shell("zsh", ("zsh", "-f"), ("zsh", "-f", "-i"), traits=("posix", "zsh")),
)
