"""What every manager must do: one row a manager, and the same tests for each."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from support.engine import MINOR, Tiny
from support.managers import uv
from support.template import copy_helpers, tree
from support.wheels import wheel


def pins(project: Tiny, lock: str = "requirements-dev.txt") -> list[str]:
    lines = (project.root / lock).read_text().splitlines()
    return [line.split()[0] for line in lines if "==" in line]


def distributions(project: Tiny) -> list[str]:
    return sorted(path.name.removesuffix(".dist-info") for path in project.site.glob("*.dist-info"))


def test_an_environment_of_the_first_lock(managed: Tiny) -> None:
    managed.sync()
    assert distributions(managed) == ["alpha-1.0", "beta-2.0", "gamma-1.0"]
    assert managed.info()["state"] == "ready"
    assert managed.codes() == []
    assert managed.codes("--fast") == []


def test_a_second_sync_does_nothing(made: Tiny) -> None:
    before = tree(made.root)
    assert "nothing to do" in made.sync().stderr
    assert tree(made.root) == before


def test_a_colleague_gets_the_same(made: Tiny, tmp_path: Path) -> None:
    clone = Tiny(tmp_path / "a clone", made.environ)
    shutil.copytree(made.root, clone.root, ignore=shutil.ignore_patterns(".venv"))
    clone.sync()
    assert clone.info()["fingerprint"] == made.info()["fingerprint"]
    files = {name for name in tree(made.root) if not name.startswith(".venv")}
    assert {name: tree(clone.root)[name] for name in files} == {
        name: tree(made.root)[name] for name in files
    }


def test_locking_again_changes_nothing(made: Tiny, wheelhouse: Path) -> None:
    made.run("lock")  # the first one may write the comments anew
    made.sync()
    wheel(wheelhouse, "alpha", "1.1")
    before = tree(made.root)
    done = made.run("lock")
    assert "up to date" in done.stderr, done.stderr
    assert tree(made.root) == before


def test_upgrading_one_and_all(made: Tiny, wheelhouse: Path) -> None:
    wheel(wheelhouse, "alpha", "1.1")
    wheel(wheelhouse, "gamma", "1.1")
    assert "alpha 1.0 -> 1.1" in made.run("lock", "--upgrade", "alpha").stderr
    assert pins(made) == ["alpha==1.1", "beta==2.0", "gamma==1.0"]
    made.run("lock", "--upgrade")
    assert pins(made) == ["alpha==1.1", "beta==2.0", "gamma==1.1"]
    assert made.info()["state"] == "stale"
    made.sync()
    assert distributions(made) == ["alpha-1.1", "beta-2.0", "gamma-1.1"]
    assert made.codes() == []


def test_adding_and_removing(made: Tiny, wheelhouse: Path) -> None:
    wheel(wheelhouse, "delta", "3.0")
    done = made.run("add", "delta>=3")
    assert done.returncode == 0, done.stderr
    assert "delta==3.0" in pins(made, "requirements.txt")
    assert "a comment that must stay" in (made.root / "pyproject.toml").read_text()
    assert "index" not in (made.root / "pyproject.toml").read_text()
    assert made.codes() == []
    done = made.run("remove", "--dev", "gamma")
    assert done.returncode == 0, done.stderr
    assert distributions(made) == ["alpha-1.0", "beta-2.0", "delta-3.0"]
    assert made.codes() == []


def test_what_cannot_be_added_changes_nothing(made: Tiny) -> None:
    before = tree(made.root)
    done = made.run("add", "alpha>=9")
    assert done.returncode == 3
    assert "nothing was changed" in done.stderr
    assert tree(made.root) == before


def test_freezing(made: Tiny, wheelhouse: Path) -> None:
    wheel(wheelhouse, "delta", "3.0")
    uv(made, "pip", "install", "--python", str(made.python), "delta")
    assert made.codes() == ["extra-package"]
    assert "delta==3.0 becomes a direct dependency" in made.run("freeze").stderr
    assert "delta==3.0" in pins(made)
    assert made.codes() == []


def test_an_edit_that_was_not_locked_is_told(made: Tiny) -> None:
    made.run("lock")
    made.sync()
    path = made.root / "pyproject.toml"
    path.write_text(path.read_text().replace('"beta"', '"beta", "delta"'))
    assert made.codes() == ["unlocked"]
    assert "What pyproject.toml asks for has changed" in made.run("sync").stderr
    path.write_text(path.read_text().replace('"beta", "delta"', '"beta>=3"'))
    assert made.codes() == ["unlocked"]
    path.write_text(path.read_text().replace('"beta>=3"', ""))
    assert made.run("lock").returncode == 0
    made.sync()
    assert distributions(made) == ["gamma-1.0"]


def test_an_edited_file_is_told_and_mended(made: Tiny) -> None:
    path = made.site / "alpha" / "__init__.py"
    whole = path.read_text()
    path.write_text(whole + "# a debug print\n")
    assert made.codes() == made.codes("--fast") == ["file-edited"]
    made.sync()
    assert path.read_text() == whole
    assert made.codes() == []


def test_moving_and_copying(made: Tiny, tmp_path: Path) -> None:
    moved = Tiny(tmp_path / "elsewhere", made.environ)
    shutil.copytree(made.root, moved.root, symlinks=True)
    assert moved.codes() == ["moved-project"]
    moved.sync()
    assert moved.codes() == []
    assert made.codes() == []


def test_packages_from_underneath_are_told_and_shut_out(made: Tiny) -> None:
    path = made.env / "pyvenv.cfg"
    for flag in ("include-system-site-packages = true\n", "# no line at all, which means yes\n"):
        kept = [each for each in path.read_text().splitlines(True) if "include-system" not in each]
        path.write_text("".join(kept) + flag)
        assert made.codes("--fast") == ["other-python"]
        made.sync()
        assert made.codes() == []


def test_a_directory_of_somebody_else_is_left_alone(managed: Tiny) -> None:
    managed.env.mkdir()
    (managed.env / "thesis.txt").write_text("years of work")
    assert managed.run("sync").returncode == 3
    assert managed.run("delete", "--yes").returncode == 3
    assert [path.name for path in managed.env.iterdir()] == ["thesis.txt"]


def test_running_and_deleting(made: Tiny) -> None:
    assert made.run("run", "--", "beta").stdout == "2.0\n"
    told = made.run("run", "--", "python", "-c", "import sys, alpha; print(sys.prefix)").stdout
    assert told.strip() == str(made.env)
    assert made.run("delete", "--yes").returncode == 0
    assert not made.env.exists()


def test_the_place_can_be_elsewhere(managed: Tiny, tmp_path: Path) -> None:
    place = {"UV_PROJECT_ENVIRONMENT": str(tmp_path / "on another disk")}
    managed.sync(**place)
    assert not managed.env.exists()
    assert managed.codes(**place) == []


@pytest.mark.parametrize("part", [0.3, 0.7])
def test_killed_in_the_middle(managed: Tiny, part: float) -> None:
    started = time.monotonic()
    managed.sync()
    whole = time.monotonic() - started
    managed.run("delete", "--yes")
    argv = ["python3", str(managed.root / "tools" / "env"), "sync"]
    running = subprocess.Popen(argv, env=managed.environ, stderr=subprocess.DEVNULL)
    time.sleep(whole * part)
    running.send_signal(signal.SIGKILL)
    running.wait()
    managed.sync()
    assert managed.codes() == []


def test_activation_enters_it(made: Tiny) -> None:
    copy_helpers(made.root)
    script = 'set -e; . ./activate.sh; python -c "import sys, alpha; print(sys.prefix)"'
    done = subprocess.run(
        ["bash", "-c", script + "; deactivate; command -v beta || echo gone"],
        cwd=made.root,
        env=made.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [str(made.env), "gone"]
    assert done.stderr == ""


def test_another_python_is_seen(made: Tiny) -> None:
    settings = made.root / "tools" / "env.cfg"
    settings.write_text(settings.read_text().replace(f"python = {MINOR}", "python = 3.99"))
    assert made.info()["state"] == "stale"
    done = made.run("sync", SEEDBED_STRICT="1")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert distributions(made) == ["alpha-1.0", "beta-2.0", "gamma-1.0"]
