"""`make audit`: known vulnerabilities of the catalogue and of the template's tools, by pip-audit.

catalogue/accepted-vulnerabilities.txt lists those that are accepted, an identifier and a reason a
line. Exit code 1 where there is another one.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ACCEPTED = ROOT / "catalogue" / "accepted-vulnerabilities.txt"


def main() -> int:
    lock = json.loads((ROOT / "catalogue" / "lock.json").read_text(encoding="utf-8"))
    names = accepted(ACCEPTED.read_text(encoding="utf-8"))
    ignored = [word for name in names for word in ("--ignore-vuln", name)]
    with tempfile.TemporaryDirectory() as scratch:
        failed = 0
        for number, pins in enumerate(worlds(list(lock["packages"]))):
            path = Path(scratch) / f"{number}.txt"
            path.write_text("\n".join(pins) + "\n", encoding="utf-8")
            failed |= _audit(path, ignored)
    return failed | _audit(ROOT / "requirements.txt", ignored)


def worlds(pins: list[str]) -> list[list[str]]:
    """The pins in lists that name no package twice: pip-audit takes one version of each."""
    lists: list[dict[str, str]] = []
    for pin in pins:
        name = pin.partition("==")[0]
        free = next((each for each in lists if name not in each), None)
        if free is None:
            lists.append(free := {})
        free[name] = pin
    return [list(each.values()) for each in lists]


def accepted(text: str) -> list[str]:
    """The identifiers in the list of accepted vulnerabilities; `#` begins a comment."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [line.split()[0] for line in lines if line]


def _audit(requirements: Path, ignored: list[str]) -> int:
    argv = [sys.executable, "-m", "pip_audit", "--no-deps", "--disable-pip", "--strict"]
    done = subprocess.run([*argv, "--requirement", str(requirements), *ignored], check=False)
    return int(done.returncode != 0)


if __name__ == "__main__":
    sys.exit(main())
