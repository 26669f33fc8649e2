"""Projects of real size, with the packages of the public index out of the shared cache."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from .copying import COMMAND
from .engine import MINOR, Tiny, clean_environ, shared_cache
from .index import serve
from .template import render


def cached_environ(home: Path, **more: str) -> dict[str, str]:
    return clean_environ(home, UV_CACHE_DIR=shared_cache(), **more)


def rendered(template: Path, place: Path, home: Path, **answers: Any) -> Tiny:
    """A project without environment, for the Python that runs the tests."""
    project = render(template, place, **{"python_version": MINOR, **answers})
    return Tiny(project, cached_environ(home))


def copied(template: Path, place: Path, environ: dict[str, str], **answers: Any) -> Tiny:
    """A project made as a user makes it, hooks and all; it must work. Its name as by `render`."""
    answers = {"project_name": "My project", **answers}
    data = [
        f"{key}={value if isinstance(value, str) else json.dumps(value)}"
        for key, value in answers.items()
    ]
    argv = [*COMMAND, "copy", "--quiet", "--defaults", "--trust"]
    argv += [word for each in data for word in ("--data", each)] + [str(template), str(place)]
    strict = {**environ, "SEEDBED_STRICT": "1"}
    done = subprocess.run(argv, env=strict, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return Tiny(place, environ)


def inside(project: Tiny, *words: str) -> str:
    """What a command prints in the environment; it must work."""
    done = project.run("run", "--", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def serve_torch(folder: Path) -> AbstractContextManager[str]:
    """The address of an index of that folder, the same one each time if it can be: a cache goes by
    the address, and keeps 700 MB for each."""
    return serve(folder, port=28671)


def cpu_torch() -> Path | None:
    """The folder with a build of PyTorch for CPUs and this Python, where pip was told of one."""
    argv = [sys.executable, "-m", "pip", "config", "list"]
    told = subprocess.run(argv, capture_output=True, text=True, check=False).stdout
    lines = [line.partition("=")[2] for line in told.splitlines() if "find-links" in line]
    places = f"{os.environ.get('PIP_FIND_LINKS', '')} {' '.join(lines)}".replace("'", " ").split()
    tag = f"cp{MINOR.replace('.', '')}"
    for place in map(Path, places):
        if any(place.glob(f"torch-*+cpu-{tag}-{tag}-*{os.uname().machine}.whl")):
            return place
    return None
