"""What GitHub and GitLab run: a job that installs packages holds no right to write."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.template import ROOT, render

INSTALLS = re.compile(r"\b(pip|pipx|uv|uvx|make|npm|poe|apt-get|ci/run|tools/env)\b")
Job = dict[str, Any]


@pytest.fixture(scope="module")
def project(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("workflows") / "p"
    return render(template, place, extras=["github", "gitlab"])


def github(root: Path) -> Iterator[tuple[str, Job]]:
    """Each job by the name of its workflow, with the rights that it has."""
    for file in sorted((root / ".github" / "workflows").glob("*.yml")):
        workflow = yaml.safe_load(file.read_text(encoding="utf-8"))
        for name, job in workflow["jobs"].items():
            yield f"{file.name} {name}", {"permissions": workflow["permissions"], **job}


def can_write(job: Job) -> bool:
    """Whether GitHub's own token may, or a secret that may is named."""
    secrets = set(re.findall(r"secrets\.(\w+)", json.dumps(job))) - {"TEMPLATE_READ_TOKEN"}
    return "write" in job["permissions"].values() or bool(secrets)


def installs(commands: list[str]) -> bool:
    return any(INSTALLS.search(command) for command in commands)


@pytest.mark.parametrize("of_a_project", [True, False], ids=["projects", "this repository"])
def test_no_job_that_installs_may_write(of_a_project: bool, project: Path) -> None:
    jobs = dict(github(project if of_a_project else ROOT))
    writing = [name for name, job in jobs.items() if can_write(job)]
    assert len(writing) == 1, writing
    for name, job in jobs.items():
        commands = [step["run"] for step in job["steps"] if "run" in step]
        assert installs(commands) != can_write(job), name


def test_no_checkout_leaves_a_token_where_packages_run(project: Path) -> None:
    for root in (project, ROOT):
        for name, job in github(root):
            for step in job["steps"]:
                if step.get("uses", "").startswith("actions/checkout@"):
                    assert step["with"]["persist-credentials"] is False, name


def test_a_merge_queue_gets_an_answer_and_each_commit_of_main_one_of_its_own(project: Path) -> None:
    text = (project / ".github" / "workflows" / "checks.yml").read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    assert {"push", "pull_request", "merge_group"} < workflow[True].keys()  # YAML's `on`
    only = workflow["concurrency"]["cancel-in-progress"]
    assert only == "${{ github.event_name == 'pull_request' }}"


def test_gitlab_gives_the_token_to_the_job_that_installs_nothing(project: Path) -> None:
    jobs = yaml.safe_load((project / ".gitlab-ci.yml").read_text(encoding="utf-8"))
    for name, job in jobs.items():
        with_token = "environment" in job
        assert with_token == ("TEMPLATE_TOKEN" in json.dumps(job)), name
        assert with_token != installs(job["script"]), name
    assert jobs["template-update-request"]["environment"]["name"] == "template-update"
    assert jobs["template-update-request"]["needs"] == ["template-update"]


def test_of_two_builds_machines_without_a_gpu_are_told_theirs(
    template: Path, tmp_path: Path
) -> None:
    root = render(
        template,
        tmp_path / "p",
        framework="pytorch",
        libraries=[],
        accelerator="[cpu, cuda]",
        extras=["github", "gitlab", "docker"],
    )
    workflows = [yaml.safe_load(file.read_text("utf-8")) for file in root.glob(".github/*/*.yml")]
    told = [each["env"]["SEEDBED_BUILD"] for each in workflows if "env" in each]
    gitlab = yaml.safe_load((root / ".gitlab-ci.yml").read_text(encoding="utf-8"))
    assert [*told, gitlab["variables"]["SEEDBED_BUILD"]] == ["cpu"] * 3
    assert "--build-arg SEEDBED_BUILD --build-arg FINGERPRINT" in json.dumps(workflows)
