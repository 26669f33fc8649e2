"""`make audit`: the catalogue and our tools against advisories, as `poe audit` does in a project.

catalogue/accepted-vulnerabilities.txt lists those that are accepted.
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
    with tempfile.TemporaryDirectory() as scratch:
        catalogue = Path(scratch) / "catalogue.txt"
        catalogue.write_text("\n".join(lock["packages"]) + "\n", encoding="utf-8")
        argv = [sys.executable, str(ROOT / "template" / "tools" / "audit.py"), "--accepted"]
        argv += [str(ACCEPTED), str(catalogue), str(ROOT / "requirements.txt"), *sys.argv[1:]]
        return subprocess.run(argv, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
