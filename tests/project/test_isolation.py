"""One project alone: nothing around it, beside it or on Python's path changes what is done."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.engine import Tiny, tiny
from support.index import serve
from support.managers import make
from support.wheels import wheel

AROUND = """\
[project]
name = "around"
version = "0"
requires-python = ">=3.9"

[tool.uv]
constraint-dependencies = ["alpha<1", "delta<1"]
override-dependencies = ["alpha==0.5"]
index-url = "http://127.0.0.1:9/simple"

[tool.uv.workspace]
members = ["*", "*/*"]
"""
COMMANDS = (["sync"], ["lock", "--upgrade"], ["add", "delta"], ["sync"], ["check"])
MANAGERS = pytest.mark.parametrize(
    "manager", ["venv", pytest.param("uv", marks=pytest.mark.thorough)]
)


def works(project: Tiny, **extra: str) -> None:
    """Every command that uv has a part in, each with the versions of the index."""
    for words in COMMANDS:
        done = project.run(*words, **extra)
        assert done.returncode == 0, done.stdout + done.stderr
    text = (project.root / "requirements-dev.txt").read_text()
    assert {"alpha==1.0", "delta==1.0"} <= set(text.split())


@pytest.fixture
def around(tmp_path: Path, wheelhouse: Path) -> Path:
    folder = tmp_path / "around"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(AROUND)
    for name in ("alpha", "delta"):
        wheel(wheelhouse, name, "0.5")
    wheel(wheelhouse, "delta", "1.0")
    return folder


@MANAGERS
def test_a_workspace_around_the_project_has_no_say(
    manager: str, around: Path, wheelhouse: Path, environ: dict[str, str]
) -> None:
    del environ["UV_DEFAULT_INDEX"]
    works(make(manager, around / "project", wheelhouse, environ))


@MANAGERS
def test_settings_beside_the_drafts_have_no_say(
    manager: str, around: Path, tmp_path: Path, wheelhouse: Path, environ: dict[str, str]
) -> None:
    """Whoever can write to the system's temporary folder could name an index there."""
    project = make(manager, tmp_path / "project", wheelhouse, environ)
    works(project, TMPDIR=str(around))


@pytest.fixture
def elsewhere(wheelhouse: Path, environ: dict[str, str]) -> Iterator[str]:
    """An index that only the project knows of: nothing else can be reached."""
    for name in ("UV_DEFAULT_INDEX", "PIP_INDEX_URL"):
        del environ[name]
    environ.update(ALL_PROXY="http://127.0.0.1:9", NO_PROXY="127.0.0.1")
    with serve(wheelhouse) as address:
        yield address


@MANAGERS
def test_a_uv_toml_of_the_project_counts_for_every_command(
    manager: str, elsewhere: str, tmp_path: Path, wheelhouse: Path, environ: dict[str, str]
) -> None:
    project = make(manager, tmp_path / "project", wheelhouse, environ)
    wheel(wheelhouse, "delta", "1.0")
    (project.root / "uv.toml").write_text(f'[[index]]\nurl = "{elsewhere}"\ndefault = true\n')
    works(project)


def test_so_does_a_folder_of_wheels_in_the_project(
    elsewhere: str, tmp_path: Path, wheelhouse: Path, environ: dict[str, str]
) -> None:
    project = make("venv", tmp_path / "project", wheelhouse, environ)
    wheel(wheelhouse, "delta", "1.0")
    shutil.copytree(wheelhouse, project.root / "wheels")
    with open(project.root / "pyproject.toml", "a") as file:
        file.write('\n[tool.uv]\nno-index = true\nfind-links = ["./wheels"]\n')
    works(project)


HIDING = sorted(sys.stdlib_module_names - set(sys.builtin_module_names) - {"antigravity", "this"})


def test_files_in_tools_hide_nothing_from_the_engine(ready: Tiny) -> None:
    for name in HIDING:
        (ready.root / "tools" / f"{name}.py").write_text(f"raise SystemExit('{name} is hidden')\n")
    for words in (["sync", "--full"], ["check"], ["info"], ["delete", "--yes"], ["sync"]):
        done = ready.run(*words)
        assert done.returncode == 0, done.stderr


def test_nor_does_what_pythonpath_names(ready: Tiny, tmp_path: Path) -> None:
    """What Python itself reads before it hands over is out of our hands."""
    started = "import sys, runpy, importlib.util; print(*sys.modules)"
    python = [sys.executable, "-c", started]
    loaded = {name.partition(".")[0] for name in subprocess.check_output(python, text=True).split()}
    for name in set(HIDING) - loaded:
        (tmp_path / f"{name}.py").write_text(f"raise SystemExit('{name} is hidden')\n")
    hiding = {"PYTHONPATH": str(tmp_path)}
    assert (tmp_path / "json.py").exists()
    assert ready.codes(**hiding) == ["shadowed"]
    for words in (["sync", "--full"], ["info"], ["delete", "--yes"], ["sync"]):
        done = ready.run(*words, **hiding)
        assert done.returncode == 0, done.stderr


@pytest.mark.skipif(os.name == "nt", reason="a POSIX shell closes and fills the streams")
@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("info | head -1", 0, "state"),
        ("check --json | true", 0, ""),
        ("info > /dev/full", 3, "No space left on device"),
        ("info >&-", 0, ""),
        ("check 2>&-", 0, "is exactly"),
        ("check 2> /dev/full", 0, "is exactly"),
        ("sync --full >&- 2>&- <&-", 0, ""),
        ("sync --full 2>&1 | true; sleep 0; check", 0, "is exactly"),
        ("delete <&-", 2, "nobody can be asked"),
    ],
)
def test_whatever_becomes_of_its_streams(ready: Tiny, line: str, code: int, said: str) -> None:
    engine = f"'{sys.executable}' tools/env"
    script = "set -o pipefail; " + "; ".join(
        each if each.startswith(" sleep") else f"{engine} {each}" for each in line.split(";")
    )
    done = subprocess.run(
        ["bash", "-c", script], cwd=ready.root, env=ready.environ, capture_output=True, text=True
    )
    assert done.returncode in (code, 141), done.stderr
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert ready.info()["state"] == "ready"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such locale")
def test_an_ascii_locale_may_have_other_names(
    tmp_path: Path, environ: dict[str, str], wheelhouse: Path
) -> None:
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    made = wheel(wheelhouse, "alpha", "1.0", files={"größe.txt": b"XL\n"})
    project = tiny(tmp_path / "größe 🌱", {**environ, **ascii_only}, env="übung")
    project.lock(made)
    for words in (["sync"], ["sync", "--full"], ["check"], ["info"]):
        done = project.run(*words)
        assert done.returncode == 0, done.stderr
    assert (project.root / "übung").exists()
    (next((project.root / "übung").glob("lib/*/site-packages")) / "alpha" / "größe.txt").unlink()
    assert project.codes() == ["file-missing"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_what_run_starts_gets_signals_as_the_system_has_them(ready: Tiny) -> None:
    status = ready.run("run", "--", "cat", "/proc/self/status").stdout
    if not status:
        pytest.skip("there is no /proc")
    ignored = next(line for line in status.splitlines() if line.startswith("SigIgn:"))
    assert int(ignored.split()[1], 16) & (1 << 12 | 1 << 24) == 0  # SIGPIPE and SIGXFSZ
