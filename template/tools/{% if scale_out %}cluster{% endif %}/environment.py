# Owned by the template.
"""The environment that every worker is held to: what the launcher's is, and how another differs.

The engine proves an environment against its own lock; two such proofs and one fingerprint are what
make results of many machines those of one.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from platform import node
from typing import Any

SHOWN = 5
"""So many differences are told one by one."""


class CouldNot(Exception):
    """What happened, and what mends it, a sentence each."""

    def __str__(self) -> str:
        happened, mend = self.args
        return f"error: {happened}\n       {mend}"


def publish(*, full: bool = False) -> dict[str, Any]:
    """What workers are held to: this environment, each file of which is hashed.

    `full`: whether they hash theirs, too. Else they look at sizes and times: sixteen of them on a
    machine would read the same gigabyte sixteen times. Raises CouldNot.
    """
    return {**proven(fast=False), "full": full}


def proven(*, fast: bool) -> dict[str, Any]:
    """This environment, once it is shown to be exactly its lock.

    `fingerprint`, `lock`, `python`, `platform`, and in `packages` the fingerprint of each
    "name==version". Raises CouldNot with what differs, and the command that mends it.
    """
    checked = _ask("check", "--json", *["--fast"] * fast)
    if checked["differences"]:
        found = [f"{each['code']}: {each['message']}" for each in checked["differences"]]
        raise CouldNot(
            f"The environment on {node()} is not its lock. {_listed(found)}",
            f"Mend it with: {checked['mend']}",
        )
    path = Path(_ask("info", "--json")["path"], ".seedbed", "manifest.json")
    manifest = json.loads(path.read_text(encoding="utf-8"))
    known = {key: manifest[key] for key in ("fingerprint", "lock", "python", "platform")}
    return {**known, "packages": manifest["distributions"]}


def hold(launcher: Mapping[str, Any]) -> None:
    """Raises CouldNot where this environment is not that of the launcher, as it published it."""
    own = proven(fast=not launcher["full"])
    if own["fingerprint"] == launcher["fingerprint"]:
        return
    happened = (
        f"The environment on {node()} is not the launcher's. {_listed(differences(own, launcher))}"
    )
    mend = "Make it on a machine of the launcher's kind: python3 tools/env sync"
    if own["python"] != launcher["python"]:
        mend = f"Take the launcher's Python: python3 tools/env sync --python {launcher['python']}"
    if own["lock"] != launcher["lock"]:
        mend = "Check out the launcher's commit here, then run: python3 tools/env sync"
    raise CouldNot(happened, mend)


def differences(own: Mapping[str, Any], launcher: Mapping[str, Any]) -> list[str]:
    """What differs, a sentence each."""
    found = [
        f"{what} is {own[key]}, the launcher's is {launcher[key]}."
        for key, what in (("python", "Python"), ("platform", "The platform"))
        if own[key] != launcher[key]
    ]
    if own["lock"] != launcher["lock"]:
        found.append("The lock is another one.")
    here, there = own["packages"], launcher["packages"]
    for pin in sorted({*here, *there}):
        if pin not in there:
            found.append(f"{pin} is not in the launcher's.")
        elif pin not in here:
            found.append(f"{pin} is in the launcher's only.")
        elif here[pin] != there[pin]:
            found.append(f"{pin} was installed from another file.")
    return found


def _listed(found: list[str]) -> str:
    more = [f"And {len(found) - SHOWN} more."] if len(found) > SHOWN else []
    return " ".join([*found[:SHOWN], *more])


def _ask(*words: str) -> Any:
    """What the engine answers in JSON; what else it says, people see."""
    argv = [sys.executable, "tools/env", *words]
    done = subprocess.run(argv, stdout=subprocess.PIPE, check=False)
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise CouldNot("The engine gave no answer.", f"See why: {' '.join(argv)}") from None
