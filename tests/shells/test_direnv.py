"""The extra `direnv`: a real direnv reads .envrc, and enters what is ready."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from shells.sample import TEMPLATE, Sample, make_sample
from shells.spoil import lock_changed, nothing_there

ENVRC = TEMPLATE / "{% if 'direnv' in extras %}.envrc{% endif %}"
SHOW = "import json, os; print(json.dumps(dict(os.environ)))"


@pytest.fixture
def project(tmp_path: Path, ready_env: Path) -> Sample:
    return make_sample(tmp_path.resolve() / "two words", ready_env)  # `[` makes direnv run for ever


@pytest.fixture
def direnv() -> str:
    found = shutil.which("direnv")
    if found is None:
        if os.environ.get("SEEDBED_ALL_SHELLS"):
            pytest.fail("direnv is not installed")
        pytest.skip("direnv is not installed")
    return found


def within(direnv: str, project: Sample, home: Path) -> tuple[dict[str, str], str]:
    """The variables that direnv gives to a program in the project, and what it said."""
    shutil.copy(ENVRC, project.root / ".envrc")
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(home)}
    subprocess.run([direnv, "allow"], cwd=project.root, env=environ, check=True)
    done = subprocess.run(
        [direnv, "exec", project.root, sys.executable, "-ISc", SHOW],
        cwd=project.root,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(done.stdout), done.stderr


def test_a_ready_environment_is_entered(direnv: str, project: Sample, tmp_path: Path) -> None:
    inside, _ = within(direnv, project, tmp_path)
    assert inside["PATH"] == f"{project.bin}:/usr/bin:/bin"
    assert inside["VIRTUAL_ENV"] == str(project.env)
    assert inside["VIRTUAL_ENV_PROMPT"] == "digits"


def test_a_changed_lock_is_said(direnv: str, project: Sample, tmp_path: Path) -> None:
    lock_changed(project)
    inside, said = within(direnv, project, tmp_path)
    assert "requirements-dev.txt has changed since .venv was made from it." in said
    assert inside["VIRTUAL_ENV"] == str(project.env)


def test_nothing_is_made_or_entered_where_nothing_is(
    direnv: str, project: Sample, tmp_path: Path
) -> None:
    nothing_there(project)
    inside, said = within(direnv, project, tmp_path)
    assert "VIRTUAL_ENV" not in inside
    assert "Make it with:\n    python3 tools/env sync" in said
    assert not project.env.exists()


def test_it_is_short() -> None:
    assert len(ENVRC.read_text(encoding="utf-8").splitlines()) <= 10
