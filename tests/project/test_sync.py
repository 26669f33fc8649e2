"""`sync` brings an environment to its lock, whatever it finds."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.engine import MINOR, Tiny, other_pythons, tiny, without_uv
from support.wheels import Wheel, wheel

from env.project import load
from env.sync import inside


def test_makes_an_environment_that_holds_exactly_the_lock(project: Tiny) -> None:
    project.sync()
    assert sorted(path.name for path in project.site.glob("*.dist-info")) == [
        "alpha-1.0.dist-info",
        "beta-2.0.dist-info",
    ]
    assert project.info()["state"] == "ready"
    assert project.codes() == []


def test_a_second_run_changes_nothing(ready: Tiny) -> None:
    def times() -> dict[Path, int]:
        return {path: path.lstat().st_mtime_ns for path in ready.env.rglob("*")}

    before = times()
    assert "nothing to do" in ready.sync().stderr
    assert times() == before


def test_a_lock_that_asks_for_nothing_else_is_proven_again_and_nothing_installed(
    ready: Tiny,
) -> None:
    before, fingerprint = ready.site.stat().st_mtime_ns, ready.info()["fingerprint"]
    lock = ready.root / "requirements.txt"
    lock.write_text(lock.read_text() + "# another line\n")
    assert ready.codes() == ["stale-lock"]
    done = ready.sync()
    assert "installing" not in done.stderr
    assert ready.codes() == []
    assert ready.info()["fingerprint"] == fingerprint
    assert ready.site.stat().st_mtime_ns == before


def test_what_this_machine_forbids_is_refused_though_it_is_there(
    ready: Tiny, tmp_path: Path
) -> None:
    rules = tmp_path / "rules.txt"
    rules.write_text("alpha<1\n")
    lock = ready.root / "requirements.txt"
    lock.write_text(lock.read_text() + "# another line\n")
    assert "do not allow what is locked" in ready.run("sync", UV_CONSTRAINT=str(rules)).stderr


def test_without_uv_the_one_of_the_lock_is_fetched_and_does_the_rest(
    project: Tiny, wheelhouse: Path
) -> None:
    without_uv(project, wheelhouse)
    assert "pip fetches the locked one" in project.sync().stderr
    assert project.info()["installer"].startswith("uv ")
    assert project.codes() == []
    assert not (project.env / ".seedbed" / "uv").exists()
    project.run("delete", "--yes")
    project.environ["PATH"] = str(wheelhouse)  # nor anything else
    project.sync()


@pytest.mark.thorough
def test_the_uv_that_was_fetched_once_serves_the_next_project(
    project: Tiny, wheelhouse: Path
) -> None:
    without_uv(project, wheelhouse)
    project.sync()
    project.run("delete", "--yes")
    assert "taking the locked one from" in project.sync().stderr
    assert project.codes() == []


def test_a_kept_uv_that_has_changed_is_fetched_anew(project: Tiny, wheelhouse: Path) -> None:
    without_uv(project, wheelhouse)
    project.sync()
    (kept,) = Path(project.environ["HOME"], ".cache", "seedbed").glob("*/uv")
    kept.write_bytes(b"#!/bin/sh\necho uv 0.99.0\n")
    project.run("delete", "--yes")
    assert "pip fetches the locked one" in project.sync().stderr
    assert project.codes() == []


@pytest.mark.thorough
def test_without_a_cache_uv_is_fetched_each_time(project: Tiny, wheelhouse: Path) -> None:
    without_uv(project, wheelhouse)
    project.environ["XDG_CACHE_HOME"] = os.devnull
    project.environ["UV_CACHE_DIR"] = str(wheelhouse.parent / "uv-cache")
    assert "pip fetches the locked one" in project.sync().stderr
    assert project.codes() == []


def test_what_left_the_lock_is_announced_and_removed(ready: Tiny, alpha: Wheel) -> None:
    ready.lock(alpha)
    assert ready.info()["state"] == "stale"
    assert "removing what is not in the lock: beta" in ready.sync().stderr
    assert [path.name for path in ready.site.glob("*.dist-info")] == ["alpha-1.0.dist-info"]


def test_a_new_version_in_the_lock_is_installed(ready: Tiny, wheelhouse: Path, beta: Wheel) -> None:
    ready.lock(wheel(wheelhouse, "alpha", "1.1"), beta)
    ready.sync()
    python = ready.python
    argv = [str(python), "-c", "import alpha; print(alpha.version)"]
    assert subprocess.check_output(argv, text=True) == "1.1\n"


def test_another_file_of_the_same_version_takes_the_place_of_the_one_that_is_locked_no_more(
    ready: Tiny, wheelhouse: Path, beta: Wheel
) -> None:
    before = ready.info()["fingerprint"]
    ready.lock(wheel(wheelhouse, "alpha", "1.0", text="built_again = True\n"), beta)
    ready.sync()
    assert "built_again" in (ready.site / "alpha" / "__init__.py").read_text(encoding="utf-8")
    assert ready.info()["fingerprint"] != before
    assert ready.codes() == []


def test_one_more_file_that_the_lock_allows_changes_nothing(ready: Tiny) -> None:
    lock = ready.root / "requirements.txt"
    more = f"--hash=sha256:{'0' * 64} --hash="
    lock.write_text(lock.read_text(encoding="utf-8").replace("--hash=", more), encoding="utf-8")
    assert ready.info()["state"] == "stale"
    assert "installing" not in ready.sync().stderr
    assert ready.codes() == []


def test_a_file_with_another_hash_is_refused_and_the_next_sync_completes(
    project: Tiny, wheelhouse: Path, alpha: Wheel
) -> None:
    good = alpha.path.read_bytes()
    wheel(wheelhouse, "alpha", "1.0", text="evil = True\n")
    done = project.run("sync")
    assert done.returncode == 3
    assert "not the one in the lock" in done.stderr
    assert project.info()["state"] == "incomplete"
    alpha.path.write_bytes(good)
    project.sync()
    assert project.codes() == []


def test_an_unreachable_index_is_named_and_the_next_sync_completes(project: Tiny) -> None:
    # Port 9 (discard) on loopback: nobody listens, and the refusal comes at once.
    nowhere = "http://127.0.0.1:9/simple"
    done = project.run("sync", UV_DEFAULT_INDEX=nowhere)
    assert done.returncode == 3
    assert "could not be reached" in done.stderr
    assert "run: python3 tools/env sync" in done.stderr
    assert project.info()["state"] == "incomplete"
    project.sync()
    assert project.info()["state"] == "ready"


def test_a_moved_project_gets_a_new_environment(ready: Tiny, tmp_path: Path) -> None:
    moved = Tiny(tmp_path / "elsewhere", ready.environ)
    ready.root.rename(moved.root)
    assert moved.info()["state"] == "moved"
    assert moved.codes() == ["moved-project"]
    moved.sync()
    assert str(moved.env) in (moved.scripts / "activate").read_text()
    assert moved.codes() == []


def test_a_copied_project_leaves_the_original_alone(ready: Tiny, tmp_path: Path) -> None:
    copy = Tiny(tmp_path / "copy", ready.environ)
    shutil.copytree(ready.root, copy.root, symlinks=True)
    assert copy.info()["state"] == "moved"
    copy.sync()
    assert (copy.info()["state"], ready.info()["state"]) == ("ready", "ready")


@pytest.mark.parametrize("left", [None, b"", b"\0\0\0", b"home = caf\xe9\n"])
def test_an_environment_without_its_pyvenv_cfg_is_broken_and_made_anew(
    ready: Tiny, left: bytes | None
) -> None:
    path = ready.env / "pyvenv.cfg"
    path.unlink()
    if left is not None:
        path.write_bytes(left)
    assert ready.info()["state"] == "broken"
    assert ready.codes() == ["broken-env"]
    ready.sync()
    assert ready.codes() == []


def test_a_python_that_takes_itself_for_its_base_is_never_the_environments(ready: Tiny) -> None:
    """What would be done to it would be done to the machine's own Python."""
    project = load(ready.root, ready.environ)
    assert inside(project, ready.environ) is not None
    (ready.env / "pyvenv.cfg").unlink()
    assert inside(project, ready.environ) is None


