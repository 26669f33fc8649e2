"""`make refresh`: sets the cutoff of libraries.yml to the beginning of today, or of a named day.

    python catalogue/refresh.py [YYYY-MM-DD]

A new cutoff lets go of all versions at the next `make lock`.
"""

from __future__ import annotations

import re
import sys
from datetime import UTC, date, datetime
from pathlib import Path

LIBRARIES = Path(__file__).with_name("libraries.yml")


def main(words: list[str]) -> int:
    day = date.fromisoformat(words[0]) if words else datetime.now(UTC).date()
    text = LIBRARIES.read_text(encoding="utf-8")
    LIBRARIES.write_text(with_cutoff(text, day), encoding="utf-8", newline="\n")
    return 0


def with_cutoff(text: str, day: date) -> str:
    """libraries.yml with another cutoff, everything else as it stands."""
    return re.sub(r"^cutoff: .*$", f'cutoff: "{day}T00:00:00Z"', text, flags=re.MULTILINE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
