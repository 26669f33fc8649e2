"""`make lock` writes docs/libraries.md with this: what the catalogue offers, and where."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "libraries.md"
HEAD = """\
# The libraries

`make lock` wrote this page out of [the catalogue](../catalogue/libraries.yml). All of it was
resolved together, so any choice goes together, for Python {pythons} on Linux (x86-64, arm64), macOS
(arm64) and Windows (x86-64). Nothing released after {cutoff} was looked at. Nothing is built from
source: where a library has no wheels, the prompt does not offer it and says why. Any other library
can be [added later](using.md#add-or-remove-a-library).

| group | library | version | what for | not for |
|---|---|---|---|---|
"""
KINDS = """
## Kinds of work

What the prompt asks for first.

| kind | what for | libraries |
|---|---|---|
"""
FRAMEWORKS = """
## Frameworks

The starter itself uses {starter}. Each framework brings:

| framework | libraries |
|---|---|
"""
VARIANTS = """
## Accelerators

What takes the place of a library where an accelerator is chosen. PyTorch's builds have the same
name and come from an index of their own, see [the questions](questions.md#accelerators).

| library | accelerator | asked for instead | CUDA |
|---|---|---|---|
"""


def main() -> int:
    sys.path.append(str(ROOT / "catalogue"))
    from build import load

    PAGE.write_text(page(load()), encoding="utf-8", newline="\n")
    print(f"docs/{PAGE.name}: written")
    return 0


def page(lock: dict[str, Any]) -> str:
    """The page for the content of the catalogue."""
    pythons = f"{lock['python'][0]} to {lock['python'][-1]}"
    lines = [
        f"| {entry['group']} | `{entry['name']}` | {_version(lock, entry)} | {entry['summary']} | "
        f"{', '.join(_not_for(lock, entry))} |\n"
        for entry in lock["libraries"]
    ]
    kinds = [
        f"| `{name}` | {kind['summary']} | "
        f"{', '.join(f'`{each}`' for each in kind['libraries'])} |\n"
        for name, kind in lock["kinds"].items()
    ]
    frameworks = [
        f"| `{name}` | {', '.join(f'`{each}`' for each in needs) or 'nothing else'} |\n"
        for name, needs in lock["frameworks"].items()
        if name != "none"
    ]
    variants = [
        f"| `{each['of']}` | `{each['accelerator']}` | "
        f"{', '.join(f'`{line}`' for line in each['require'])} | {_cuda(each)} |\n"
        for each in lock["variants"]
    ]
    starter = ", ".join(f"`{name}`" for name in lock["starter"])
    return (
        HEAD.format(pythons=pythons, cutoff=lock["cutoff"][:10])
        + "".join(lines)
        + KINDS
        + "".join(kinds)
        + FRAMEWORKS.format(starter=starter)
        + "".join(frameworks)
        + VARIANTS
        + "".join(variants)
    )


def _version(lock: dict[str, Any], entry: dict[str, Any]) -> str:
    """Of the newest Python; older ones may have an older one."""
    pins = [pin.partition("==") for pin in lock["closures"][entry["name"]]]
    versions = [version for name, _, version in pins if name in entry["roots"]]
    return ", ".join(reversed(versions))


def _not_for(lock: dict[str, Any], entry: dict[str, Any]) -> Iterator[str]:
    gone = [python for python in lock["python"] if python not in entry["pythons"]]
    if gone:
        yield f"Python {' and '.join(gone)} ({', '.join(entry['lacking'])})"
    yield from entry["not_on"]


def _cuda(entry: dict[str, Any]) -> str:
    return ", ".join(sorted({major for majors in entry["cuda"].values() for major in majors}))


if __name__ == "__main__":
    sys.exit(main())
