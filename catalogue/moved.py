"""What became of the catalogue since its folder was copied: a table for people, in Markdown.

python catalogue/moved.py BEFORE
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from build import load

HEAD = "| package | before | now | why it is there |\n|---|---|---|---|\n"


def main(before: Path) -> int:
    print(report(load(before), load()))
    return 0


def report(before: dict[str, Any], after: dict[str, Any]) -> str:
    """The moved packages, those that a person can choose first, and what is offered otherwise."""
    old, new = _versions(before), _versions(after)
    moved = [name for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)]
    chosen = {root for each in _entries(after) for root in each["roots"]}
    moved.sort(key=lambda name: name not in chosen)
    lines = [
        f"| {name} | {old.get(name, '')} | {new.get(name, '')} | "
        f"{'chosen' if name in chosen else _parents(after if name in new else before, name)} |\n"
        for name in moved
    ]
    head = f"From {before['cutoff'][:10]} to {after['cutoff'][:10]}: {len(moved)} packages moved.\n"
    return head + ("\n" + HEAD + "".join(lines) if lines else "") + _offers(before, after)


def _versions(lock: dict[str, Any]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for pin in lock["packages"]:
        name, _, version = pin.partition("==")
        found.setdefault(name, []).append(version)
    return {name: ", ".join(versions) for name, versions in found.items()}


def _entries(lock: dict[str, Any]) -> list[dict[str, Any]]:
    return [*lock["libraries"], *lock["variants"], *lock["dev"], *lock["tools"]]


def _parents(lock: dict[str, Any], name: str) -> str:
    """A few of the packages that ask for it."""
    parents = {
        parent
        for closure in lock["closures"].values()
        for pin, part in closure.items()
        if pin.partition("==")[0] == name
        for parent in part["via"]
    }
    shown = sorted(parents)[:3]
    return ", ".join(shown) + (" ..." if len(parents) > len(shown) else "")


def _offers(before: dict[str, Any], after: dict[str, Any]) -> str:
    """The libraries that can be had for more or fewer Pythons or systems than before."""
    old = {each["name"]: each for each in _entries(before)}
    lines = [
        f"- {each['name']}: {key.replace('_', ' ')} {', '.join(each[key]) or 'none'}, "
        f"before {', '.join(old[each['name']][key]) or 'none'}\n"
        for each in _entries(after)
        for key in ("pythons", "not_on")
        if each["name"] in old and each[key] != old[each["name"]][key]
    ]
    return "\nWhat can be had has changed:\n\n" + "".join(lines) if lines else ""


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
