"""Files of a project with anything in them: a sentence may come of it, and nothing else.

A project comes from somewhere, by git or by mail, and its files are read before anybody has looked
at them. What reads one may refuse it (EnvError, or the ValueError that its caller makes one of).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import engine as hook
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.engine import tiny

from env import manifest, state
from env.errors import EnvError
from env.markers import applies, facts_of
from env.project import Project, load
from env.pyproject import asked, unlocked, whole
from env.requirements import locked, notes, pins_of, proven
from env.window import noted

DEEP = 5000
LINUX = facts_of(("linux", "x86_64"), "3.12")
LOCK = "alpha==1.0 ; python_version < '4' \\\n    --hash=sha256:00\nbeta @ git+https://x/y@abc\n"
PYPROJECT = """\
[project]
name = "p"
dependencies = ["alpha>=1", "beta @ file:///b"]
[dependency-groups]
dev = ["gamma", {include-group = "dev"}]
[tool.uv]
exclude-newer = "7 days"
sources.beta = {path = "../b"}
"""
SETTINGS = "manager = uv\nname = p\npackage = p\npython = 3.12\npython_minimum = 3.9\nenv = .venv\n"


def torn(text: str) -> st.SearchStrategy[str]:
    """A file that is right but for pieces that were cut out, doubled or put in between."""
    cut = st.tuples(st.integers(0, len(text)), st.integers(0, 12), st.text(max_size=5))

    def spoil(cuts: list[tuple[int, int, str]]) -> str:
        spoilt = text
        for at, length, new in cuts:
            spoilt = spoilt[:at] + new + spoilt[at + length :]
        return spoilt

    return st.lists(cut, max_size=4).map(spoil)


def anything(text: str) -> st.SearchStrategy[bytes]:
    return st.binary(max_size=80) | torn(text).map(lambda each: each.encode("utf-8", "replace"))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny(tmp_path_factory.mktemp("hostile") / "p", {}, lock="requirements-dev.txt").root


@settings(deadline=None, max_examples=40)
@given(raw=anything(SETTINGS))
@pytest.mark.parametrize("name", ["tools/env.cfg", "tools/env.local.cfg", ".python-version"])
def test_settings(root: Path, name: str, raw: bytes) -> None:
    path = root / name
    before = path.read_bytes() if path.exists() else b""
    path.write_bytes(raw)
    try:
        with suppress(EnvError):
            load(root, {})
    finally:
        path.write_bytes(before)


@settings(deadline=None, max_examples=40)
@given(raw=anything(PYPROJECT))
@pytest.mark.parametrize("name", ["pyproject.toml", "uv.toml"])
def test_pyproject(root: Path, name: str, raw: bytes) -> None:
    path = root / name
    path.write_bytes(raw)
    for reader in (asked, whole, lambda project: list(unlocked(project))):
        with suppress(EnvError):
            reader(load(root, {}))
    path.unlink()


@settings(deadline=None, max_examples=40)
@given(raw=anything(LOCK))
def test_a_lock(root: Path, raw: bytes) -> None:
    (root / "requirements-dev.txt").write_bytes(raw)
    with suppress(EnvError):
        locked(load(root, {}), LINUX)


@settings(deadline=None, max_examples=100)
@given(text=torn(LOCK))
def test_the_text_of_a_lock(text: str) -> None:
    pins_of(text)
    with suppress(ValueError):
        proven(text)
    with suppress(ValueError):
        noted(notes(text).cutoff)


@settings(deadline=None, max_examples=100)
@given(text=torn("python_version >= '3.9' and (sys_platform == 'linux' or extra == 'x')"))
def test_a_marker(text: str) -> None:
    with suppress(ValueError):
        applies(text, LINUX)


@settings(deadline=None, max_examples=40)
@given(raw=anything("project=/p\nlock=00\nbase=/usr/bin/python3\npython=3.12.1\nsystem=linux\n"))
@pytest.mark.parametrize("name", ["stamp", "manifest.json"])
def test_what_an_environment_says_of_itself(root: Path, name: str, raw: bytes) -> None:
    project = load(root, {})
    (manifest.folder(project.env) / name).write_bytes(raw)
    assert state.assess(project).state != state.READY
    manifest.read_manifest(project.env)


@settings(deadline=None, max_examples=40)
@given(text=torn("_commit: v1.0.0\n_src_path: /t\nlibraries: [numpy]\nname: 'x'\n") | st.text())
def test_answers(text: str) -> None:
    with suppress(ValueError):
        hook.parsed(text)


def in_effect(project: Project) -> object:
    return locked(project, LINUX)


DEEPER: dict[str, Callable[[Path], object]] = {
    "a marker": lambda root: applies("(" * DEEP + "os_name == 'nt'" + ")" * DEEP, LINUX),
    "a lock": lambda root: _with(
        root, "requirements-dev.txt", f"alpha==1 ; {'(' * DEEP} --hash=sha256:00", in_effect
    ),
    "pyproject.toml": lambda root: _with(root, "pyproject.toml", f"x = {'[' * DEEP}", asked),
    "the answers": lambda root: hook.parsed("x: " + "[" * DEEP),
    "the manifest": lambda root: manifest.read_manifest(
        _written(root / ".venv", ".seedbed/manifest.json", "[" * 100 * DEEP)
    ),
}


@pytest.mark.parametrize("file", DEEPER)
def test_what_is_nested_too_deeply_is_refused(root: Path, file: str) -> None:
    with suppress(EnvError, ValueError):
        assert DEEPER[file](root) is None


def _written(root: Path, name: str, text: str) -> Path:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)
    return root


def _with(root: Path, name: str, text: str, reader: Callable[..., object]) -> object:
    return reader(load(_written(root, name, text), {}))
