"""An index that holds for one project on one machine: used, and kept out of git and of the lock."""

from __future__ import annotations

import subprocess
from pathlib import Path

from support.copying import COMMAND
from support.engine import MINOR, Tiny, clean_environ
from support.index import serve
from support.template import git
from support.wheels import wheel


def without_an_index(project: Tiny) -> dict[str, str]:
    named = ("UV_DEFAULT_INDEX", "PIP_INDEX_URL")
    return {key: value for key, value in project.environ.items() if key not in named}


def test_it_is_used(project: Tiny, index: str) -> None:
    (project.root / "tools" / "env.local.cfg").write_text(f"index = {index}\n")
    Tiny(project.root, without_an_index(project)).sync()
    assert project.codes() == []


def test_a_variable_goes_before_it(project: Tiny) -> None:
    (project.root / "tools" / "env.local.cfg").write_text("index = http://127.0.0.1:9/simple\n")
    project.sync()
    assert project.codes() == []


def test_copying_writes_it_where_git_does_not_look(
    template: Path, tmp_path: Path, home: Path
) -> None:
    address = "http://127.0.0.1:9/simple"
    place = tmp_path / "p"
    argv = [*COMMAND, "copy", "--defaults", "--trust", "--quiet"]
    argv += ["--data", f"python_index={address}", "--data", f"python_version={MINOR}"]
    done = subprocess.run(
        [*argv, str(template), str(place)],
        env=clean_environ(home, UV_HTTP_RETRIES="0", UV_CACHE_DIR=str(tmp_path / "cache")),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "The package index could not be reached" in done.stderr  # so it was asked
    assert (place / "tools" / "env.local.cfg").read_text() == f"index = {address}\n"
    git(place, "init", "--quiet")
    git(place, "add", "--all")
    for name in git(place, "ls-files").splitlines():
        assert address not in (place / name).read_text(encoding="utf-8"), name


def test_its_login_comes_from_a_variable_and_is_written_nowhere(
    project: Tiny, wheelhouse: Path
) -> None:
    wheel(wheelhouse, "gamma", "1.0")
    with serve(wheelhouse, login="ada:s3cret") as address:
        (project.root / "tools" / "env.local.cfg").write_text(f"index = {address}\n")
        environ = without_an_index(project)
        assert Tiny(project.root, environ).run("sync").returncode == 3
        netrc = Path(environ["HOME"]) / ".netrc"
        netrc.write_text("machine 127.0.0.1 login ada password s3cret\n")
        netrc.chmod(0o600)
        Tiny(project.root, environ).sync()
    for path in project.root.rglob("*"):
        assert not path.is_file() or b"s3cret" not in path.read_bytes(), path
