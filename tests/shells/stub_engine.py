"""Stands in for tools/env where only the shell's part is tested: `sync` makes and stamps .venv."""

import hashlib
import sys
import venv
from pathlib import Path

root = Path(__file__).resolve().parents[2]
if sys.argv[1:] != ["sync"]:
    sys.exit(2)
print("engine: making it")
env = root / ".venv"
venv.create(env, with_pip=False, clear=True)
lock = hashlib.sha256((root / "requirements-dev.txt").read_bytes()).hexdigest()
(env / ".seedbed").mkdir()
(env / ".seedbed" / "stamp").write_text(f"project={root}\nlock={lock}\n")
(env / ".seedbed" / "manifest.json").write_text("{}\n")
