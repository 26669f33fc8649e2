"""Windows keeps a program that runs from being replaced or removed, and lets it be renamed.

Here the refusal is made at the one operation that Windows refuses; the files are real.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from env import commands, sync
from env.errors import EnvError
from env.manifest import Stamp, write_stamp
from env.project import Project
from env.uv import Uv

UV = """\
#!{python}
import os, pathlib, sys
path = pathlib.Path({path!r})
if path.exists():
    sys.exit(f"error: failed to remove file `{{path}}`: Access is denied. (os error 5)")
path.write_text("new")
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    env = tmp_path / ".venv"
    for name in ("bin/ruff", "bin/python", "lib/module.py"):
        (env / name).parent.mkdir(parents=True, exist_ok=True)
        (env / name).write_text("old")
    (tmp_path / "tools").mkdir()
    write_stamp(env, Stamp(str(tmp_path), ""))
    return Project(tmp_path, "p", "", "3.12", "3.12", "venv", env, (tmp_path / "lock",))


@pytest.fixture
def runs(project: Project, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let programs run, of which Windows then removes no file, wherever it is."""
    running: set[int] = set()
    unlink = os.unlink

    def refuse(path: Any, *, dir_fd: int | None = None) -> None:
        if os.stat(path, dir_fd=dir_fd, follow_symlinks=False).st_ino in running:
            error = PermissionError(13, "Access is denied", str(path))
            error.winerror = 5  # type: ignore[attr-defined, unused-ignore]
            raise error
        unlink(path, dir_fd=dir_fd)

    monkeypatch.setattr(os, "unlink", refuse)

    def start(name: str) -> None:
        running.add((project.env / name).stat().st_ino)

    yield start
    running.clear()


def waiting(project: Project) -> list[str]:
    place = project.env / ".seedbed" / "in-use"
    return sorted(path.name.partition("-")[2] for path in place.iterdir())


def test_all_else_is_removed_and_what_is_in_use_waits(project: Project, runs: Any) -> None:
    runs("bin/ruff")
    assert sync.remove(project) == ["ruff"]
    assert os.listdir(project.env) == [".seedbed"]
    assert waiting(project) == ["ruff"]


def test_delete_names_it_and_is_done_once_it_is_closed(
    project: Project, runs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs("bin/ruff")
    runs("bin/python")
    options: Any = SimpleNamespace(yes=True)
    with pytest.raises(EnvError, match=r"not deleted: (ruff, python|python, ruff)\. All else is"):
        commands.delete(project, options)
    with pytest.raises(EnvError, match="not deleted"):  # still in use
        commands.delete(project, options)
    monkeypatch.undo()
    assert commands.delete(project, options) == 0
    assert not project.env.exists()


def test_another_refusal_is_none_of_that(
    project: Project, runs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Any, *, dir_fd: int | None = None) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "unlink", refuse)
    with pytest.raises(PermissionError):
        sync.remove(project)


@pytest.mark.skipif(os.name == "nt", reason="the stub of uv is a script")
def test_uv_replaces_what_is_in_use(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stub = tmp_path / "uv"
    used = project.env / "bin" / "ruff"
    stub.write_text(UV.format(python=sys.executable, path=str(used)))
    stub.chmod(0o755)
    Uv(stub, "uv 0", project, dict(os.environ)).uninstall(["ruff"])
    assert used.read_text() == "new"
    assert waiting(project) == ["ruff"]
    assert ".venv: ruff is in use, and replaced all the same" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="the stub of uv is a script")
def test_what_cannot_even_be_renamed_is_named_with_what_to_close(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub = tmp_path / "uv"
    stub.write_text(UV.format(python=sys.executable, path=str(project.env / "bin" / "ruff")))
    stub.chmod(0o755)

    def refuse(path: Path, target: Path) -> Path:
        raise PermissionError(13, "Access is denied", str(path))

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(EnvError, match=r"bin/ruff is in use by a program\. Close what runs"):
        Uv(stub, "uv 0", project, dict(os.environ)).uninstall(["ruff"])