def test_a_directory_that_is_not_ours_is_never_touched(project: Tiny) -> None:
    project.env.mkdir()
    (project.env / "thesis.txt").write_text("years of work")
    for words in (["sync"], ["sync", "--python", MINOR], ["delete", "--yes"]):
        done = project.run(*words)
        assert done.returncode == 3
        assert "left alone" in done.stderr
    assert [path.name for path in project.env.iterdir()] == ["thesis.txt"]
    assert project.info()["state"] == "foreign"


def test_two_projects_do_not_share_a_central_environment(
    project: Tiny, environ: dict[str, str], tmp_path: Path, alpha: Wheel
) -> None:
    first = tiny(tmp_path / "first", environ, env="$WORKON_HOME/shared")
    second = tiny(tmp_path / "second", environ, env="$WORKON_HOME/shared")
    first.lock(alpha)
    second.lock(alpha)
    first.sync()
    assert (Path(environ["HOME"]) / ".virtualenvs" / "shared").is_dir()
    done = second.run("sync")
    assert done.returncode == 3
    assert str(first.root) in done.stderr
    assert first.info()["state"] == "ready"


def test_an_environment_of_another_system_is_left_alone(ready: Tiny) -> None:
    # As a container sees it that shares the disk with its host.
    stamp = ready.env / ".seedbed" / "stamp"
    stamp.write_text(re.sub("system=.*", "system=sunos5", stamp.read_text()))
    assert ready.info()["state"] == "foreign"
    done = ready.run("sync")
    assert done.returncode == 3
    assert "made on another system (sunos5)" in done.stderr
    assert "UV_PROJECT_ENVIRONMENT" in done.stderr
    assert ready.python.exists()


