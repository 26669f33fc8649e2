"""`make refresh`: sets the cutoff of libraries.yml to where the window begins, or to a named day.

    python catalogue/refresh.py [YYYY-MM-DD]

A new cutoff lets go of all versions at the next `make lock`. What is named as `newest` and is not
younger than the cutoff any more is taken out.
"""

from __future__ import annotations

import re
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

LIBRARIES = Path(__file__).with_name("libraries.yml")


def main(words: list[str]) -> int:
    text = LIBRARIES.read_text(encoding="utf-8")
    last = datetime.now(UTC).date() - window(text)
    day = date.fromisoformat(words[0]) if words else last
    if day > last:
        print(f"{day} is younger than the window of libraries.yml; the last day is {last}.")
        return 2
    LIBRARIES.write_text(with_cutoff(text, day), encoding="utf-8", newline="\n")
    return 0


def window(text: str) -> timedelta:
    """How old a package of the catalogue must be."""
    found = re.search(r'^window: "(\d+) days"$', text, re.MULTILINE)
    assert found, "libraries.yml has a window in whole days"
    return timedelta(days=int(found[1]))


def with_cutoff(text: str, day: date) -> str:
    """libraries.yml with another cutoff, everything else as it stands."""
    text = re.sub(r"^cutoff: .*$", f'cutoff: "{day}T00:00:00Z"', text, flags=re.MULTILINE)
    head, newest, rest = re.split(
        r"^(newest:.*\n(?:  .*\n)*)", text, maxsplit=1, flags=re.MULTILINE
    )
    young = [
        line for line in newest.splitlines()[1:] if re.split(r'"', line)[1] > f"{day}T00:00:00Z"
    ]
    return head + "\n".join(["newest:" if young else "newest: {}", *young]) + "\n" + rest


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
