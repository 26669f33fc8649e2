# Owned by the template and the same in every project: change it there, not here.
"""What activate.xsh does, in Python: xonsh takes four times as long to read its own language."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

from xonsh.built_ins import XSH


def enter(root: Path) -> bool:
    """Whether the environment of the project at `root` was entered; what is wrong was said."""
    found = look(root)
    if found is None:
        return False
    name, programs = found
    env = programs.parent
    variables, aliases = XSH.env, XSH.aliases

    # what is active now, be it this one, cleans up after itself
    if "VIRTUAL_ENV" in variables and callable(aliases.get("deactivate")):
        aliases["deactivate"](["nondestructive"])
    # entered in a parent shell, so the variables are here and the alias was not: leave it
    if variables.get("VIRTUAL_ENV") == str(env):
        for key in ("VIRTUAL_ENV", "VIRTUAL_ENV_PROMPT"):
            variables.pop(key, None)
        take_out(str(programs))

    before: dict[str, Any] = {}

    def change(key: str, value: Any) -> None:
        before[key] = variables.get(key)
        if value is not None:
            variables[key] = value
        elif key in variables:
            del variables[key]

    entries, conda = [str(programs)], env / "conda"
    change("VIRTUAL_ENV", str(env))
    change("VIRTUAL_ENV_PROMPT", f"({name}) ")  # the field env_name of $PROMPT shows it as it is
    change("PYTHONHOME", None)
    if (conda / "conda-meta").is_dir():  # what it stands on
        change("CONDA_PREFIX", str(conda))
        change("CONDA_DEFAULT_ENV", name)
        inner = ["bin"]
        if os.name == "nt":
            inner = ["", "Library/mingw-w64/bin", "Library/usr/bin", "Library/bin", "Scripts"]
        entries += [str(conda / each) for each in inner]
    for at, each in enumerate(entries):
        variables["PATH"].insert(at, each)

    def deactivate(args: tuple[str, ...] = ()) -> None:
        read_scripts(conda, "deactivate")
        for each in entries:  # PATH may have changed since
            take_out(each)
        for key, value in list(before.items()):
            change(key, value)
        if "nondestructive" not in args:
            del aliases["deactivate"]

    aliases["deactivate"] = deactivate
    read_scripts(conda, "activate")
    return True


def look(root: Path) -> tuple[str, Path] | None:
    """The name for the prompt and the directory of programs, None where it may not be entered."""
    if os.name == "nt":
        argv = ["cmd", "/c", str(root / "activate.bat"), "/look", "activate.xsh"]
    else:
        argv = ["/bin/sh", "--", str(root / "tools" / "enter.sh"), str(root), "activate.xsh"]
    done = subprocess.run(argv, env=XSH.env.detype(), stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:
        return None
    name, _, programs = os.fsdecode(done.stdout).rstrip("\r\n").partition(" ")
    return name, Path(programs)


def take_out(entry: str) -> None:
    if entry in XSH.env["PATH"]:
        XSH.env["PATH"].remove(entry)


def read_scripts(conda: Path, verb: str) -> None:
    """Read the scripts that conda packages have for `verb`."""
    for script in sorted((conda / "etc" / "conda" / f"{verb}.d").glob("*.xsh")):
        XSH.aliases["source"]([str(script)])