def test_an_empty_directory_is_used(project: Tiny) -> None:
    project.env.mkdir()
    project.sync()
    assert project.info()["state"] == "ready"


def test_a_removed_base_python_is_told_and_mended(ready: Tiny) -> None:
    python = ready.python
    python.unlink()
    python.symlink_to("/nowhere/python3")
    assert ready.info()["state"] == "broken"
    ready.sync()
    assert ready.codes() == []


def test_the_place_can_be_overridden(project: Tiny, tmp_path: Path) -> None:
    place = str(tmp_path / "container-env")
    project.sync(UV_PROJECT_ENVIRONMENT=place)
    assert not project.env.exists()
    assert project.info(UV_PROJECT_ENVIRONMENT=place)["path"] == place


def test_git_does_not_see_the_environment_under_any_name(
    environ: dict[str, str], tmp_path: Path, alpha: Wheel
) -> None:
    project = tiny(tmp_path / "project", environ, env="my env")
    project.lock(alpha)
    project.sync()
    subprocess.run(["git", "init", "--quiet"], cwd=project.root, check=True)
    status = subprocess.check_output(["git", "status", "--short"], cwd=project.root, text=True)
    assert "my env" not in status


def test_a_project_in_an_odd_directory_works(
    environ: dict[str, str], tmp_path: Path, alpha: Wheel
) -> None:
    project = tiny(tmp_path / "it's a «test» 🚀; $HOME %x%" / "-p", environ)
    project.lock(alpha)
    project.sync()
    assert project.codes() == []
    done = project.run("run", "--", "python", "-c", "import alpha, sys; print(sys.prefix)")
    assert done.stdout.strip() == str(project.env)


def test_a_colon_in_the_path_is_refused_with_a_sentence(
    environ: dict[str, str], tmp_path: Path, alpha: Wheel
) -> None:
    project = tiny(tmp_path / "a:b", environ)
    project.lock(alpha)
    done = project.run("sync")
    assert done.returncode == 3
    assert "PATH separates its entries" in done.stderr
    assert not project.env.exists()


def test_a_broken_lock_costs_nothing(ready: Tiny) -> None:
    (ready.root / "requirements.txt").write_text("alpha>=1.0\n")
    done = ready.run("sync")
    assert done.returncode == 3
    assert "alpha>=1.0" in done.stderr
    assert (ready.site / "alpha" / "__init__.py").exists()


def test_the_python_that_was_asked_for_by_hand_is_kept(ready: Tiny, alpha: Wheel) -> None:
    others = sorted(set(other_pythons()) & {"3.10", "3.12", "3.13"} - {MINOR})
    if not others:
        pytest.skip("no other Python on this machine (pyenv install 3.12)")
    minor = others[0]
    ready.sync("--python", minor)
    assert ready.info()["python"].startswith(minor + ".")
    ready.lock(alpha)
    ready.sync()
    assert ready.info()["python"].startswith(minor + ".")


def test_a_python_that_is_not_there_is_never_replaced_by_another(project: Tiny) -> None:
    done = project.run("sync", "--python", "3.99")
    assert done.returncode == 3
    assert "Python 3.99 is not on this machine (found: " in done.stderr
    assert not project.env.exists()


