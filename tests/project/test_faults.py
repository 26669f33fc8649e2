"""Disks, indexes, caches and clocks that fail: a clear sentence, nothing lost, and sync goes on."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from support.engine import Tiny, run, tiny
from support.managers import make
from support.template import tree
from support.wheels import Wheel, wheel

IN_A_NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-euc"]


@contextmanager
def failing(how: str) -> Iterator[str]:
    """The address of an index that fails for everybody, in one way."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if how == "slow":
                time.sleep(3)
                self.close_connection = True
            elif how == "cut off":
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", "10000")
                self.end_headers()
                self.wfile.write(b"<a href=")
            else:
                self.send_error(int(how))

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/simple"
    finally:
        server.shutdown()
        server.server_close()


def in_namespace(script: str, project: Tiny, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script where mounts are seen by nobody else; skips where that is not allowed."""
    probe = [*IN_A_NAMESPACE, "mount -t tmpfs none /mnt"]
    if not shutil.which("unshare") or subprocess.run(probe, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a file system of their own")
    environ = {**project.environ, "PATH": os.defpath, "PYTHON": sys.executable, **extra}
    argv = [*IN_A_NAMESPACE, script]
    return subprocess.run(
        argv, cwd=project.root, env=environ, capture_output=True, text=True, check=False
    )


def refused(done: subprocess.CompletedProcess[str], sentence: str) -> None:
    """It could not be done, and said so in a sentence and a remedy."""
    assert done.returncode == 3, done.stderr
    *_, happened, mend = done.stderr.splitlines()
    assert happened.startswith("error: ")
    assert sentence in happened
    assert mend.startswith("       ")
    assert "Traceback" not in done.stderr


def recovers(project: Tiny) -> None:
    project.sync()
    assert project.info()["state"] == "ready"
    assert project.codes() == []


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("404", "The package index does not serve what is locked"),
        ("401", "The package index did not take the login"),
        ("403", "The package index did not take the login"),
        ("500", "The package index could not be reached"),
        ("slow", "The package index could not be reached"),
        ("cut off", "The package index could not be reached"),
    ],
)
def test_an_index_that_fails_is_told_in_a_sentence(project: Tiny, how: str, sentence: str) -> None:
    with failing(how) as address:
        refused(project.run("sync", UV_DEFAULT_INDEX=address, UV_HTTP_TIMEOUT="1"), sentence)
    recovers(project)


@pytest.mark.parametrize("how", ["404", "500", "cut off"])
def test_locking_at_an_index_that_fails_changes_nothing(
    tmp_path: Path, wheelhouse: Path, environ: dict[str, str], how: str
) -> None:
    project = make("venv", tmp_path / "project", wheelhouse, environ)
    before = tree(project.root)
    with failing(how) as address:
        done = project.run("lock", "--upgrade", UV_DEFAULT_INDEX=address)
    refused(done, "The dependencies could not be resolved")
    assert "nothing was changed" in done.stderr
    assert tree(project.root) == before


def test_a_download_that_is_cut_off_is_not_installed(project: Tiny, beta: Wheel) -> None:
    whole = beta.path.read_bytes()
    beta.path.write_bytes(whole[:-100])
    done = project.run("sync")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    beta.path.write_bytes(whole)
    recovers(project)


def test_a_full_disk_is_told_and_costs_nothing(project: Tiny) -> None:
    script = """
        mkdir "$PLACE" && mount -t tmpfs -o size=1m none "$PLACE" && cp -r . "$PLACE/p"
        cd "$PLACE/p"; head -c 2m /dev/zero > filler 2> /dev/null || true
        "$PYTHON" tools/env sync || echo "code $?" >&2
        rm filler; mount -o remount,size=100m "$PLACE"
        "$PYTHON" tools/env sync; "$PYTHON" tools/env check
    """
    done = in_namespace(script, project, PLACE=str(project.root.parent / "disk"))
    assert done.returncode == 0, done.stderr
    assert "No space left on device" in done.stderr or "The disk is full" in done.stderr
    assert "code 3" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_disk_that_is_full_for_packages_is_told(project: Tiny, wheelhouse: Path) -> None:
    large = wheel(wheelhouse, "large", "1.0", files={"data.bin": os.urandom(3_000_000)})
    project.lock(large)
    script = """
        mkdir "$PLACE" && mount -t tmpfs -o size=2m none "$PLACE" && cp -r . "$PLACE/p"
        cd "$PLACE/p"; "$PYTHON" tools/env sync || echo "code $?" >&2
        mount -o remount,size=100m "$PLACE"
        "$PYTHON" tools/env sync; "$PYTHON" tools/env check
    """
    done = in_namespace(script, project, PLACE=str(project.root.parent / "disk"))
    assert done.returncode == 0, done.stderr
    assert "error: The disk is full.\n       Make room, then run:" in done.stderr
    assert "code 3" in done.stderr


def test_a_full_disk_leaves_a_lock_as_it_was(
    tmp_path: Path, wheelhouse: Path, environ: dict[str, str]
) -> None:
    project = make("venv", tmp_path / "project", wheelhouse, environ)
    script = """
        mkdir "$PLACE" && mount -t tmpfs -o size=1m none "$PLACE" && cp -r . "$PLACE/p"
        cd "$PLACE/p"; sha256sum pyproject.toml requirements*.txt > ../before
        head -c 2m /dev/zero > filler 2> /dev/null || true
        "$PYTHON" tools/env add delta || echo "code $?" >&2
        sha256sum -c --quiet ../before; ls -A tools
        rm filler; "$PYTHON" tools/env lock
    """
    wheel(wheelhouse, "delta", "1.0")
    done = in_namespace(script, project, PLACE=str(tmp_path / "disk"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.split() == ["env", "env.cfg"]
    assert "No space left on device" in done.stderr
    assert "code 3" in done.stderr


def test_a_project_that_cannot_be_written_to_can_be_used(ready: Tiny) -> None:
    script = """
        mount --bind . . && mount -o remount,bind,ro . && cd "$PWD"
        "$PYTHON" -B tools/env sync; "$PYTHON" -B tools/env check
        "$PYTHON" -B tools/env run -- python -c 'import alpha; print(alpha.version)'
    """
    done = in_namespace(script, ready)
    assert done.returncode == 0, done.stderr
    assert "nothing to do" in done.stderr
    assert done.stdout.splitlines()[-1] == "1.0"


def test_an_environment_that_cannot_be_written_is_told(project: Tiny) -> None:
    script = """
        mount --bind . . && mount -o remount,bind,ro . && cd "$PWD"
        "$PYTHON" -B tools/env sync
    """
    refused(in_namespace(script, project), "Read-only file system")
    recovers(project)


def test_a_home_that_cannot_be_written_to_stops_only_the_cache(project: Tiny) -> None:
    script = """
        mount --bind "$HOME" "$HOME" && mount -o remount,bind,ro "$HOME"
        unset UV_CACHE_DIR PIP_CACHE_DIR; "$PYTHON" tools/env sync
    """
    done = in_namespace(script, project)
    refused(done, "The cache of uv cannot be written to")
    assert "UV_CACHE_DIR=/another/place" in done.stderr
    recovers(project)


def test_a_home_that_is_missing_is_not_made(project: Tiny) -> None:
    project.environ["HOME"] = str(project.root / "no" / "home")
    recovers(project)
    assert not (project.root / "no").exists()


def test_without_a_home_it_works(project: Tiny) -> None:
    del project.environ["HOME"]
    recovers(project)


def test_a_cache_full_of_garbage_spoils_nothing(ready: Tiny, tmp_path: Path) -> None:
    for path in Path(ready.environ["UV_CACHE_DIR"]).rglob("*"):
        if path.is_file() and not path.is_symlink():
            path.write_bytes(b"garbage")
    other = tiny(tmp_path / "other", ready.environ)
    shutil.copy(ready.root / "requirements.txt", other.root)
    recovers(other)
    assert "file-edited" in ready.codes()  # uv links files, so these were overwritten too
    recovers(ready)


def test_a_dead_holder_of_the_turn_blocks_nobody(project: Tiny) -> None:
    code = (
        "import sys, time; sys.path.insert(0, 'tools')\n"
        "from pathlib import Path\n"
        "from env import project, turns\n"
        "with turns.turn(project.load(Path.cwd(), {})):\n"
        "    print('mine', flush=True); time.sleep(60)"
    )
    argv = [sys.executable, "-c", code]
    with subprocess.Popen(argv, cwd=project.root, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "mine\n"
        holder.send_signal(signal.SIGKILL)
    assert "another tools/env" not in project.sync().stderr


def test_a_clock_that_was_wrong_hides_no_edit(ready: Tiny) -> None:
    """The environment was made in what was then thought to be the year 2100."""
    future = time.time_ns() + 75 * 365 * 86400 * 10**9
    for path in ready.env.rglob("*"):
        os.utime(path, ns=(future, future), follow_symlinks=False)
    assert ready.codes("--fast") == []
    path = ready.site / "alpha" / "__init__.py"
    path.write_text(path.read_text().replace("1.0", "1.1"))
    assert ready.codes("--fast") == ["file-edited"]
    recovers(ready)


@pytest.fixture
def bare_python(tmp_path: Path) -> Path:
    """This Python without pip and ensurepip, as Debian has it without python3-venv."""
    if os.name == "nt":
        pytest.skip("a Python of Windows does not work out of links")
    stdlib = Path(sysconfig.get_path("stdlib"))
    root = tmp_path / "bare"
    lib = root / "lib" / stdlib.name
    lib.mkdir(parents=True)
    for entry in stdlib.iterdir():
        if entry.name not in ("ensurepip", "site-packages", "__pycache__"):
            (lib / entry.name).symlink_to(entry)
    (lib / "site-packages").mkdir()
    (root / "bin").mkdir()
    base = Path(os.path.realpath(sys.executable))
    python = root / "bin" / base.name
    shutil.copy(base, python)
    if subprocess.run([str(python), "-c", "import ensurepip"], capture_output=True).returncode == 0:
        pytest.skip("this Python finds its library by a path that was built in")
    return python


def test_with_neither_uv_nor_pip_nor_ensurepip_the_package_to_install_is_named(
    project: Tiny, bare_python: Path
) -> None:
    words = ["sync", "--python", str(bare_python)]
    bare = {**project.environ, "UV": "/nowhere/uv"}
    done = run(sys.executable, project.root, *words, environ=bare)
    refused(done, "has neither pip nor ensurepip")
    assert "apt install python3." in done.stderr
    assert project.info()["state"] == "incomplete"
    done = run(sys.executable, project.root, *words, environ=project.environ)
    assert done.returncode == 0, done.stderr
    assert project.codes() == []


def test_without_pip_pythons_own_is_put_into_the_environment(
    project: Tiny, bare_python: Path, alpha: Wheel
) -> None:
    project.lock(alpha)
    stdlib = bare_python.parent.parent / "lib" / Path(sysconfig.get_path("stdlib")).name
    (stdlib / "ensurepip").symlink_to(Path(sysconfig.get_path("stdlib")) / "ensurepip")
    done = project.sync("--python", str(bare_python), UV="/nowhere/uv")
    assert "putting Python's own pip into it" in done.stderr
    assert project.codes() == []
