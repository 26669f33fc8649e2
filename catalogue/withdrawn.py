"""`make withdrawn`: writes withdrawn.yml into the engine, as a constraints file.

https://pip.pypa.io/en/stable/user_guide/#constraints-files: uv and pip read it as it stands.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml

SOURCE = Path(__file__).with_name("withdrawn.yml")
TARGET = SOURCE.parent.parent / "template" / "tools" / "env" / "withdrawn.txt"
HEAD = """\
# Versions that attackers made: name, versions, advisory, what they did. Owned by the template.
"""


def main() -> int:
    entries = yaml.safe_load(SOURCE.read_text(encoding="utf-8"))
    TARGET.write_text(constraints(entries), encoding="utf-8", newline="\n")
    return 0


def constraints(entries: list[dict[str, Any]]) -> str:
    """A line each, that excludes the versions and says why in its comment."""
    lines = (
        f"{each['name']}!={',!='.join(each['versions'])}  # {each['advisory']}: it {each['did']}\n"
        for each in sorted(entries, key=lambda each: str(each["name"]))
    )
    return HEAD + "".join(lines)


if __name__ == "__main__":
    sys.exit(main())
