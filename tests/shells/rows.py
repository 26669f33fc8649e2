"""One row a shell: all that the tests have to know about its syntax."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import pytest

CURSOR = "\x1b[6n"
"""How a shell asks the terminal where its cursor is."""


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
    typed: str = ". ./activate.sh"
    """How a message says that the helper is read."""

    leave: str = "deactivate"
    strict: str = "set -eu"
    """Lets a script end at the first error, "" where it always does or never."""

    assign: str = "export {name}={value}"
    elsewhere: str = "export UV_PROJECT_ENVIRONMENT=/another/place"
    """What is advised where the environment's place is taken."""

    run: str = "{words}"
    """Starts a program."""

    status: str = "$?"
    """Exit status of the line before."""

    names: str = "set; typeset -f 2>/dev/null; alias; command -v deactivate || :"
    """Prints every variable and alias, and the functions as far as the shell can list them."""

    prompt: str = "PS1='$ '"
    """Sets the prompt of a terminal; root's is another one in some shells."""

    quote: Callable[[str], str] = shlex.quote
    """A word as it is written in the shell."""

    follow: str = "{} && {}"
    """Runs the second line where the first one did not fail."""

    asks: bool = False
    """Whether the helper asks the engine, and so starts Python."""

    goes_on: bool = True
    """Whether a script goes on after a refusal."""

    noise: str = ""
    """Pattern of what the shell itself adds to a refusal."""

    prompt_env: str = "{}"
    """What VIRTUAL_ENV_PROMPT is for a name."""

    traits: tuple[str, ...] = ()
    """Which groups of settings.py apply besides those for all shells."""

    inline: bool = False
    """Whether the text of a script is an argument; else a file is, with that text."""

    inherits: bool = True
    """Whether leaving in a child shell of an entered one leaves for good: nu goes back to what the
    shell began with."""

    suffix: str = ""
    """What the name of a script must end with."""

    cannot: tuple[str, ...] = ()
    """Names of directories that it does not take."""

    term: str = "dumb"
    ready: str = ""
    """What its prompt ends with, where typing ahead is not safe."""

    begun: str = ""
    """What it prints when it has taken a line, where it may draw the same prompt twice."""

    def enter(self, root: object) -> str:
        """The line that enters the project at `root`, which may be relative."""
        return self.read(f"{root}/{self.helper}")

    def read(self, path: object) -> str:
        return self.source.format(path=self.quote(str(path)))

    def export(self, name: str, value: object) -> str:
        return self.assign.format(name=name, value=self.quote(str(value)))

    def call(self, *words: object, raw: str = "") -> str:
        """The line that runs a program; `raw` follows the words as it is."""
        return self.run.format(
            words=" ".join([*(self.quote(str(each)) for each in words), raw]).strip()
        )


