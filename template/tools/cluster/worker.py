# Owned by the template.
"""A command in this environment, where it is the launcher's: what each worker of a cluster runs."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import environment

PATIENCE = 30.0
"""Seconds to write a checkpoint in, before what was told to end is killed."""


def work(source: str, command: Sequence[str], *, fast: bool) -> int:
    """Run the command where this environment is the one that `source` tells of; its exit code.

    A file: the command takes the place of this process, and gets its signals. "-": the first line
    of standard input; once that is closed, whoever started this is gone, and the command is told
    to end. Raises CouldNot where the environment is another one.
    """
    text = sys.stdin.readline() if source == "-" else Path(source).read_text(encoding="utf-8")
    environment.hold(json.loads(text), fast=fast)
    argv = [sys.executable, "tools/env", "run", "--", *command]
    if source == "-":
        return _tied(argv)
    if os.name != "nt":
        os.execv(argv[0], argv)
    return subprocess.call(argv)


def _tied(argv: Sequence[str]) -> int:
    """The exit code of a command that ends, with all that it started, when standard input does."""
    child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, start_new_session=True)

    def watch() -> None:
        while os.read(0, 1024):  # past the buffer, whose lock would outlive this thread
            pass
        _end(child)

    signal.signal(signal.SIGTERM, lambda *_: _end(child))
    threading.Thread(target=watch, daemon=True).start()
    code = child.wait()
    _signal(child, "SIGKILL")  # what it left running
    return code if code >= 0 else 128 - code


def _end(child: subprocess.Popen[bytes]) -> None:
    _signal(child, "SIGTERM")
    timer = threading.Timer(PATIENCE, _signal, [child, "SIGKILL"])
    timer.daemon = True
    timer.start()


def _signal(child: subprocess.Popen[bytes], name: str) -> None:
    """To the command and to all that it started; where there are no groups, to it alone."""
    with contextlib.suppress(OSError):
        if os.name == "nt":
            child.kill()
        else:
            os.killpg(child.pid, getattr(signal, name))
