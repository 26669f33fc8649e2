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
    "python tools/env sync --python VERSION",
    "python tools/env check",
    "python tools/env run -- poe lint",
    "python tools/env run -- poe format --check",
    "python tools/env run -- poe test --cov",
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


def of(commands: list[str], version: str) -> list[str]:
    """Commands with the variable that stands for one of several Pythons replaced."""
    return [each.replace(version, "VERSION") for each in commands]


def test_both_run_the_same_and_all_of_it_works(project: Tiny) -> None:
    github, gitlab = jobs(project)
    assert of(runs(github["checks"]), "${{ matrix.python }}") == COMMANDS
    assert of(gitlab["checks"]["script"], "$PYTHON") == COMMANDS
    versions = github["checks"]["strategy"]["matrix"]["python"]
    assert versions[0] == MINOR
    assert gitlab["checks"]["parallel"]["matrix"] == [{"PYTHON": versions}]
    assert gitlab["checks"]["image"] == "python:$PYTHON"
    for command in COMMANDS:
        _, *words = shlex.split(command.replace("VERSION", MINOR))
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
    for settings in (
        github["template"]["steps"][-1]["env"],
        update["jobs"]["update"]["steps"][1]["env"],
        update["jobs"]["request"]["steps"][-1]["env"],
    ):
        wanted = "protocol=https\nhost=github.com\npath=team/template\n\n"
        told = asked(["credential", "fill"], settings, wanted)
        assert told[-2:] == ["username=x-access-token", "password=secret"]
    for name in ("template-check", "template-update", "template-update-request"):
        address = "https://$CI_SERVER_HOST/team/template"
        (address_told,) = asked(["ls-remote", "--get-url", address], gitlab[name]["variables"])
        assert address_told.endswith(f"@{address.removeprefix('https://')}")


def asked(words: list[str], settings: dict[str, Any], given: str = "") -> list[str]:
    """The lines of git's answer where a job has these variables, its token being "secret"."""
    words = ["git", *words]
    told = {
        name: str(value).replace("${{ github.server_url }}", "https://github.com")
        for name, value in settings.items()
        if name.startswith("GIT_C")
    }
    tokens = {"TOKEN": "secret", "GH_TOKEN": "secret"}
    environ = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, **tokens, **told}
    done = subprocess.run(
        words, cwd=ROOT, env=environ, input=given, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()
