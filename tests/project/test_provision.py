"""Where the Python that a project asks for is missing, its first command ends in an environment."""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import sys
import tarfile
from pathlib import Path

import pexpect
import pytest
from support.engine import MINOR, Tiny, other_pythons
from support.managers import serve_files
from support.wheels import Wheel

from env.interpreters import Interpreter
from env.provision import choices

ABSENT = "3.77"


@pytest.fixture
def asking(project: Tiny, tmp_path: Path) -> Tiny:
    """A project for a Python that nobody has, where only the one that runs the tests serves."""
    settings = project.root / "tools" / "env.cfg"
    settings.write_text(settings.read_text().replace(f"python = {MINOR}", f"python = {ABSENT}"))
    project.environ.update(PATH="", PYENV_ROOT=str(tmp_path / "pyenv"))
    project.environ.update(UV_PYTHON_DOWNLOADS="never")
    return project


def test_the_newest_that_the_lock_covers_is_taken_and_that_is_said(asking: Tiny) -> None:
    done = asking.sync()
    assert f"Python {ABSENT} is not on this machine, so " in done.stderr
    facts = asking.info()
    minor = facts["python_asked"]
    assert f"copier update --trust --data python_version={minor}" in done.stderr
    assert facts["python"].startswith(f"{minor}.")
    assert facts["python_project"] == ABSENT
    assert asking.codes() == []
    notes = json.loads(asking.run("check", "--json").stdout)["notes"]
    assert [note["code"] for note in notes] == ["python-instead"]
    assert "nothing to do" in asking.sync().stderr


def test_a_new_lock_does_not_ask_for_the_python_again(asking: Tiny, alpha: Wheel) -> None:
    asking.sync()
    python = asking.info()["python"]
    asking.lock(alpha)
    assert ABSENT not in asking.sync().stderr
    assert asking.info()["python"] == python


def test_strictly_it_is_the_one_that_was_asked_for_or_none(asking: Tiny) -> None:
    done = asking.run("sync", SEEDBED_STRICT="1")
    assert done.returncode == 3
    assert f"Python {ABSENT} is not on this machine (found: " in done.stderr
    assert not asking.env.exists()


def test_where_nothing_serves_it_ends_without(asking: Tiny) -> None:
    settings = asking.root / "tools" / "env.cfg"
    settings.write_text(settings.read_text() + f"pythons = {ABSENT}\n")
    done = asking.run("sync")
    assert done.returncode == 3
    assert "(found: none" in done.stderr
    assert not asking.env.exists()


UNFIT = {
    "3.77.1t": (
        '{"markers": {"implementation_name": "cpython", "python_full_version": "3.77.1"}, '
        '"free_threaded": true}',
        "is the free-threaded build of 3.77.1",
    ),
    "3.77-dev": (
        '{"markers": {"implementation_name": "pypy", "implementation_version": "7.3.17", '
        '"platform_python_implementation": "PyPy"}}',
        "is PyPy 7.3.17",
    ),
    "3.77.0": (None, "does not start: libpython3.77.so: cannot open"),
}


@pytest.mark.skipif(os.name == "nt", reason="the Pythons are scripts of a POSIX shell")
@pytest.mark.parametrize("version", UNFIT)
def test_what_was_found_and_not_taken_is_told_with_the_reason(asking: Tiny, version: str) -> None:
    answer, why = UNFIT[version]
    python = Path(asking.environ["PYENV_ROOT"], "versions", version, "bin", "python")
    python.parent.mkdir(parents=True)
    says = f"echo '{answer}'" if answer else "echo 'libpython3.77.so: cannot open' >&2; exit 127"
    python.write_text(f"#!/bin/sh\n{says}\n")
    python.chmod(0o755)
    done = asking.run("sync", SEEDBED_STRICT="1")
    assert f"{python} {why}" in done.stderr
    found = json.loads(asking.run("info", "--json", "--pythons").stdout)
    assert found["pythons_unfit"][str(python)] == why


