# Owned by the template.
"""Runs of the starter: where they come from, side by side, as a page, and again.

    python tools/runs provenance FOLDER PART    # JSON for run.json, changes.patch: `train` calls it
    python tools/runs report FOLDER             # report.html: `train` calls it at the end
    python tools/runs compare [RUN ...] [--html [FILE]]
    python tools/runs reproduce RUN

Standard library only. Exit codes: 0 done or the same, 1 other figures, 2 wrong use, 3 could not.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from record import CouldNot, find


def main() -> int:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("tools/runs", description=__doc__, formatter_class=form)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("provenance")
    one.add_argument("folder", type=Path)
    one.add_argument("part", type=int)
    commands.add_parser("report").add_argument("folder", type=Path)
    side = commands.add_parser("compare")
    side.add_argument(
        "runs", nargs="*", metavar="RUN", help="default: all of the data of the newest"
    )
    side.add_argument("--html", nargs="?", type=Path, const=Path("runs/compare.html"))
    commands.add_parser("reproduce").add_argument("run", metavar="RUN")
    asked = parser.parse_args()
    try:  # each imports what it needs: a training waits for two of them
        if asked.command == "provenance":
            import provenance

            print(json.dumps(provenance.collect(asked.folder, asked.part)))
        elif asked.command == "report":
            import page

            (asked.folder / "report.html").write_text(page.of_run(asked.folder), encoding="utf-8")
        elif asked.command == "compare":
            import compare

            compare.show(asked.runs, asked.html)
        else:
            import reproduce

            return reproduce.again(find(asked.run))
    except CouldNot as error:
        print(f"error: {error}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
