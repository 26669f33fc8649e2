# Owned by the template and the same in every project: change it there, not here.
#
# Enters this project's Python environment, and offers to make it first:   source activate.xsh
# Leave it with: deactivate. For xonsh. The work is done by tools/enter.py; what does not depend on
# the shell is in tools/enter.sh, on Windows in activate.bat.
_seedbed = {"root": __import__("pathlib").Path(__file__).parent}
try:
    _seedbed["text"] = (_seedbed["root"] / "tools" / "enter.py").read_text(encoding="utf-8")
    (_seedbed["root"] / "tools" / "env.cfg").stat()
except OSError:
    print(
        "activate.xsh: No tools/env.cfg beside this file. "
        "Go to the project first, then:  source activate.xsh",
        file=__import__("sys").stderr,
    )
    del _seedbed
    raise SystemExit(1)
exec(compile(_seedbed["text"], "tools/enter.py", "exec"), _seedbed)
if not _seedbed["enter"](_seedbed["root"]):
    del _seedbed
    raise SystemExit(1)
del _seedbed
