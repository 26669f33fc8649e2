"""Records what a shell hands to the programs it starts: probe.py TAG [STATUS].

One external program, so that every shell is observed in the same way.
"""

import json
import os
import shutil
import sys

tag, status = [*sys.argv[1:], "-"][:2]
with open(os.environ["PROBE_OUT"], "a", encoding="utf-8") as out:
    seen = {
        "tag": tag,
        "status": status,
        "env": dict(os.environ),
        "cwd": os.getcwd(),
        "python": shutil.which("python"),
    }
    out.write(json.dumps(seen) + "\n")
# What a terminal test waits for; the echo of the command that it typed does not look like it.
print("<<" + tag + ">>")