def test_a_killed_creation_is_incomplete_and_goes_on(project: Tiny) -> None:
    project.sync()
    (project.env / ".seedbed" / "manifest.json").unlink()
    shutil.rmtree(project.site / "alpha")
    assert project.info()["state"] == "incomplete"
    project.sync()
    assert project.codes() == []


def test_a_second_command_waits_for_the_first_and_says_so(ready: Tiny, alpha: Wheel) -> None:
    fcntl = pytest.importorskip("fcntl", reason="locks of another kind are used on Windows")
    ready.lock(alpha)
    with open(ready.root / "tools" / ".env-turn", "rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        argv = [sys.executable, "tools/env", "sync"]
        second = subprocess.Popen(
            argv, cwd=ready.root, env=ready.environ, stderr=subprocess.PIPE, text=True
        )
        assert second.stderr is not None
        assert "another tools/env is at work here" in second.stderr.readline()
        assert ready.info()["state"] == "stale"
    _, text = second.communicate(timeout=60)
    assert second.returncode == 0, text
    assert ready.info()["state"] == "ready"


def test_two_at_once_end_in_one_good_environment(project: Tiny) -> None:
    argv = [sys.executable, "tools/env", "sync"]
    both = [
        subprocess.Popen(
            argv, cwd=project.root, env=project.environ, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    texts = [each.communicate(timeout=60)[1] for each in both]
    assert [each.returncode for each in both] == [0, 0], texts
    assert project.codes() == []


def test_a_repair_that_needs_the_network_changes_nothing_offline(ready: Tiny) -> None:
    (ready.site / "alpha" / "__init__.py").write_text("changed\n")
    done = ready.run("sync", "--offline")
    assert done.returncode == 3
    assert "Run it with the network" in done.stderr
    assert ready.codes() == ["file-edited"]


def test_what_no_cache_holds_is_told_as_such_offline(project: Tiny) -> None:
    done = project.run("sync", "--offline")
    assert done.returncode == 3
    assert "The caches do not hold all that is needed" in done.stderr


def test_fetching_keeps_to_the_python_that_was_asked_for_by_hand(project: Tiny) -> None:
    done = project.run("sync", "--python", "3.99")
    assert "sync --python 3.99 --fetch" in done.stderr


def test_without_uv_an_unreachable_index_is_not_taken_for_a_lack_of_uv(
    project: Tiny, wheelhouse: Path
) -> None:
    without_uv(project, wheelhouse)
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "1"}
    done = project.run("sync", **nowhere)
    assert done.returncode == 3
    assert "could not be reached" in done.stderr


STARTERS = {
    "a .pth": {"delta.pth": "import sys; sys.delta = 1\n"},
    "a .pth that adds a directory, where there may be a sitecustomize": {"delta.pth": "delta\n"},
    "a .start of Python 3.15": {"delta.start": "delta:main\n"},
    "sitecustomize": {"sitecustomize.py": "\n"},
    "sitecustomize as a package": {"sitecustomize/__init__.py": "\n"},
    "usercustomize": {"usercustomize.py": "\n"},
}


@pytest.mark.parametrize("top", STARTERS.values(), ids=STARTERS)
def test_what_a_package_runs_at_every_start_is_named(
    top: dict[str, str], project: Tiny, alpha: Wheel, wheelhouse: Path
) -> None:
    project.lock(alpha, wheel(wheelhouse, "delta", "1.0", top=top))
    [name] = top
    said = f"note: delta 1.0 runs at every start of Python, by {name.partition('/')[0]}."
    assert said in project.sync().stderr


def test_it_is_named_again_only_where_it_has_changed(ready: Tiny, wheelhouse: Path) -> None:
    def synced(version: str, name: str, **top: str) -> bool:
        made = wheel(wheelhouse, name, version, top={f"{each}.pth": top[each] for each in top})
        ready.lock(made)
        return f"note: {name} {version} runs at every start" in ready.sync().stderr

    assert not synced("1.0", "delta")
    assert synced("1.1", "delta", delta_init="import sys\n")
    assert not synced("1.2", "delta", delta_init="import sys\n")
    assert synced("1.3", "delta", delta_init="import os\n")
    assert not synced("99", "setuptools", distutils="import os\n")  # which is well known
