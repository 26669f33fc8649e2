"""`python tools/env COMMAND`: makes the folder importable as the package `env`, then hands over."""

import sys

# Plain syntax in the whole file, so that an old Python, also 2.7, can say this and not trip.
if sys.version_info < (3, 9):  # noqa: UP036
    if sys.argv[1:2] == ["shell"]:
        sys.exit(3)  # the activation helper that asks tries the next Python
    sys.exit(
        "error: tools/env needs Python 3.9 or newer, and this is %d.%d. "  # noqa: UP031
        "Install a newer one, and name it: python3.12 tools/env sync" % sys.version_info[:2]
    )

# Nothing of the engine, of the project or of PYTHONPATH may stand in for the standard library. Both
# of these modules are there already, since Python needs them to start a folder.
import importlib.util
import os

HERE = os.path.dirname(os.path.abspath(__file__))
_FOREIGN = [os.path.abspath(path) for path in os.environ.get("PYTHONPATH", "").split(os.pathsep)]
sys.path[:] = [path for path in sys.path[1:] if path not in _FOREIGN]

import gc  # noqa: E402
import signal  # noqa: E402

# Until the command line takes over, nothing has begun: Ctrl-C just ends it, without a traceback.
if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

# File names are UTF-8 here, whatever a locale says: packages have theirs, and so has the project.
if sys.getfilesystemencoding() != "utf-8":
    _FLAGS = ["-I", "-X", "utf8"] + ["-B"] * sys.dont_write_bytecode
    os.execv(sys.executable, [sys.executable] + _FLAGS + [HERE] + sys.argv[1:])  # noqa: RUF005

_SPEC = importlib.util.spec_from_file_location(
    "env", os.path.join(HERE, "__init__.py"), submodule_search_locations=[HERE]
)
assert _SPEC is not None
sys.modules["env"] = importlib.util.module_from_spec(_SPEC)

gc.disable()  # a command is over before what it read in is worth a search for what can be freed

if __name__ == "__main__":
    if sys.argv[1:2] == ["shell"]:  # asked at each activation: it imports little
        from env.shells import main as answer

        sys.exit(answer(sys.argv[2:]))
    from env.cli import main

    sys.exit(main())
