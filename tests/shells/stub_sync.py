"""Stands in for the engine's `sync`: makes and stamps .venv."""

import hashlib
import json
import venv
from pathlib import Path

root = Path(__file__).resolve().parents[2]
print("engine: making it")
env = root / ".venv"
venv.create(env, with_pip=False, clear=True)
lock = hashlib.sha256((root / "requirements-dev.txt").read_bytes()).hexdigest()
(env / ".seedbed").mkdir()
(env / ".seedbed" / "stamp").write_text(f"project={root}\nlock={lock}\n")
manifest = json.loads(Path(__file__).with_name("manifest.json").read_text())
(env / ".seedbed" / "manifest.json").write_text(json.dumps({**manifest, "lock": lock}))
