"""The template withdraws a version that a project has locked."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import copier
import pytest
from support.engine import clean_environ, run
from support.template import make_template, release, render
from support.updates import commit, update

ADVISORY = "PYSEC-0000-1: it stole credentials"


@pytest.fixture
def behind(tmp_path: Path) -> tuple[Path, str]:
    """A project that is a release behind, and a package that the newest withdraws."""
    template = make_template(tmp_path / "seedbed")
    project = render(template, tmp_path / "project", framework="none", create_env=False)
    commit(project)
    lock = (project / "requirements-dev.txt").read_text(encoding="utf-8")
    version = re.search(r"^pytest==(\S+)", lock, re.MULTILINE)
    assert version
    listed = template / "template" / "tools" / "env" / "withdrawn.txt"
    with open(listed, "a", encoding="utf-8") as file:
        file.write(f"pytest!={version[1]}  # {ADVISORY}\n")
    release(template, "v2.0.0")
    return project, f"pytest {version[1]} was made by attackers ({ADVISORY})"


@pytest.mark.thorough
def test_the_check_says_that_a_newer_template_withdraws_it(
    behind: tuple[Path, str], home: Path
) -> None:
    project, sentence = behind
    told = []
    for words in ([], ["--json"]):
        argv = [sys.executable, "tools/template_check.py", *words]
        done = subprocess.run(
            argv, cwd=project, env=clean_environ(home), capture_output=True, text=True, check=False
        )
        assert done.returncode == 1, done.stderr
        told.append(done.stdout)
    assert told[0].splitlines()[1].startswith(f"{sentence}. Take every password")
    assert "Get it with: uvx copier update --trust" in told[0].splitlines()[2]
    [found] = json.loads(told[1])["withdrawn"]
    assert found.startswith(sentence)


def test_an_update_brings_the_list_and_the_lock_is_refused(
    behind: tuple[Path, str], home: Path
) -> None:
    project, sentence = behind
    copier.run_update(
        project, defaults=True, overwrite=True, unsafe=True, skip_tasks=True, quiet=True
    )
    done = run(sys.executable, project, "sync", environ=clean_environ(home))
    assert done.returncode == 3
    assert f"error: {sentence}, and is not taken.\n" in done.stderr
    assert not (project / ".venv").exists()


@pytest.mark.thorough
def test_an_update_takes_another_version_and_says_why(behind: tuple[Path, str], home: Path) -> None:
    project, sentence = behind
    done = update(project, home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{sentence}. Take every password" in done.stdout
    version = sentence.split()[1]
    assert f"pytest {version} -> " in done.stdout
    lock = (project / "requirements-dev.txt").read_text(encoding="utf-8")
    assert f"pytest=={version}" not in lock
    assert "pytest==" in lock
