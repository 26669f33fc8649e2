"""Disks, indexes, caches and clocks that fail: a clear sentence, nothing lost, and sync goes on."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.engine import Tiny, tiny, without_uv
from support.index import failing
from support.managers import make
from support.template import tree
from support.wheels import Wheel, wheel

IN_A_NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-euc"]


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


@pytest.mark.parametrize(
    ("how", "sentence", "installer"),
    [
        ("404", "The package index does not serve what is locked", "uv"),
        ("404", "The package index does not serve what is locked", "pip"),
        ("403", "The package index did not take the login", "uv"),
        ("500", "The package index could not be reached", "uv"),
    ],
)
def test_an_index_that_fails_for_the_files_is_told_too(
    project: Tiny, wheelhouse: Path, how: str, sentence: str, installer: str
) -> None:
    if installer == "pip":
        without_uv(project, wheelhouse)
    with failing(how, wheelhouse) as address:
        done = project.run("sync", UV_DEFAULT_INDEX=address, PIP_INDEX_URL=address)
    refused(done, sentence)
    recovers(project)


def test_a_connection_that_breaks_within_a_file_is_told(project: Tiny, wheelhouse: Path) -> None:
    with failing("cut off", wheelhouse) as address:
        done = project.run("sync", UV_DEFAULT_INDEX=address)
    refused(done, "The package index could not be reached")
    recovers(project)


def test_an_index_that_is_slow_and_answers_is_waited_for(project: Tiny, wheelhouse: Path) -> None:
    with failing("late", wheelhouse) as address:
        project.sync(UV_DEFAULT_INDEX=address, UV_HTTP_TIMEOUT="5")
    assert project.codes() == []


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("404", "The index has no beta, which tiny asks for"),
        ("401", "The dependencies could not be resolved"),
        ("500", "The index to resolve with was not reached"),
        ("slow", "The index to resolve with was not reached"),
        ("cut off", "The index to resolve with was not reached"),
    ],
)
def test_locking_at_an_index_that_fails_changes_nothing(
    tmp_path: Path, wheelhouse: Path, environ: dict[str, str], how: str, sentence: str
) -> None:
    project = make("venv", tmp_path / "project", wheelhouse, environ)
    before = tree(project.root)
    with failing(how) as address:
        words = ["lock", "--upgrade"]
        done = project.run(*words, UV_DEFAULT_INDEX=address, UV_HTTP_TIMEOUT="1")
    refused(done, sentence)
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
        mkdir "$PLACE" && mount -t tmpfs -o size=3m none "$PLACE" && cp -r . "$PLACE/p"
        cd "$PLACE/p"; head -c 4m /dev/zero > filler 2> /dev/null || true
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
        mkdir "$PLACE" && mount -t tmpfs -o size=3m none "$PLACE" && cp -r . "$PLACE/p"
        cd "$PLACE/p"; sha256sum pyproject.toml requirements*.txt > ../before
        head -c 4m /dev/zero > filler 2> /dev/null || true
        "$PYTHON" tools/env add delta || echo "code $?" >&2
        sha256sum -c --quiet ../before; ls -A tools
        rm filler; "$PYTHON" tools/env lock
    """
    wheel(wheelhouse, "delta", "1.0")
    done = in_namespace(script, project, PLACE=str(tmp_path / "disk"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.split() == [".env-turn", "env", "env.cfg"]
    assert "No space left on device" in done.stderr
    assert "code 3" in done.stderr


@pytest.mark.parametrize(
    "free", [4, *(pytest.param(free, marks=pytest.mark.thorough) for free in (12, 20, 48))]
)
def test_wherever_a_disk_becomes_full_all_files_are_of_one_time(
    tmp_path: Path, wheelhouse: Path, environ: dict[str, str], free: int
) -> None:
    """An `add` with so many kilobytes left: the lock's files fit or not, the environment not."""
    project = make("venv", tmp_path / "project", wheelhouse, environ)
    wheel(wheelhouse, "delta", "1.0")
    assert project.run("lock").returncode == 0
    script = """
        mkdir "$PLACE" && mount -t tmpfs -o size=100m none "$PLACE" && cp -r . "$PLACE/p"
        cd "$PLACE/p"; used=$(du -sk "$PLACE" | cut -f1)
        mount -o remount,size=$((used + FREE))k "$PLACE"
        "$PYTHON" -B tools/env add delta || echo "code $?" >&2
        grep -l delta pyproject.toml requirements*.txt | wc -l
        mount -o remount,size=100m "$PLACE"
        "$PYTHON" -B tools/env sync; "$PYTHON" -B tools/env check; ls -A . tools
    """
    done = in_namespace(script, project, PLACE=str(tmp_path / "disk"), FREE=str(free))
    assert done.returncode == 0, done.stderr
    assert "code 3" in done.stderr
    assert "No space left on device" in done.stderr or "The disk is full" in done.stderr
    assert "Traceback" not in done.stderr
    (
        number,
        *_,
    ) = done.stdout.split()
    assert number in ("0", "3")
    assert ".env-begun" not in done.stdout
    assert ".env-decided" not in done.stdout


@pytest.mark.parametrize("words", ["add delta", "remove beta", "delete --yes"])
def test_what_changes_a_project_that_cannot_be_written_to_is_refused(
    tmp_path: Path, wheelhouse: Path, environ: dict[str, str], words: str
) -> None:
    project = make("venv", tmp_path / "project", wheelhouse, environ)
    wheel(wheelhouse, "delta", "1.0")
    project.sync()
    before = tree(project.root)
    script = f"""
        mount --bind . . && mount -o remount,bind,ro . && cd "$PWD"
        "$PYTHON" -B tools/env {words}
    """
    refused(in_namespace(script, project), "The system refused: [Errno 30] Read-only file system")
    assert tree(project.root) == before
    assert project.info()["state"] == "ready"


def test_a_project_that_cannot_be_written_to_can_be_used(ready: Tiny) -> None:
    script = """
        mount --bind . . && mount -o remount,bind,ro . && cd "$PWD"
        "$PYTHON" -B tools/env sync; "$PYTHON" -B tools/env check
        "$PYTHON" -B tools/env run -- python -c 'import alpha; print(alpha.version)'
    """
    done = in_namespace(script, ready)
    assert done.returncode == 0, done.stderr
    assert "nothing to do" in done.stderr
    assert "it cannot be locked ([Errno 30]" in done.stderr
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


def test_a_cache_that_is_there_and_cannot_be_written_to_is_told(project: Tiny) -> None:
    Path(project.environ["UV_CACHE_DIR"]).mkdir()
    script = """
        mount --bind "$UV_CACHE_DIR" "$UV_CACHE_DIR"
        mount -o remount,bind,ro "$UV_CACHE_DIR"
        "$PYTHON" tools/env sync
    """
    refused(in_namespace(script, project), "The cache of uv cannot be written to")
    recovers(project)


def test_with_nothing_on_path_it_works(
    tmp_path: Path, wheelhouse: Path, environ: dict[str, str]
) -> None:
    """No git, no Python, nothing but the Python that runs the engine."""
    project = make("venv", tmp_path / "project", wheelhouse, {**environ, "PATH": str(wheelhouse)})
    wheel(wheelhouse, "delta", "1.0")
    for words in (["lock"], ["add", "delta"], ["remove", "delta"], ["sync"]):
        done = project.run(*words)
        assert done.returncode == 0, done.stderr
    assert project.codes() == []


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


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("alpha/data.txt", b"same data\n"),
        ("*.dist-info/WHEEL", b""),
        ("*.dist-info/METADATA", b"garbage"),
        ("*.dist-info/entry_points.txt", b"\xff\xfe"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_what_was_damaged_in_the_cache_is_fetched_anew(
    project: Tiny, name: str, text: bytes
) -> None:
    """As by a power cut; uv alone would refuse the package for good."""
    project.sync()
    project.run("delete", "--yes")
    found = list(Path(project.environ["UV_CACHE_DIR"]).glob(f"archive-v*/*/{name}"))
    assert found
    for path in found:
        path.write_bytes(text)
    assert "fetching anew what" in project.sync().stderr
    assert project.codes() == []
    project.run("delete", "--yes")
    assert "fetching anew what" not in project.sync().stderr  # the cache was mended too


def test_a_cache_without_records_proves_nothing(ready: Tiny) -> None:
    before = ready.info()["fingerprint"]
    ready.run("delete", "--yes")
    for path in Path(ready.environ["UV_CACHE_DIR"]).glob("archive-v*/*/*.dist-info/RECORD"):
        path.write_bytes(b"")
    ready.sync()
    assert ready.info()["fingerprint"] == before


@pytest.mark.parametrize("text", [b"", b"garbage", b"\xff\xfe", None])
def test_a_damaged_record_is_mended(project: Tiny, text: bytes | None) -> None:
    """No installer removes a package whose list of files it cannot read."""
    project.sync()
    path = project.site / "alpha-1.0.dist-info" / "RECORD"
    path.unlink()  # it may be a link into the cache
    if text is not None:
        path.write_bytes(text)
    assert project.codes() != []
    assert "installing alpha again, its RECORD is damaged" in project.sync().stderr
    assert project.codes() == []


def test_a_damaged_cache_of_pip_is_gone_past(project: Tiny, wheelhouse: Path) -> None:
    without_uv(project, wheelhouse)
    with failing("kept", wheelhouse) as address:
        trusted = {"PIP_INDEX_URL": address, "PIP_TRUSTED_HOST": "127.0.0.1"}  # else pip keeps none
        project.sync(**trusted)
        project.run("delete", "--yes")
        kept = [
            path for path in Path(project.environ["PIP_CACHE_DIR"]).rglob("*") if path.is_file()
        ]
        damaged = [path for path in kept if b"exec " in path.read_bytes()]
        assert damaged
        for path in damaged:
            path.write_bytes(path.read_bytes().replace(b"exec ", b"exit "))
        shutil.rmtree(Path(project.environ["HOME"], ".cache", "seedbed"))
        assert "pip's cache may be damaged" in project.sync(**trusted).stderr
    assert project.codes() == []


def test_a_dead_holder_of_the_turn_blocks_nobody(project: Tiny) -> None:
    code = (
        "import sys, time; sys.path.insert(0, 'tools')\n"
        "from pathlib import Path\n"
        "from env import project, transaction\n"
        "with transaction.turn(project.load(Path.cwd(), {})):\n"
        "    print('mine', flush=True); time.sleep(60)"
    )
    argv = [sys.executable, "-c", code]
    with subprocess.Popen(argv, cwd=project.root, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "mine\n"
        holder.send_signal(signal.SIGKILL)
    assert "another tools/env" not in project.sync().stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows gives no lock to a child process")
def test_what_a_dead_holder_had_started_still_has_its_turn(project: Tiny) -> None:
    """An installer that outlives a killed engine still writes: nobody may come in between."""
    code = (
        "import sys, os; sys.path.insert(0, 'tools')\n"
        "from pathlib import Path\n"
        "from env import processes, project, transaction\n"
        "with transaction.turn(project.load(Path.cwd(), {})):\n"
        "    script = 'echo mine; read x < go; touch done'\n"
        "    processes.stream(['sh', '-c', script], os.environ, Path.cwd(), bool)"
    )
    os.mkfifo(project.root / "go")
    argv = [sys.executable, "-c", code]
    with subprocess.Popen(argv, cwd=project.root, stderr=subprocess.PIPE, text=True) as holder:
        assert holder.stderr is not None
        assert holder.stderr.readline() == "  mine\n"
        holder.send_signal(signal.SIGKILL)
    waiting = subprocess.Popen(
        [sys.executable, str(project.root / "tools" / "env"), "sync"],
        env=project.environ,
        stderr=subprocess.PIPE,
        text=True,
    )
    with waiting:
        assert waiting.stderr is not None
        assert "another tools/env is at work here" in waiting.stderr.readline()
        assert not project.env.exists()
        (project.root / "go").write_text("\n")
        waiting.communicate(timeout=60)
    assert (project.root / "done").exists()
    assert project.codes() == []


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
    project: Tiny, bare_python: Path, wheelhouse: Path
) -> None:
    uv = project.environ["UV"]
    without_uv(project, wheelhouse)
    done = project.run("sync", "--python", str(bare_python))
    refused(done, "has neither pip nor ensurepip")
    assert "apt install python3." in done.stderr
    assert project.info()["state"] == "incomplete"
    project.sync(UV=uv)
    assert project.codes() == []


@pytest.mark.thorough
def test_without_pip_the_one_that_python_brings_is_enough(
    project: Tiny, bare_python: Path, wheelhouse: Path
) -> None:
    without_uv(project, wheelhouse)
    stdlib = bare_python.parent.parent / "lib" / Path(sysconfig.get_path("stdlib")).name
    (stdlib / "ensurepip").symlink_to(Path(sysconfig.get_path("stdlib")) / "ensurepip")
    done = project.sync("--python", str(bare_python))
    assert "has no pip, taking the one of ensurepip" in done.stderr
    assert project.codes() == []


def test_a_disk_that_starts_no_program_is_told(ready: Tiny) -> None:
    script = """
        mkdir "$PLACE" && mount -t tmpfs -o noexec none "$PLACE" && cp -r . "$PLACE/p"
        cp -r .venv ../kept; cd "$PLACE/p"; rm -r .venv
        "$PYTHON" tools/env sync || echo "code $?" >&2
        cp -r ../../kept .venv; sed -i "s,^project=.*,project=$PWD," .venv/.seedbed/stamp
        "$PYTHON" tools/env run -- alpha || echo "code $?" >&2
        UV_PROJECT_ENVIRONMENT="$PLACE-more" "$PYTHON" tools/env sync
    """
    done = in_namespace(script, ready, PLACE=str(ready.root.parent / "disk"))
    assert done.returncode == 0, done.stderr
    told = (
        "error: The disk of .venv lets no program start (it is mounted with noexec).\n       Choose"
    )
    assert done.stderr.count(told) == 2
    assert done.stderr.count("code 3") == 2


def test_an_environment_that_is_a_disk_of_its_own_is_emptied_and_used(ready: Tiny) -> None:
    """As a container has it; such a directory cannot be removed."""
    script = """
        rm -r .venv; mkdir .venv && mount -t tmpfs none .venv
        "$PYTHON" tools/env sync; rm .venv/bin/python; "$PYTHON" tools/env sync
        "$PYTHON" tools/env check; "$PYTHON" tools/env delete --yes; ls -A .venv
        "$PYTHON" tools/env sync; "$PYTHON" tools/env check
    """
    done = in_namespace(script, ready)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [".venv is exactly requirements.txt"] * 2


@pytest.fixture
def shared_place() -> Iterator[Path]:
    """A folder that every user can look into."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0 or not os.path.exists("/usr/bin/python3"),
    reason="only root can be somebody else, on a Python that is everybody's",
)
@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        ("chmod 700 base", "The Python of .venv is not for this user"),
        ("rm .venv/.seedbed/manifest.json", ".venv is for another user to mend: Making"),
        ("rm -r .venv; mkdir .venv", ".venv is for another user to mend: There is no env"),
        ("chmod 700 .venv", "There is no environment at .venv yet|.venv was not made by"),
        ("chmod 600 requirements.txt", "requirements.txt cannot be read"),
        ("chmod 600 .venv/.seedbed/stamp", ".venv was not made by this project"),
        ("true", ""),
    ],
)
def test_another_user_is_told_what_is_not_theirs(
    shared_place: Path, environ: dict[str, str], alpha: Wheel, spoil: str, reason: str
) -> None:
    project = tiny(shared_place / "project", environ)
    project.lock(alpha)
    project.sync("--python", "/usr/bin/python3")  # one that is everybody's
    if "base" in spoil:
        (project.root / "base").mkdir()
        base = shutil.copy(os.path.realpath(project.python), project.root / "base")
        project.python.unlink()
        project.python.symlink_to(base)
        manifest = project.env / ".seedbed" / "manifest.json"
        manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "base": str(base)}))
    subprocess.run(spoil, shell=True, cwd=project.root, check=True)

    def as_nobody(*words: str) -> subprocess.CompletedProcess[str]:
        argv = ["/usr/bin/env", "python3", "-B", "tools/env", *words]
        return subprocess.run(
            argv, cwd=project.root, env=project.environ, user=65534, group=65534,
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    info = as_nobody("info", "--json")
    assert info.returncode == 0, info.stderr
    assert re.match(reason, json.loads(info.stdout)["reason"])
    done = as_nobody("sync")
    assert "Traceback" not in done.stderr
    assert done.returncode == (3 if reason else 0)
    if json.loads(info.stdout)["state"] == "foreign":
        assert "or choose another place first: export UV_PROJECT_ENVIRONMENT=" in done.stderr
