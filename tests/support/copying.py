"""Copier as the tests call it: what it does is done, and not done again and again.

For each render Copier compiles 900 small templates, the same ones as for the render before, and
starts git for each file. That is two thirds of its time, and there are hundreds of renders. Nothing
that is rendered depends on either: tests/render/test_files.py compares with the command itself.
"""

from __future__ import annotations

import sys
from collections.abc import Hashable
from functools import wraps
from pathlib import Path
from types import CodeType
from typing import Any
from unittest.mock import patch

import jinja2
from copier import _main

COMMAND = [sys.executable, "-P", str(Path(__file__).resolve())]
"""`copier`, for a test that starts it as a process and in which the start is not what is tested."""


def spare() -> None:
    """Let this process, and none that it starts, do each of them once."""
    whole = jinja2.Environment.compile
    compiled: dict[Hashable, CodeType] = {}

    @wraps(whole)
    def once(self: jinja2.Environment, source: str, name: Any = None, filename: Any = None) -> Any:
        # Jinja has one lexer for each set of delimiters and rules.
        key = (self.lexer, tuple(self.extensions), source, name)
        if key not in compiled:
            compiled[key] = whole(self, source, name, filename)
        return compiled[key]

    patch.object(jinja2.Environment, "compile", once).start()
    # Only where a repository has core.fileMode=false does it do anything.
    patch.object(_main.Worker, "_sync_git_index_executable_bit", lambda *_: None).start()


if __name__ == "__main__":
    from copier._cli import CopierApp

    spare()
    CopierApp.run()