def _fish(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _csh(word: str) -> str:
    return shlex.quote(word).replace("!", "\\!")


def _nu(word: str) -> str:
    return f"r#'{word}'#"


def _powershell(word: str) -> str:
    return "'" + word.replace("'", "''") + "'"


def _posix(
    name: str,
    *argv: str,
    options: tuple[str, ...] = (),
    traits: Iterable[str] = (),
    ready: str = "",
) -> Shell:
    return Shell(name, (*argv,), (*argv, *options, "-i"), traits=("posix", *traits), ready=ready)


POSIX = (
    _posix("bash", "bash", "--norc", options=("--noprofile",), traits=["bash"]),
    _posix("bash-posix", "bash", "--posix", "--norc", options=("--noprofile",), traits=["bash"]),
    _posix("zsh", "zsh", "-f", traits=["zsh"]),
    _posix("zsh-sh", "zsh", "--emulate", "sh", "-f"),
    _posix("dash", "dash"),
    _posix("ksh93", "ksh93"),
    _posix("mksh", "mksh"),
    # else the answer to what it asks at its prompt may reach the program that it starts
    _posix("busybox", "busybox", "ash", ready=CURSOR),
    _posix("yash", "yash", "--norcfile"),
)
FISH = Shell(
    "fish",
    ("fish", "-N"),
    ("fish", "-N", "-i"),
    helper="activate.fish",
    source="source {path}",
    typed="source activate.fish",
    strict="",
    assign="set -gx {name} {value}",
    elsewhere="set -gx UV_PROJECT_ENVIRONMENT /another/place",
    status="$status",
    follow="{}; and {}",
    names="set --names; functions --all --names",
    traits=("fish",),
    prompt="function fish_prompt; printf '$ '; end",
    quote=_fish,
)
TCSH = Shell(
    "tcsh",
    ("tcsh", "-f"),
    ("tcsh", "-f", "-i"),
    helper="activate.csh",
    source="source {path}",
    typed="source activate.csh",
    strict="",
    assign="setenv {name} {value}",
    elsewhere="setenv UV_PROJECT_ENVIRONMENT /another/place",
    status="$status",
    names="set; setenv; alias",
    traits=("tcsh",),
    prompt="set prompt = '$ '",
    quote=_csh,
)
XONSH = Shell(
    "xonsh",
    ("xonsh", "--no-rc"),
    ("xonsh", "--no-rc", "--shell-type", "readline"),
    helper="activate.xsh",
    source="_ = ![source @({path})]",
    typed="source activate.xsh",
    leave="_ = ![deactivate]",
    strict="$RAISE_SUBPROC_ERROR = True",
    assign="${name} = {value}",
    elsewhere="$UV_PROJECT_ENVIRONMENT = '/another/place'",
    run="$[{words}]",
    status="@(_.returncode if '_' in globals() else 1)",
    names="print('\\n'.join([*globals(), *aliases]))",
    prompt="$PROMPT = '{env_name}$ '",
    quote=repr,
    cannot=("$HOME",),  # it expands what is on its PATH
    asks=True,
    goes_on=False,
    prompt_env="({}) ",
    traits=("xonsh",),
)
NU = Shell(
    "nu",
    ("nu", "-n", "-c"),
    ("nu", "-n"),
    inline=True,
    inherits=False,
    helper="activate.nu",
    source="overlay use {path}",
    typed="overlay use activate.nu",
    strict="",
    assign="$env.{name} = {value}",
    elsewhere="$env.UV_PROJECT_ENVIRONMENT = '/another/place'",
    run="^{words}",
    status="($env.LAST_EXIT_CODE? | default 0)",
    names="; ".join(f"scope {kind} | get name | to text" for kind in ("variables", "aliases")),
    prompt="$env.PROMPT_COMMAND = {|| ''}; $env.PROMPT_COMMAND_RIGHT = ''; "
    "$env.PROMPT_INDICATOR = '$ '",
    quote=_nu,
    follow="{}; {}",
    goes_on=False,
    noise=r"Error: [^\0]*not entered\n+",
    ready="\x1b]133;B",
    begun="\x1b]133;C",
)
_PWSH = os.environ.get("SEEDBED_PWSH", "pwsh")
PWSH = Shell(
    "pwsh",
    (_PWSH, "-NoProfile", "-NonInteractive", "-File"),
    # as PSReadLine loses what is typed before it reads
    (_PWSH, "-NoProfile", "-NoLogo", "-NoExit", "-Command", "Remove-Module PSReadLine"),
    suffix=".ps1",
    cannot=("back\\slash", "tail\\"),  # its own cmdlets take a backslash for a separator
    helper="activate.ps1",
    typed=". ./activate.ps1",
    strict="$ErrorActionPreference = 'Stop'",
    assign="$env:{name} = {value}",
    elsewhere="$env:UV_PROJECT_ENVIRONMENT = '/another/place'",
    run="& {words}",
    status="$LASTEXITCODE",
    names="Get-ChildItem Variable:, Function: | ForEach-Object Name",
    prompt="function prompt { '$ ' }",
    quote=_powershell,
    asks=True,
    traits=("powershell",),
)
PSREADLINE = replace(
    PWSH,
    name="pwsh-psreadline",
    terminal=(_PWSH, "-NoProfile", "-NoLogo"),
    term="xterm",
    ready=CURSOR,
)
# no registry that .ci/run reaches has PowerShell; the hosted machines have it
POWERSHELL = (PWSH, PSREADLINE) if shutil.which(_PWSH) else ()
SHELLS = (*POSIX, FISH, TCSH, XONSH, NU, *POWERSHELL)


def rows(shells: Iterable[Shell], everyday: Iterable[str] | None = None) -> pytest.MarkDecorator:
    """Runs a test for each of the shells; all but the `everyday` ones are for the thorough run."""
    return pytest.mark.parametrize(
        "shell",
        [
            pytest.param(
                each,
                id=each.name,
                marks=() if everyday is None or each.name in everyday else pytest.mark.thorough,
            )
            for each in shells
        ],
        indirect=True,
    )


each_posix = rows(POSIX)
deep = rows(SHELLS, ["bash"])
deep_posix = rows(POSIX, ["bash"])