def test_too_old_a_python_is_told_as_such(asking: Tiny) -> None:
    old = other_pythons().get("3.8")
    if old is None:
        pytest.skip("there is no Python 3.8 on this machine")
    asking.environ["PYENV_ROOT"] = str(Path(old).parents[3])
    done = asking.run("sync", SEEDBED_STRICT="1")
    assert f"{old} is 3.8." in done.stderr
    assert ", which the lock does not cover" in done.stderr


@pytest.mark.skipif(platform.system() != "Linux", reason="the download is made for Linux")
def test_uv_fetches_it_where_that_is_allowed(asking: Tiny, tmp_path: Path) -> None:
    """Out of a company's mirror: a "Python" that starts the one that runs the tests."""
    others = sorted(set(other_pythons()) & {"3.10", "3.12", "3.13"} - {MINOR})
    if not others:
        pytest.skip("no other Python on this machine (pyenv install 3.12)")
    minor = others[0]
    base, mirror = other_pythons()[minor], tmp_path / "mirror"
    settings = asking.root / "tools" / "env.cfg"
    settings.write_text(settings.read_text().replace(ABSENT, minor))
    mirror.mkdir()
    digest = archive(mirror / "python.tar.gz", minor, base)
    with serve_files(mirror) as address:
        listed = mirror / "downloads.json"
        listed.write_text(json.dumps(download(minor, f"{address}/python.tar.gz", digest)))
        allowed = {"UV_PYTHON_DOWNLOADS": "manual", "UV_PYTHON_DOWNLOADS_JSON_URL": str(listed)}
        done = asking.sync(UV_PYTHON_INSTALL_DIR=str(tmp_path / "fetched"), **allowed)
    assert f"fetch Python {minor}" in done.stderr
    assert asking.info()["python"].startswith(f"{minor}.")
    assert asking.codes() == []


def archive(path: Path, minor: str, base: str) -> str:
    """Make what uv takes for a Python: programs that start `base`, and what it patches in one."""
    script = f'#!/bin/sh\nexec "{base}" "$@"\n'.encode()
    library = f"lib/python{minor}"
    files = {f"bin/{name}": script for name in ("python", f"python{minor}")}
    found = Path(base).parents[1].glob(f"{library}/_sysconfigdata_*.py")
    files |= {f"{library}/{each.name}": each.read_bytes() for each in found}
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(f"python/{name}")
            info.size, info.mode = len(content), 0o755
            tar.addfile(info, io.BytesIO(content))
    return hashlib.sha256(path.read_bytes()).hexdigest()


def download(minor: str, url: str, digest: str) -> dict[str, object]:
    major, number = map(int, minor.split("."))
    arch = {"family": platform.machine(), "variant": None}
    facts = {"name": "cpython", "arch": arch, "os": "linux", "libc": "gnu", "major": major}
    facts |= {"minor": number, "patch": 99, "prerelease": "", "variant": None, "build": "1"}
    return {
        f"cpython-{minor}.99-linux-{platform.machine()}-gnu": {
            **facts,
            "url": url,
            "sha256": digest,
        }
    }


@pytest.mark.parametrize(("key", "made"), [("1\r", True), ("\r", True), ("\x04", False)])
def test_on_a_terminal_a_person_chooses(asking: Tiny, key: str, made: bool) -> None:
    child = pexpect.spawn(
        sys.executable,
        ["tools/env", "sync"],
        env={**asking.environ, "TERM": "dumb"},
        cwd=str(asking.root),
        encoding="utf-8",
        timeout=60,
    )
    child.expect_exact(f"Python {ABSENT} is not on this machine. What now?")
    child.expect_exact("Number (1): ")
    child.send("9\r")  # there is no such choice
    child.expect_exact("Number (1): ")
    child.send(key)
    child.expect(pexpect.EOF)
    child.close()
    assert asking.env.exists() is made
    assert child.exitstatus == (0 if made else 3)


def test_the_newest_is_offered_first_then_a_download_then_later() -> None:
    here = [
        Interpreter(Path("/p"), "linux", Path("/s"), "", False, {"python_full_version": version})
        for version in ("3.11.7", "3.13.0")
    ]
    labels = [each.label for each in choices("3.12", here)]
    assert [label.split()[2] for label in labels[:2]] == ["3.13.0", "3.11.7"]
    assert labels[2:] == ["let uv fetch Python 3.12", "later"]
