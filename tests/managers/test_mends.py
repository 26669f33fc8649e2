"""The rows of conda for tests/project/test_mends.py: what is said is made to happen, and mended."""

from __future__ import annotations

import hashlib
import json
import platform
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.channel import NATIVE
from support.engine import Tiny
from support.index import failing
from support.mends import Case, Row, situation, tried

HERE = f"conda-{NATIVE[platform.machine()]}.txt"
SOLVE = "the lines above say why. Mend that"
INSTALL = "the lines above say why. When that"
ROWS: list[Row] = []


def prefix(it: Case) -> Path:
    return it.env / "conda"


def claim(it: Case, name: str, **values: object) -> None:
    """Change what the prefix says of a package, or of one more that is made up out of it."""
    record = next((prefix(it) / "conda-meta").glob("hello-native-*.json"))
    content = json.loads(record.read_text()) | {"name": name} | values
    record.with_name(f"{name}-1.1-0.json" if name != "hello-native" else record.name).write_text(
        json.dumps(content)
    )


def program(it: Case, text: str) -> None:
    """A conda of the user's own that does what `text` says; $4 is the prefix."""
    path = it.root.parent / "my-conda"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    it.environ["SEEDBED_CONDA"] = str(path)
    shutil.rmtree(it.env)


@situation("The conda packages are not locked")
def _(it: Case) -> Iterator[str]:
    shutil.rmtree(it.env)
    (it.root / HERE).unlink()
    yield "sync"


@situation("⟨file⟩ and pixi.lock do not belong")
def _(it: Case) -> Iterator[str]:
    shutil.rmtree(it.env)
    (it.root / "pixi.lock").write_text((it.root / "pixi.lock").read_text() + "# edited\n")
    yield "sync"


@situation("The Python of the conda prefix")
def _(it: Case) -> Iterator[str]:
    program(it, 'mkdir -p "$4/bin"; ln -s /bin/false "$4/bin/python"')
    yield "sync"
    del it.environ["SEEDBED_CONDA"]


@situation("An activation script of a conda package")
def _(it: Case) -> Iterator[str]:
    (prefix(it) / "etc" / "conda" / "activate.d" / "broken.sh").write_text("exit 3\n")
    yield "run -- true"


@situation("The Python of this project comes from conda")
def _(it: Case) -> Iterator[str]:
    yield "sync --python 3.12"
    it.shown = "sync"


@situation("⟨environment⟩ stands on conda packages")
def _(it: Case) -> Iterator[str]:
    yield "pack"
    it.shown = "check"


@situation("⟨path⟩ is too long")
def _(it: Case) -> Iterator[str]:
    it.environ["UV_PROJECT_ENVIRONMENT"] = f"{it.env}-{'x' * 240}"
    yield "sync"
    it.fill = {"/another/place": str(it.env)}


@situation("tools/env.cfg asks for Python ⟨version⟩, and pixi.lock")
def _(it: Case) -> Iterator[str]:
    shutil.rmtree(it.env)
    text = (it.root / HERE).read_text()
    (it.root / HERE).write_text(re.sub(r"/python-3[\d.]+-", "/python-3.1.2-", text))
    yield "sync"
    path = it.root / "environment.yml"
    path.write_text(path.read_text() + "# looked at\n")


@situation(f"environment.yml could not be solved; {SOLVE}")
def _(it: Case) -> Iterator[str]:
    it.edit("environment.yml", "hello-native", "helo-native")
    yield "lock"
    it.edit("environment.yml", "helo-native", "hello-native")


@situation(f"The conda channel or the package index could not be reached; {SOLVE}")
def _(it: Case) -> Iterator[str]:
    it.edit("environment.yml", "hello-native", "hello-native  # changed")
    right = it.environ["CONDA_CHANNEL_ALIAS"]
    shutil.rmtree(Path(it.environ["HOME"]) / ".cache" / "rattler")
    it.environ["CONDA_CHANNEL_ALIAS"] = "http://127.0.0.1:9"
    yield "lock"
    it.environ["CONDA_CHANNEL_ALIAS"] = right


@situation(f"The conda channel or the package index could not be reached; {INSTALL}")
def _(it: Case) -> Iterator[str]:
    shutil.rmtree(it.env)
    right = it.environ["CONDA_CHANNEL_ALIAS"]
    shutil.rmtree(Path(it.environ["HOME"]) / ".cache" / "rattler")
    it.environ["CONDA_CHANNEL_ALIAS"] = "http://127.0.0.1:9"
    yield "sync"
    it.environ["CONDA_CHANNEL_ALIAS"] = right


