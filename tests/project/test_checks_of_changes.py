"""What a project's GitHub or GitLab runs for each change: the same commands, and they work."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.engine import MINOR, Tiny
from support.real import cached_environ, copied
from support.template import ROOT

COMMANDS = [
    "python tools/env sync",
    "python tools/env check",
    "python tools/env run -- poe lint",
    "python tools/env run -- poe test",
]


@pytest.fixture(scope="module")
def project(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    place = tmp_path_factory.mktemp("checks")
    (place / "home").mkdir()
    answers = {"framework": "none", "libraries": [], "create_env": "false"}
    answers |= {"extras": ["github", "gitlab"], "python_version": MINOR}
    return copied(template, place / "my-project", cached_environ(place / "home"), **answers)


def jobs(project: Tiny) -> tuple[dict[str, Any], dict[str, Any]]:
    """Those of GitHub and those of GitLab, by name."""
    hosts = (".github/workflows/checks.yml", ".gitlab-ci.yml")
    github, gitlab = (yaml.safe_load((project.root / name).read_text()) for name in hosts)
    return github["jobs"], gitlab


def runs(job: dict[str, Any]) -> list[str]:
    return [step["run"] for step in job["steps"] if "run" in step]


def test_both_run_the_same_and_all_of_it_works(project: Tiny) -> None:
    github, gitlab = jobs(project)
    assert runs(github["checks"]) == gitlab["checks"]["script"] == COMMANDS
    (version,) = (step["with"]["python-version"] for step in github["checks"]["steps"][1:2])
    assert version == MINOR
    assert gitlab["checks"]["image"] == f"python:{MINOR}"
    for command in COMMANDS:
        _, *words = shlex.split(command)
        done = subprocess.run(
            [sys.executable, *words], cwd=project.root, env=project.environ, check=False
        )
        assert done.returncode == 0, command


def test_being_behind_the_template_blocks_no_merge(project: Tiny) -> None:
    github, gitlab = jobs(project)
    assert github["template"]["continue-on-error"] is True
    assert gitlab["template-check"]["allow_failure"] is True
    for commands in (runs(github["template"]), gitlab["template-check"]["script"]):
        assert commands[-1].endswith("uv run --quiet --script tools/template_check.py")
    assert (project.root / "tools" / "template_check.py").exists()


def test_a_private_template_is_read_with_the_token_of_the_job(project: Tiny) -> None:
    update = yaml.safe_load(
        (project.root / ".github" / "workflows" / "template-update.yml").read_text()
    )
    github, gitlab = jobs(project)
    for settings, where in [
        (github["template"]["steps"][-1]["env"], "github.com"),
        (update["jobs"]["update"]["steps"][1]["env"], "github.com"),
        (update["jobs"]["request"]["steps"][-1]["env"], "github.com"),
        (gitlab["template-check"]["variables"], "$CI_SERVER_HOST"),
        (gitlab["template-update"]["variables"], "$CI_SERVER_HOST"),
        (gitlab["template-update-request"]["variables"], "$CI_SERVER_HOST"),
    ]:
        told = {name: str(value) for name, value in settings.items() if name.startswith("GIT_C")}
        argv = ["git", "ls-remote", "--get-url", f"https://{where}/team/template"]
        asked = subprocess.run(
            argv, cwd=ROOT, env={**os.environ, **told}, capture_output=True, text=True, check=True
        ).stdout.strip()
        assert asked.endswith(f"@{where}/team/template")
        assert asked != argv[-1]
