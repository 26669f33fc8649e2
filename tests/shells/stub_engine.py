"""Stands in for tools/env where only the shell's part is tested.

What a helper asks is for the engine itself, which lies beside this as engine.py; `sync` is for
stub_sync.py.
"""

import runpy
import sys
from pathlib import Path

PART = "stub_sync.py" if sys.argv[1:] == ["sync"] else "engine.py"
runpy.run_path(str(Path(__file__).with_name(PART)), run_name="__main__")
