"""Stands in for tools/env where only the shell's part is tested: `sync` makes and stamps .venv.

What a helper asks is for the engine itself.
"""

import hashlib
import json
import runpy
import sys
import venv
from pathlib import Path

if sys.argv[1:] != ["sync"]:
    runpy.run_path(str(Path(__file__).with_name("engine.py")), run_name="__main__")
    sys.exit(2)
root = Path(__file__).resolve().parents[2]
print("engine: making it")
env = root / ".venv"
venv.create(env, with_pip=False, clear=True)
lock = hashlib.sha256((root / "requirements-dev.txt").read_bytes()).hexdigest()
(env / ".seedbed").mkdir()
(env / ".seedbed" / "stamp").write_text(f"project={root}\nlock={lock}\n")
manifest = json.loads(Path(__file__).with_name("manifest.json").read_text())
(env / ".seedbed" / "manifest.json").write_text(json.dumps({**manifest, "lock": lock}))
