# Owned by the template and the same in every project: change it there, not here.
#
# Enters this project's Python environment, and offers to make it first:   source activate.xsh
# Leave it with: deactivate. For xonsh. What does not depend on the shell is in tools/enter.sh,
# on Windows in activate.bat.


def _seedbed_enter(root):
    """0 when the environment was entered, else 1."""
    import os
    import subprocess
    import sys

    variables = __xonsh__.env
    if not os.access(os.path.join(root, "tools", "env.cfg"), os.R_OK):
        print(
            "activate.xsh: No tools/env.cfg beside this file. "
            "Go to the project first, then:  source activate.xsh",
            file=sys.stderr,
        )
        return 1
    if os.name == "nt":
        argv = ["cmd", "/c", os.path.join(root, "activate.bat"), "/look", "activate.xsh"]
    else:
        argv = ["/bin/sh", "--", os.path.join(root, "tools", "enter.sh"), root, "activate.xsh"]
    done = subprocess.run(argv, env=variables.detype(), stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:
        return 1
    name, programs = os.fsdecode(done.stdout).rstrip("\r\n").split(" ", 1)
    env = os.path.dirname(programs)

    # what is active now, be it this one, cleans up after itself
    if "VIRTUAL_ENV" in variables and callable(aliases.get("deactivate")):
        aliases["deactivate"](["nondestructive"])
    # entered in a parent shell, so the variables are here and the alias was not: leave it
    if variables.get("VIRTUAL_ENV") == env:
        for key in ("VIRTUAL_ENV", "VIRTUAL_ENV_PROMPT"):
            variables.pop(key, None)
        if programs in variables["PATH"]:
            variables["PATH"].remove(programs)

    before = {}

    def change(key, value):
        before[key] = variables.get(key)
        if value is not None:
            variables[key] = value
        elif key in variables:
            del variables[key]

    entries = [programs]
    scripts = os.path.join(env, "conda", "etc", "conda")
    change("VIRTUAL_ENV", env)
    change("VIRTUAL_ENV_PROMPT", f"({name}) ")  # the field env_name of $PROMPT shows it as it is
    change("PYTHONHOME", None)
    if os.path.isdir(os.path.join(env, "conda", "conda-meta")):  # what it stands on
        change("CONDA_PREFIX", os.path.join(env, "conda"))
        change("CONDA_DEFAULT_ENV", name)
        inner = ["bin"]
        if os.name == "nt":
            inner = ["", "Library/mingw-w64/bin", "Library/usr/bin", "Library/bin", "Scripts"]
        entries += [os.path.normpath(os.path.join(env, "conda", each)) for each in inner]
    for at, each in enumerate(entries):
        variables["PATH"].insert(at, each)

    def packages(verb):
        """Read the scripts of conda packages for `verb`."""
        folder = os.path.join(scripts, verb + ".d")
        for script in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
            if script.endswith(".xsh"):
                aliases["source"]([os.path.join(folder, script)])

    def deactivate(args=()):
        packages("deactivate")
        for each in entries:  # PATH may have changed since
            if each in variables["PATH"]:
                variables["PATH"].remove(each)
        for key, value in list(before.items()):
            change(key, value)
        if "nondestructive" not in args:
            del aliases["deactivate"]

    aliases["deactivate"] = deactivate
    packages("activate")
    return 0


_seedbed_code = _seedbed_enter(__import__("os").path.dirname(__file__) or ".")
del _seedbed_enter
if _seedbed_code:
    del _seedbed_code
    raise SystemExit(1)
del _seedbed_code
