# Owned by the template.
# /// script
# requires-python = ">=3.9"
# dependencies = []
# ///
"""Does a published advisory name a package of the lock, for any system? By pip-audit, asking OSV.

    poe audit [--accepted FILE] [--osv-url ADDRESS] [LOCK ...]

uv brings pip-audit for it, so that the project's own lock need not. What is accepted stands in
tools/accepted-vulnerabilities.txt, a line each: identifier, the day on which that ends, reason.
Exit codes: 0 none but accepted ones; 1 there is one, or an acceptance has ended; 3 it could not be
told, as where OSV was not reached.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

from env import project, requirements

ROOT = Path(__file__).resolve().parent.parent
ACCEPTED = ROOT / "tools" / "accepted-vulnerabilities.txt"
TOOL = ["--from", "pip-audit==2.10.1", "pip-audit"]
NOT_NEWER = {"UV_EXCLUDE_NEWER": "2026-11-19T00:00:00Z"}
"""Nor is what that needs, unless a variable says otherwise."""

NONE, FOUND, COULD_NOT = 0, 1, 3


def main() -> int:
    parser = argparse.ArgumentParser(prog="poe audit", description=__doc__.split("\n")[0])
    parser.add_argument("locks", nargs="*", type=Path, metavar="LOCK")
    parser.add_argument("--accepted", type=Path, default=ACCEPTED, metavar="FILE")
    parser.add_argument("--osv-url", default="https://api.osv.dev/v1/query", metavar="ADDRESS")
    options = parser.parse_args()
    try:
        locks = options.locks or [each.lock for each in project.load(ROOT, os.environ).every]
        text = options.accepted.read_text(encoding="utf-8") if options.accepted.exists() else ""
        accepted = acceptances(text)
        every = (pin for lock in locks for pin in requirements.parse(lock.read_text("utf-8")))
        pins = list(dict.fromkeys(every))
        answers = [ask(world, options.osv_url) for world in worlds(pins)]
        for pin in filter(lambda pin: pin.reference, pins):
            print(f"{pin.name} is not asked for: it comes from an address, and OSV knows none.")
    except (OSError, ValueError) as error:
        print(f"error: The lock could not be audited: {error}", file=sys.stderr)
        print("       When that is mended, run: poe audit", file=sys.stderr)
        return COULD_NOT
    return told([each for answer in answers for each in answer], accepted, options.accepted)


def acceptances(text: str) -> dict[str, tuple[date, str]]:
    """Day and reason by identifier; ValueError names a line that lacks something."""
    accepted = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            try:
                name, day, reason = line.split(maxsplit=2)
                accepted[name] = (date.fromisoformat(day), reason)
            except ValueError:
                what = "is not an identifier, a day as 2027-01-31 and a reason."
                raise ValueError(f"{line!r} {what}") from None
    return accepted


def worlds(pins: list[requirements.Pin]) -> list[list[str]]:
    """What to ask, in lists that name no package twice, as pip-audit takes one version of each.

    Markers are left out, since every system counts, and so is the name of a build, as in "2.9+cpu".
    """
    lists: list[dict[str, str]] = []
    named = [(pin.name, pin.version.partition("+")[0]) for pin in pins if pin.version]
    for name, version in dict.fromkeys(named):
        free = next((each for each in lists if name not in each), None)
        if free is None:
            lists.append(free := {})
        free[name] = f"{name}=={version}"
    return [list(each.values()) for each in lists]


def ask(pins: list[str], address: str) -> list[dict[str, Any]]:
    """What OSV knows of each; ValueError where it did not answer for all of them."""
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None:
        raise ValueError("there is no uv.")
    with tempfile.TemporaryDirectory() as folder:
        asked = Path(folder) / "requirements.txt"
        asked.write_text("\n".join(pins) + "\n", encoding="utf-8")
        words = ["--no-deps", "--disable-pip", "--strict", "--progress-spinner", "off"]
        words += ["--format", "json", "--vulnerability-service", "osv", "--osv-url", address]
        argv = [uv, "tool", "run", *TOOL, *words, "--requirement", str(asked)]
        environ = {**NOT_NEWER, **os.environ}
        done = subprocess.run(argv, env=environ, capture_output=True, encoding="utf-8", check=False)
    try:
        answer: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        reasons = [line for line in done.stderr.splitlines() if line.strip()]
        raise ValueError(reasons[-1] if reasons else "pip-audit said nothing.") from None
    return answer


def told(packages: list[dict[str, Any]], accepted: dict[str, tuple[date, str]], file: Path) -> int:
    """Say what was found; the exit code."""
    today, count = date.today(), 0
    ended = {name: words for name, words in accepted.items() if words[0] < today}
    for name, (day, reason) in ended.items():
        print(f"The acceptance of {name} has ended on {day}; its reason was: {reason}")
    for package in packages:
        for each in package["vulns"]:
            names = {each["id"], *each["aliases"]}
            if names & (accepted.keys() - ended.keys()):
                continue
            count += 1
            mended = f" Mended in {', '.join(each['fix_versions'])}." * bool(each["fix_versions"])
            print(f"{package['name']} {package['version']}: {' '.join(sorted(names))}.{mended}")
            print(f"    {each['description'][:200]}")
    if not count and not ended:
        print(f"{len(packages)} packages, no known vulnerability that is not accepted.")
        return NONE
    print(
        "Take another version with: python tools/env lock --upgrade NAME, then sync. Or accept it"
    )
    print(f"with a line in {file}: IDENTIFIER {today.year + 1}-01-31 REASON")
    return FOUND


if __name__ == "__main__":
    sys.exit(main())
