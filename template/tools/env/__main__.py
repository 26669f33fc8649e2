"""`python tools/env COMMAND`: makes the folder importable as the package `env`, then hands over."""

import os
import signal
import sys

# Plain syntax up to here, so that an old Python can say this and not trip over something.
if sys.version_info < (3, 9):  # noqa: UP036
    sys.exit(
        "error: tools/env needs Python 3.9 or newer, and this is %d.%d. "  # noqa: UP031
        "Run it with a newer one: python3 tools/env sync" % sys.version_info[:2]
    )

# Until the command line takes over, nothing has begun: Ctrl-C just ends it, without a traceback.
if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

# Python put this folder itself first on the path; its modules must be found as env.X, so that
# none of them can stand in for a module of the standard library.
sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from env.cli import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
