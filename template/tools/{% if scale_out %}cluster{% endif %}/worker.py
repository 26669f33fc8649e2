# Owned by the template.
"""A command in this environment, where it is the launcher's: what each worker of a cluster runs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import environment
from tie import end, tie


def work(source: str, command: Sequence[str]) -> int:
    """Run the command where this environment is the one that `source` tells of; its exit code.

    A file: the command takes the place of this process, and gets its signals. "-": the first line
    of standard input; once that is closed, whoever started this is gone, and the command is told
    to end. Raises CouldNot where the environment is another one.
    """
    text = sys.stdin.readline() if source == "-" else Path(source).read_text(encoding="utf-8")
    environment.hold(json.loads(text))
    argv = [sys.executable, "tools/env", "run", "--", *command]
    if source == "-":
        return _tied(argv)
    if os.name != "nt":
        os.execv(argv[0], argv)
    return subprocess.call(argv)


def _tied(argv: Sequence[str]) -> int:
    """The exit code of a command that ends, with all that it started, when standard input does."""
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, start_new_session=True) as child:
        signal.signal(signal.SIGTERM, lambda *_: end(child.pid))
        with tie(child.pid) as tied:
            code = child.wait()
            tied.kill()
    end(child.pid, "SIGKILL")  # what it left running
    return code if code >= 0 else 128 - code
