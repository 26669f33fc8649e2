"""Small projects of each manager, with direct dependencies and a first lock."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from .engine import MINOR, Tiny, tiny
from .template import ROOT
from .wheels import wheel

TABLE = ROOT / "questions" / "managers.json"
RATTLER = ROOT / "template" / "tools" / "env" / "managers" / "conda" / "rattler.txt"
PYPROJECT = f"""\
[project]
name = "tiny"  # a comment that must stay
version = "0.1.0"
requires-python = ">={MINOR}"
dependencies = ["beta"]

[dependency-groups]
dev = ["gamma"]
"""
ENVIRONMENT = f"""\
name: tiny
channels:
  - conda-forge
dependencies:
  - python={MINOR}.*
  - hello-native
"""


def table() -> dict[str, dict[str, str | list[str]]]:
    """What the question says of the managers, and their locks."""
    rows: dict[str, dict[str, str | list[str]]] = json.loads(TABLE.read_text())
    return rows


def make(manager: str, root: Path, wheelhouse: Path, environ: dict[str, str]) -> Tiny:
    """A project that asks for beta (and so alpha) and, to develop, for gamma: all are locked."""
    wheels = [
        wheel(wheelhouse, "alpha", "1.0"),
        wheel(wheelhouse, "beta", "2.0", requires=("alpha",)),
        wheel(wheelhouse, "gamma", "1.0"),
    ]
    locks = " ".join(table()[manager]["lock"])
    project = tiny(root, environ, manager=manager, lock=locks, python_minimum=MINOR)
    (root / "pyproject.toml").write_text(PYPROJECT)
    for name, some in (("requirements.txt", wheels[:2]), ("requirements-dev.txt", wheels)):
        (root / name).write_text("".join(each.line for each in some))
    if manager == "conda":
        (root / "environment.yml").write_text(ENVIRONMENT)
    return project


def uv(project: Tiny, *words: str) -> subprocess.CompletedProcess[str]:
    """uv itself, as a person calls it in the project."""
    argv = [project.environ["UV"], *words]
    return subprocess.run(
        argv, cwd=project.root, env=project.environ, capture_output=True, text=True, check=False
    )


@contextmanager
def serve_files(folder: Path) -> Iterator[str]:
    """The address of a web server on loopback over `folder`."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
