"""Answers that change on an update: what they need comes, what is the user's stays."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from support.engine import clean_environ
from support.history import append
from support.template import git
from support.updates import commit, update

from .conftest import Made


@pytest.mark.thorough
def test_files_that_other_answers_need_are_added_and_none_is_taken_away(
    made: Made, home: Path
) -> None:
    project = made("v2.0.0")
    assert not (project / "src" / "up" / "nets.py").exists()
    done = update(project, home, "--data", "backbone=nets")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (project / "src" / "up" / "nets.py").read_text() == "layers = 2\n"
    assert "Files added:\n- src/up/nets.py\n" in done.stdout
    unused = "Yours, and of no use for these answers any more:\n- src/up/trees.py\n"
    assert unused in done.stdout
    assert (project / "src" / "up" / "trees.py").exists()

    (project / "src" / "up" / "trees.py").write_text("mine = 1\n")
    commit(project)
    done = update(project, home, "--data", "backbone=trees")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (project / "src" / "up" / "trees.py").read_text() == "mine = 1\n"
    assert "- src/up/nets.py\n" in done.stdout


@pytest.mark.thorough
def test_another_manager_brings_its_module_and_edits_in_that_of_the_one_before_are_named(
    made: Made, home: Path
) -> None:
    project = made("v2.0.0", env_manager="conda")
    managers = project / "tools" / "env" / "managers"
    append(managers / "conda" / "prefix.py", "# of mine\n")
    commit(project)
    done = update(project, home, "--data", "env_manager=uv")
    assert sorted(path.name for path in managers.rglob("*.py")) == [
        "__init__.py",
        "uv.py",
        "venv.py",
    ]
    named = "tools/env/managers/conda/prefix.py was deleted, and you had edited it."
    assert named in done.stdout
    assert done.stdout.count("you had edited it") == 1
    assert done.returncode != 0


@pytest.mark.thorough
def test_locks_of_the_manager_before_are_named(made: Made, home: Path) -> None:
    project = made("v2.0.0", env_manager="uv")
    (project / "uv.lock").write_text("version = 1\n")
    commit(project)
    done = update(project, home, "--data", "env_manager=venv")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "of no use for these answers any more:\n- uv.lock\n" in done.stdout
    assert (project / "uv.lock").exists()


@pytest.mark.thorough
def test_a_second_build_comes_and_goes_and_a_library_of_ones_own_stays(
    made: Made, home: Path
) -> None:
    project = made("v2.0.0", framework="xgboost", libraries=[], accelerator="cpu")
    asked = project / "pyproject.toml"
    asked.write_text(asked.read_text().replace('    "numpy', '    "humanize",\n    "numpy', 1))
    commit(project)
    done = update(project, home, "--data", "accelerator=[cpu, cuda]")
    assert done.returncode == 0, done.stdout + done.stderr
    locks = [f"requirements{name}.txt" for name in ("", "-dev", "-cuda", "-dev-cuda")]
    for lock in locks:
        assert "\nhumanize==" in (project / lock).read_text()

    (project / "requirements-cuda.txt").write_text("# mine\n")
    commit(project)
    done = update(project, home, "--data", "accelerator=cpu")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (project / "requirements-dev-cuda.txt").exists()
    assert not (project / "tools" / "env" / "builds.py").exists()
    assert (project / "requirements-cuda.txt").read_text() == "# mine\n"
    assert "of no use for these answers any more:\n- requirements-cuda.txt\n" in done.stdout
    assert "\n- requirements-dev-cuda.txt\n" in done.stdout
    for lock in locks[:2]:
        assert "\nhumanize==" in (project / lock).read_text()
    assert '"humanize"' in asked.read_text()
    assert "xgboost-cpu" in asked.read_text()


@pytest.mark.thorough
def test_a_tracker_comes_and_goes_and_what_it_kept_is_never_in_git(made: Made, home: Path) -> None:
    project = made("v2.0.0")
    done = update(project, home, "--data", "tracking=mlflow", "--data", "scale_out=[slurm]")
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"mlflow' in (project / "pyproject.toml").read_text()
    assert "\nmlflow==" in (project / "requirements.txt").read_text()
    assert "def track(" in (project / "src" / "up" / "_runs.py").read_text()
    assert "\n- tests/conftest.py\n" in done.stdout.partition("others for these answers:")[2]
    commit(project)

    (project / "mlruns").mkdir()
    for path in ("mlflow.db", "mlflow.db-wal", "mlruns/report.html", "slurm-1.out"):
        (project / path).touch()
    done = update(project, home, "--data", "tracking=none", "--data", "scale_out=[]")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "mlflow" not in (project / "pyproject.toml").read_text()
    assert "\nmlflow==" not in (project / "requirements.txt").read_text()
    assert (project / "mlruns" / "report.html").exists()
    assert not git(project, "ls-files", "--others", "--exclude-standard")


@pytest.mark.thorough
def test_what_the_starter_has_for_other_answers_can_be_seen(made: Made, home: Path) -> None:
    project = made("v2.0.0")
    done = update(project, home, "--data", "env_manager=uv")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "others for these answers:\n- README.md\n- See the starter's with: uvx " in done.stdout
    command = done.stdout.partition("See the starter's with: uvx ")[2].splitlines()[0]
    argv = [sys.executable, "-m", *shlex.split(command)]
    subprocess.run(argv, cwd=project, env=clean_environ(home), check=True, capture_output=True)
    shown = (project.parent / "starter" / "README.md").read_text()
    assert "uv.lock" in shown
    assert "uv.lock" not in (project / "README.md").read_text()


@pytest.mark.thorough
def test_a_package_with_another_name_waits_for_its_code(made: Made, home: Path) -> None:
    project = made("v2.0.0")
    done = update(project, home, "--data", "package_name=other")
    assert done.returncode != 0
    assert "Move it with: git mv src/up src/other, and" in done.stdout
    assert not (project / "src" / "other").exists()
    assert 'module-name = "other"' in (project / "pyproject.toml").read_text()
    commit(project)
    git(project, "mv", "src/up", "src/other")
    commit(project)
    assert update(project, home).returncode == 0
