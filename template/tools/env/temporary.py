"""A folder for drafts, outside the project, that is gone however the command ends."""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def temporary_folder(prefix: str) -> Iterator[Path]:
    """An empty folder of the system's temporary files, removed at the end.

    uv looks upwards for workspaces and settings, and anybody can put some into the system's folder
    for temporary files: what it meets first ends its search. A signal that stops the command waits
    while the folder is made or removed: between the two steps of tempfile.TemporaryDirectory it
    would be left behind.
    """
    _hold()
    try:
        folder = Path(tempfile.mkdtemp(prefix=prefix))
        try:
            (folder / "pyproject.toml").write_text("[tool.uv.workspace]\n", encoding="utf-8")
            (folder / "draft").mkdir()
            _let_go()
            yield folder / "draft"
        finally:
            try:
                _hold()
            finally:
                shutil.rmtree(folder)
    finally:
        _let_go()


if sys.platform == "win32":  # whose Ctrl-C cannot wait

    def _hold() -> None:
        pass

    _let_go = _hold

else:
    _STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def _hold() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)

    def _let_go() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
