"""Copier as the tests call it: all that it does is done, and not done again and again.

For each render Copier compiles 900 small templates, the same ones as for the render before, and
starts git for each file: two thirds of its time. An update renders up to eight times, in Copier and
in the template's hooks. Here a template is compiled once in a process, git is not asked, and a hook
goes on in a copy of Copier's process, which has compiled them. Nothing that is rendered depends on
that: tests/render/test_files.py compares with the command itself.
"""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
import traceback
from collections.abc import Hashable
from contextvars import Context
from functools import wraps
from pathlib import Path
from types import CodeType, SimpleNamespace
from typing import Any, NoReturn
from unittest.mock import patch

import jinja2
from copier import _main

COMMAND = [sys.executable, "-P", str(Path(__file__).resolve())]
"""`copier`, for a test that starts it as a process and in which the start is not what is tested."""


def spare() -> None:
    """Let this process do each of them once."""
    whole = jinja2.Environment.compile
    compiled: dict[Hashable, CodeType] = {}

    @wraps(whole)
    def once(self: jinja2.Environment, source: str, name: Any = None, filename: Any = None) -> Any:
        # Jinja has one lexer for each set of delimiters and rules.
        key = (type(self), self.lexer, tuple(self.extensions), source, name)
        if key not in compiled:
            compiled[key] = whole(self, source, name, filename)
        return compiled[key]

    patch.object(jinja2.Environment, "compile", once).start()
    # Only where a repository has core.fileMode=false does it do anything.
    patch.object(_main.Worker, "_sync_git_index_executable_bit", lambda *_: None).start()


def hooks_here() -> None:
    """Let a task that is a Python script go on in a copy of this process, which has one thread."""

    def run(argv: Any, **options: Any) -> subprocess.CompletedProcess[Any]:
        if argv[:2] != [sys.executable, "-B"]:
            return subprocess.run(argv, **options)
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            _become(argv[2:], options["env"])
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        return subprocess.CompletedProcess(argv, code)

    patch.object(_main, "subprocess", SimpleNamespace(run=run)).start()


def _become(argv: list[str], environ: dict[str, str]) -> NoReturn:
    """What `python -B SCRIPT ARGUMENTS` does."""
    code: Any = 1
    try:
        os.environ.clear()
        os.environ.update(environ)
        sys.argv, sys.dont_write_bytecode = argv, True
        sys.path.insert(0, str(Path(argv[0]).parent))
        # Without what Copier notes for itself, such as that this is an update.
        Context().run(runpy.run_path, argv[0], run_name="__main__")
        code = 0
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


if __name__ == "__main__":
    from copier._cli import CopierApp

    spare()
    if hasattr(os, "fork"):
        hooks_here()
    CopierApp.run()