@situation(f"The conda packages could not be installed; {INSTALL}")
def _(it: Case) -> Iterator[str]:
    shutil.rmtree(it.env)
    right = it.environ["CONDA_CHANNEL_ALIAS"]
    shutil.rmtree(Path(it.environ["HOME"]) / ".cache" / "rattler")
    with failing("404") as it.environ["CONDA_CHANNEL_ALIAS"]:
        yield "sync"
    it.environ["CONDA_CHANNEL_ALIAS"] = right


@situation("The cache of conda packages cannot be used")
def _(it: Case) -> Iterator[str]:
    shutil.rmtree(it.env)
    it.environ["RATTLER_CACHE_DIR"] = "/dev/null"
    yield "sync"
    it.environ["RATTLER_CACHE_DIR"] = str(it.root.parent / "another-cache")


@situation("A conda package's file is not the one in the lock")
def _(it: Case) -> Iterator[str]:
    shutil.rmtree(it.env)
    shutil.rmtree(Path(it.environ["HOME"]) / ".cache" / "rattler")
    right = (it.root / "pixi.lock").read_text()
    sha256 = re.search(r"/hello-native-\S+\n\s+sha256: (\w+)", right)
    assert sha256
    it.edit("pixi.lock", sha256[1], "0" * 64)
    explicit = (it.root / HERE).read_text()
    digest = hashlib.sha256((it.root / "pixi.lock").read_bytes()).hexdigest()
    (it.root / HERE).write_text(re.sub(r"(?<=pixi\.lock: )\w+", digest, explicit))
    yield "sync"
    (it.root / "pixi.lock").write_text(right)
    (it.root / HERE).write_text(explicit)


@situation("SEEDBED_CONDA names ⟨program⟩")
def _(it: Case) -> Iterator[str]:
    shutil.rmtree(it.env)
    it.environ["SEEDBED_CONDA"] = "no-such-conda"
    yield "sync"
    del it.environ["SEEDBED_CONDA"]


@situation("⟨program⟩ could not make the conda prefix")
def _(it: Case) -> Iterator[str]:
    program(it, "exit 3")
    yield "sync"
    del it.environ["SEEDBED_CONDA"]


@situation("⟨package⟩ ⟨version⟩ of the conda prefix is not in the lock.")
def _(it: Case) -> Iterator[str]:
    claim(it, "stray", files=[], paths_data={"paths_version": 1, "paths": []})
    yield "check"


@situation("⟨package⟩ of the conda prefix is ⟨version⟩, locked")
def _(it: Case) -> Iterator[str]:
    claim(it, "hello-native", version="1.0")
    yield "check"


@situation("⟨package⟩ ⟨version⟩ of the conda prefix came from")
def _(it: Case) -> Iterator[str]:
    claim(it, "hello-native", md5="0" * 32)
    yield "check"


@situation("⟨package⟩ ⟨version⟩ is not installed in the conda prefix.")
def _(it: Case) -> Iterator[str]:
    next((prefix(it) / "conda-meta").glob("hello-native-*.json")).unlink()
    yield "check"


@situation("⟨file⟩ of ⟨package⟩ in the conda prefix was changed")
def _(it: Case) -> Iterator[str]:
    (prefix(it) / "share" / "hello" / "readme.txt").write_text("edited")
    yield "check"


@situation("⟨file⟩ of ⟨package⟩ in the conda prefix is gone.")
def _(it: Case) -> Iterator[str]:
    (prefix(it) / "bin" / "hello-native").unlink()
    yield "check"


@situation("environment.yml has changed since")
def _(it: Case) -> Iterator[str]:
    it.edit("environment.yml", "hello-native", "hello-native  # changed again")
    yield "check"


@situation("⟨environment⟩ does not see")
def _(it: Case) -> Iterator[str]:
    it.edit("environment.yml", "dependencies:\n", "dependencies:\n  - tinypure\n")
    it.project.run("lock")
    it.project.sync()
    it.edit(".venv/pyvenv.cfg", "packages = true", "packages = false")
    yield "check"


@pytest.mark.thorough
def test_what_is_named_mends(by_conda: Tiny, wheelhouse: Path, subtests: pytest.Subtests) -> None:
    """One project for all: each row leaves it well for the next."""
    by_conda.sync()
    for row in ROWS:
        with subtests.test(row.says):
            case = Case(Tiny(by_conda.root, dict(by_conda.environ)), wheelhouse)
            tried(case, row)
