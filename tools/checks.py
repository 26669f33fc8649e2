"""`make pages`: docs/checks.md, who reports what when an environment differs from its lock.

Each row is measured: an environment is changed and every tool is asked. The changes and the tools
are those of the tests (tests/support), which make each row again and compare it with the page.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from support.other_tools import ROWS, look, prepared, table
from support.template import ROOT

PAGE = ROOT / "docs" / "checks.md"
HEAD = """\
# What `check` catches

An environment can differ from its lock in ways that a list of versions does not show. `make pages`
makes each difference of this table in a small project, asks every tool, and writes down who
reported it. A test does the same for each row.

"""
TAIL = """
How each was asked:

- `pip check`, `uv pip check`: whether packages miss each other. They know no lock.
- `pip freeze`: its lines compared with those of the lock.
- `pip install --dry-run`: with `--require-hashes` and the lock, whether it would install something.
- `uv pip sync --check`, `uv sync --check`: with the lock, whether they would change something.
- RECORD: hash every file that an installed package lists, and look for files that none lists.
- `check --fast` and `check`: ours, with the codes that they give. Every code and every sentence is
  in [Whatever goes wrong](errors.md#differences).

`check --fast` takes a file as whole when its size is right and it was not written since it was
installed. So it misses the last row, an edit that puts back the size and the time of the file.
`check` hashes every file and misses nothing here. `sync` looks as `check --fast` does, and
`sync --full` as `check` does.

A clean environment is silent, also after what people do in it: imports, `pytest`, a notebook,
`python -m compileall`, training.
"""


def main() -> int:
    cells = {}
    for name, drift in ROWS.items():
        with tempfile.TemporaryDirectory() as place, prepared(Path(place)) as (project, wheelhouse):
            cells[name] = look(project, wheelhouse, drift)
        print(f"{name}: {', '.join(filter(None, cells[name])) or 'nobody'}")
    PAGE.write_text(HEAD + table(cells) + TAIL, encoding="utf-8")
    print(f"docs/{PAGE.name}: written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
