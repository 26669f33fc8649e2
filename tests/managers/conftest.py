"""One project for each manager; what conda needs is fetched and built once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from support.engine import Tiny
from support.managers import RATTLER, make, table


@pytest.fixture(scope="session")
def rattler_wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What handles conda packages, as wheels: from the real index, hashes checked."""
    folder = tmp_path_factory.mktemp("rattler")
    words = ["download", "--quiet", "--require-hashes", "--no-deps", "--only-binary", ":all:"]
    argv = [sys.executable, "-m", "pip", *words, "-d", str(folder), "-r", str(RATTLER)]
    subprocess.run(argv, check=True, capture_output=True)
    return folder


class Unpacked(NamedTuple):
    """The same, unpacked once for all tests."""

    cache: Path
    """A cache of uv's that holds them."""

    library: Path
    """A directory that they are importable from."""


@pytest.fixture(scope="session")
def unpacked(rattler_wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Unpacked:
    found = Unpacked(tmp_path_factory.mktemp("uv-cache"), tmp_path_factory.mktemp("library"))
    argv = [str(Path(sys.executable).with_name("uv")), "pip", "install", "--no-index"]
    argv += ["--find-links", str(rattler_wheels), "--target", str(found.library)]
    environ = {**os.environ, "UV_CACHE_DIR": str(found.cache), "UV_PYTHON_DOWNLOADS": "never"}
    argv += ["-r", str(RATTLER), "--python", sys.executable]
    subprocess.run(argv, env=environ, check=True)
    return found


@pytest.fixture
def conda_environ(
    request: pytest.FixtureRequest, environ: dict[str, str], wheelhouse: Path, mirror: str
) -> dict[str, str]:
    """Variables that lead to that mirror, and an index with what handles conda packages."""
    for each in request.getfixturevalue("rattler_wheels").iterdir():
        os.link(each, wheelhouse / each.name)
    cache = request.getfixturevalue("unpacked").cache
    shutil.copytree(cache, environ["UV_CACHE_DIR"], copy_function=os.link, symlinks=True)
    return {**environ, "CONDA_CHANNEL_ALIAS": mirror}


# what conda does takes seconds each time
ROWS = [pytest.param(name, marks=[pytest.mark.thorough] * (name == "conda")) for name in table()]


@pytest.fixture(params=ROWS)
def managed(request: pytest.FixtureRequest, tmp_path: Path, wheelhouse: Path) -> Tiny:
    """A project of each manager; it has no environment yet."""
    environ = request.getfixturevalue("conda_environ" if request.param == "conda" else "environ")
    return make(request.param, tmp_path / "a project", wheelhouse, environ)


@pytest.fixture
def made(managed: Tiny) -> Tiny:
    """The same with its environment."""
    managed.sync()
    return managed


@pytest.fixture
def by_uv(tmp_path: Path, wheelhouse: Path, environ: dict[str, str]) -> Tiny:
    return make("uv", tmp_path / "a project", wheelhouse, environ)


@pytest.fixture
def by_conda(tmp_path: Path, wheelhouse: Path, conda_environ: dict[str, str]) -> Tiny:
    return make("conda", tmp_path / "a project", wheelhouse, conda_environ)
