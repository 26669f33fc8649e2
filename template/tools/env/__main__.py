"""`python tools/env COMMAND`: makes the folder importable as the package `env`, then hands over."""

import sys
from pathlib import Path

# Python put this folder itself first on the path; its modules must be found as env.X, so that
# none of them can stand in for a module of the standard library.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

from env.cli import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
