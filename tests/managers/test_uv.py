"""The manager uv: uv's own commands work on the project, and the engine keeps up with them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from support.engine import MINOR, Tiny, clean_environ, other_pythons
from support.index import serve
from support.managers import uv
from support.sources import sdist
from support.template import git
from support.wheels import uv_wheel, wheel


def pins(project: Tiny, lock: str = "requirements-dev.txt") -> list[str]:
    lines = (project.root / lock).read_text().splitlines()
    return [line.split()[0] for line in lines if "==" in line]


def same_for_uv(project: Tiny) -> bool:
    """Whether uv finds lock and environment as they should be."""
    checks = (["lock", "--check"], ["sync", "--check"])
    return all(uv(project, *words).returncode == 0 for words in checks)


def test_the_first_lock_has_the_rendered_versions(by_uv: Tiny, wheelhouse: Path) -> None:
    for name in ("alpha", "beta", "gamma"):
        wheel(wheelhouse, name, "9.0")
    by_uv.sync()
    assert pins(by_uv) == ["alpha==1.0", "beta==2.0", "gamma==1.0"]
    assert pins(by_uv, "requirements.txt") == ["alpha==1.0", "beta==2.0"]
    assert same_for_uv(by_uv)
    assert "9.0" not in (by_uv.root / "uv.lock").read_text()


def test_the_requirements_are_what_uv_exports(by_uv: Tiny) -> None:
    by_uv.sync()
    exported = uv(by_uv, "export", "--no-header", "--no-emit-project").stdout
    written = (by_uv.root / "requirements-dev.txt").read_text()
    assert "--hash=sha256:" in exported
    assert written.endswith(exported)


def test_what_uv_adds_is_taken_over(by_uv: Tiny, wheelhouse: Path) -> None:
    by_uv.sync()
    wheel(wheelhouse, "delta", "3.0")
    assert uv(by_uv, "add", "delta").returncode == 0
    assert "stale-lock" in by_uv.codes()
    assert "exported from it anew" in by_uv.sync().stderr
    assert "delta==3.0" in pins(by_uv, "requirements.txt")
    assert by_uv.codes() == []
    assert same_for_uv(by_uv)


@pytest.mark.thorough
def test_an_index_without_hashes_gives_locks_with_hashes(by_uv: Tiny, wheelhouse: Path) -> None:
    wheel(wheelhouse, "delta", "3.0")
    with serve(wheelhouse, hashed=False) as bare:
        by_uv.environ["UV_DEFAULT_INDEX"] = bare
        by_uv.sync()
        done = by_uv.run("add", "delta")
        assert done.returncode == 0, done.stderr
        assert by_uv.codes() == []
        wheel(wheelhouse, "epsilon", "4.0")
        assert uv(by_uv, "add", "epsilon").returncode == 0
        by_uv.sync()
        assert by_uv.codes() == []
        assert "epsilon==4.0" in pins(by_uv, "requirements.txt")


def test_what_uv_adds_and_would_have_to_build_is_refused(by_uv: Tiny, wheelhouse: Path) -> None:
    by_uv.sync()
    sdist(wheelhouse, "delta")
    lock = (by_uv.root / "requirements-dev.txt").read_bytes()
    assert uv(by_uv, "add", "delta").returncode == 0
    assert "stale-lock" in by_uv.codes()
    for command in ("sync", "lock"):
        done = by_uv.run(command)
        assert done.returncode == 3
        assert "delta has no wheel, and nothing is built from source unasked." in done.stderr
    assert (by_uv.root / "requirements-dev.txt").read_bytes() == lock
    assert uv(by_uv, "remove", "delta").returncode == 0
    assert by_uv.run("lock").returncode == 0
    by_uv.sync()
    assert by_uv.codes() == []
    assert same_for_uv(by_uv)


@pytest.mark.thorough
def test_what_uv_upgrades_stays_upgraded(by_uv: Tiny, wheelhouse: Path) -> None:
    by_uv.sync()
    wheel(wheelhouse, "alpha", "1.1")
    assert uv(by_uv, "lock", "--upgrade").returncode == 0
    assert by_uv.run("lock").returncode == 0
    assert "alpha==1.1" in pins(by_uv)
    by_uv.sync()
    assert by_uv.codes() == []


def test_what_the_engine_changes_suits_uv(by_uv: Tiny, wheelhouse: Path) -> None:
    by_uv.sync()
    wheel(wheelhouse, "delta", "3.0")
    for words in (["add", "delta"], ["remove", "beta"], ["lock", "--upgrade"], ["sync"]):
        assert by_uv.run(*words).returncode == 0
        if words != ["lock", "--upgrade"]:
            assert same_for_uv(by_uv)


def test_running_through_uv_leaves_the_environment_as_it_was(by_uv: Tiny) -> None:
    by_uv.sync()
    assert uv(by_uv, "run", "beta").stdout == "2.0\n"
    assert by_uv.codes() == []


def test_an_environment_that_uv_made_is_taken_over_and_proven(by_uv: Tiny) -> None:
    by_uv.sync()
    fingerprint = by_uv.info()["fingerprint"]
    shutil.rmtree(by_uv.env)
    assert uv(by_uv, "sync", "--python", MINOR).returncode == 0
    mark = by_uv.env / "by-uv"
    mark.touch()
    assert by_uv.info()["state"] == "incomplete"
    by_uv.sync()
    assert by_uv.info()["fingerprint"] == fingerprint
    assert by_uv.codes() == []
    assert mark.exists(), "it was taken over, not made anew"


def test_an_environment_of_another_tool_is_still_left_alone(by_uv: Tiny) -> None:
    by_uv.env.mkdir()
    (by_uv.env / "pyvenv.cfg").write_text("home = /usr/bin\n")
    assert by_uv.info()["state"] == "foreign"


def test_an_edited_pyproject_is_locked_before_there_is_a_lock_of_uv(by_uv: Tiny) -> None:
    path = by_uv.root / "pyproject.toml"
    path.write_text(path.read_text().replace('"beta"', '"alpha"'))
    assert by_uv.run("lock").returncode == 0
    assert pins(by_uv) == ["alpha==1.0", "gamma==1.0"]
    by_uv.sync()
    assert same_for_uv(by_uv)


def test_two_branches_that_added_packages_are_merged(by_uv: Tiny, wheelhouse: Path) -> None:
    by_uv.sync()
    (by_uv.root / ".gitignore").write_text(".venv\n")
    wheel(wheelhouse, "delta", "3.0")
    wheel(wheelhouse, "dodo", "4.0")
    git(by_uv.root, "init", "--quiet", "--initial-branch=main")
    git(by_uv.root, "add", "--all")
    git(by_uv.root, "commit", "--quiet", "--message", "both")
    for branch, package in (("theirs", "delta"), ("ours", "dodo")):
        git(by_uv.root, "checkout", "--quiet", "-b", branch, "main")
        assert by_uv.run("add", package).returncode == 0
        git(by_uv.root, "commit", "--quiet", "--all", "--message", branch)
    for name in ("delta", "dodo", "gamma"):
        wheel(wheelhouse, name, "9.0")
    with pytest.raises(subprocess.CalledProcessError):
        git(by_uv.root, "merge", "theirs")
    conflicts = git(by_uv.root, "diff", "--name-only", "--diff-filter=U").split()
    assert {"uv.lock", "pyproject.toml", "requirements-dev.txt"} <= set(conflicts)
    path = by_uv.root / "pyproject.toml"
    path.write_text(re.sub(r"(?m)^(<<<<<<<|=======|>>>>>>>).*\n", "", path.read_text()))
    assert by_uv.run("sync").returncode == 3
    assert by_uv.run("lock").returncode == 0
    by_uv.sync()
    assert pins(by_uv) == ["alpha==1.0", "beta==2.0", "delta==3.0", "dodo==4.0", "gamma==1.0"]
    assert same_for_uv(by_uv)
    assert by_uv.codes() == []


@pytest.fixture
def another_python() -> str:
    """A Python that the lock is for and the tests do not run on; its minor version."""
    newer = [each for each in other_pythons() if int(each[2:]) > int(MINOR[2:])]
    if not newer:
        pytest.skip("there is no newer Python on this machine")
    return newer[0]


def test_the_python_that_uv_pins_is_the_one_that_is_asked_for(
    by_uv: Tiny, another_python: str
) -> None:
    by_uv.sync()
    (by_uv.root / ".python-version").write_text(f"# uv python pin\n{another_python}\n")
    assert by_uv.codes() == ["other-python"]
    by_uv.sync()
    assert by_uv.info()["python"].startswith(f"{another_python}.")
    assert same_for_uv(by_uv)
    assert by_uv.codes() == []


def test_a_python_that_uv_does_not_look_for_serves_to_lock(
    by_uv: Tiny, another_python: str
) -> None:
    for name, old, new in (
        ("pyproject.toml", f">={MINOR}", f"=={another_python}.*"),
        ("tools/env.cfg", f"= {MINOR}", f"= {another_python}"),
    ):
        path = by_uv.root / name
        path.write_text(path.read_text().replace(old, new))
    done = by_uv.run("lock")
    assert done.returncode == 0, done.stderr
    assert (by_uv.root / "uv.lock").exists()


def test_what_an_extra_brings_is_locked_from_an_index_without_upload_times(
    by_uv: Tiny, wheelhouse: Path
) -> None:
    wheel(wheelhouse, "delta", "3.0")
    more = '[project.optional-dependencies]\nmore = ["delta"]\n[tool.uv]\n'
    with (by_uv.root / "pyproject.toml").open("a") as file:
        file.write(f'\n{more}exclude-newer = "7 days"\n')
    assert by_uv.run("lock").returncode == 0
    by_uv.sync()
    assert 'name = "delta"' in (by_uv.root / "uv.lock").read_text()
    assert by_uv.codes() == []


def test_a_python_chosen_by_hand_is_pinned_for_uv_too(by_uv: Tiny, another_python: str) -> None:
    assert f"Python {another_python} from now on" in by_uv.sync("--python", another_python).stderr
    assert (by_uv.root / ".python-version").read_text() == f"{another_python}\n"
    assert same_for_uv(by_uv)
    by_uv.run("delete", "--yes")
    by_uv.sync()
    assert by_uv.info()["python"].startswith(f"{another_python}.")
    (by_uv.root / ".python-version").write_text("pypy\n")
    assert "asks for Python 'pypy', which is not a version" in by_uv.run("check").stderr


def test_a_machine_without_uv_gets_the_locked_one(
    by_uv: Tiny, wheelhouse: Path, tmp_path: Path, home: Path
) -> None:
    real = Path(by_uv.environ["UV"])
    nowhere = clean_environ(home, **{**by_uv.environ, "UV": str(tmp_path / "none")})
    fetched = uv_wheel(wheelhouse, str(real))
    path = by_uv.root / "pyproject.toml"
    path.write_text(path.read_text().replace('["gamma"]', '["gamma", "uv"]'))
    with (by_uv.root / "requirements-dev.txt").open("a") as file:
        file.write(fetched.line)
    by_uv = Tiny(by_uv.root, nowhere)
    assert "fetches the locked one" in by_uv.sync().stderr
    assert (by_uv.root / "uv.lock").exists()
    assert by_uv.codes() == []
