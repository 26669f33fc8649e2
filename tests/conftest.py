"""Fixtures for all tests; what they are made of is in support/."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.channel import build
from support.engine import Tiny, loopback_environ, tiny
from support.index import serve
from support.managers import serve_files
from support.template import make_template
from support.wheels import Wheel, wheel

LONG_FIRST = ("project", "update", "docs", "managers", "render", "shells", "unit")
"""The folders of the tests, those with the longest files first; the frameworks above all."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give out long files first (those of few tests, in a folder), so that none is left at the end.

    A file goes to one process as a whole, see the Makefile.
    """
    tests = Counter(item.path for item in items)
    place = {folder: number for number, folder in enumerate(LONG_FIRST)}
    items.sort(key=lambda item: (place.get(item.path.parent.name, -1), tests[item.path]))


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The working tree as a template, tagged v1.0.0. Tests that change it make their own."""
    return make_template(tmp_path_factory.mktemp("template") / "seedbed")


@pytest.fixture(scope="session")
def channel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a conda channel in it; a test that changes it copies it."""
    if platform.system() != "Linux":
        pytest.skip("the conda channel of the tests is made of a Linux Python")
    return build(tmp_path_factory.mktemp("channels")).parent


@pytest.fixture
def mirror(channel: Path) -> Iterator[str]:
    """A company's mirror of the channel, on loopback."""
    with serve_files(channel) as address:
        yield address


@pytest.fixture
def wheelhouse(tmp_path: Path) -> Path:
    """The folder that the index serves."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    return folder


@pytest.fixture
def index(wheelhouse: Path) -> Iterator[str]:
    """The address of a package index on loopback."""
    with serve(wheelhouse) as address:
        yield address


@pytest.fixture
def alpha(wheelhouse: Path) -> Wheel:
    return wheel(wheelhouse, "alpha", "1.0")


@pytest.fixture
def beta(wheelhouse: Path) -> Wheel:
    return wheel(wheelhouse, "beta", "2.0", requires=("alpha",))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home of its own, so that nothing of the person who runs the tests plays a part."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def environ(home: Path, index: str, tmp_path: Path) -> dict[str, str]:
    """Variables that point uv and pip at the loopback index, with caches of their own."""
    return loopback_environ(tmp_path, index)


@pytest.fixture
def project(tmp_path: Path, environ: dict[str, str], alpha: Wheel, beta: Wheel) -> Tiny:
    """A project whose lock has alpha and beta; it has no environment yet."""
    made = tiny(tmp_path / "project", environ)
    made.lock(alpha, beta)
    return made


@pytest.fixture
def ready(project: Tiny) -> Tiny:
    """The same with its environment."""
    project.sync()
    return project
