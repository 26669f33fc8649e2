"""Machines that update many projects: a request on a branch, a draft where a person is needed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest
import yaml
from support.engine import clean_environ, shared_cache
from support.history import append
from support.template import git, render
from support.updates import commit

from .conftest import Made

GH = """#!/bin/sh
# Notes what it was asked for, and that a request is open once it was created.
echo "$*" >> "$0.log"
case "$1 $2" in
    "pr list") [ -f "$0.open" ] && echo '[{"number": 1}]' || echo '[]' ;;
    "pr create") touch "$0.open" ;;
esac
while [ $# -gt 0 ]; do [ "$1" = --body-file ] && cp "$2" "$0.body"; shift; done
exit 0
"""
PYTHONS = ("3.14", "3.13", "3.12", "3.11")
pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-in for gh is a shell script")


@pytest.fixture
def gh(tmp_path: Path) -> Path:
    """A stand-in for GitHub's program, which needs GitHub; its log is beside it."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "gh"
    program.write_text(GH)
    program.chmod(0o755)
    return program


@pytest.fixture
def project(made: Made, tmp_path: Path) -> Path:
    """A clone of a project that has fallen behind."""
    place = made("v1.4.0", extras=["github", "gitlab"])
    git(tmp_path, "clone", "--quiet", "--bare", str(place), "origin.git")
    git(place, "remote", "add", "origin", str(tmp_path / "origin.git"))
    return place


def propose(project: Path, home: Path, host: str, **more: str) -> None:
    """What the two jobs do, each with the project as it is; only the second gets `more`."""
    start, made = git(project, "rev-parse", "HEAD").strip(), project.with_name("made")
    shutil.rmtree(made, ignore_errors=True)
    environ = clean_environ(home, UV_CACHE_DIR=shared_cache())
    script, there = "tools/template_update.py", {**environ, **more}
    for argv, variables in [
        ([sys.executable, script, "prepare", str(made)], environ),
        (["git", "reset", "--quiet", "--hard", start], environ),
        ([sys.executable, "-S", script, host, str(made)], there),
    ]:
        done = subprocess.run(
            argv, cwd=project, env=variables, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


def on_path(gh: Path) -> str:
    return os.pathsep.join([str(gh.parent), os.defpath])


def branch(project: Path, *words: str) -> str:
    git(project, "fetch", "--quiet", "origin", "template-update")
    return git(project, *words, "FETCH_HEAD")


@pytest.mark.thorough
def test_an_update_becomes_a_request_with_the_summary_as_its_text(
    project: Path, home: Path, gh: Path
) -> None:
    start = git(project, "rev-parse", "HEAD").strip()
    propose(project, home, "github", PATH=on_path(gh))
    log = Path(f"{gh}.log").read_text()
    assert (
        "pr create --head template-update --title Update from the template (v1.4.0 -> v2.0" in log
    )
    assert "--draft" not in log
    assert Path(f"{gh}.body").read_text().startswith("Template: v1.4.0 -> v2.0.0\n")
    assert "_commit: v2.0.0" in branch(project, "grep", "_commit:")

    # A second run with nothing new since leaves the branch and brings the text up to date.
    tip = branch(project, "rev-parse")
    git(project, "reset", "--quiet", "--hard", start)
    propose(project, home, "github", PATH=on_path(gh))
    assert branch(project, "rev-parse") == tip
    assert "pr edit template-update" in Path(f"{gh}.log").read_text()


@pytest.mark.thorough
def test_a_machine_without_the_projects_python_merges_locks_and_makes_no_environment(
    made: Made, home: Path, tmp_path: Path
) -> None:
    own = f"3.{sys.version_info.minor}"
    found = {each for each in PYTHONS if shutil.which(f"python{each}", path=os.defpath)}
    absent = next(each for each in PYTHONS if each not in found | {own})
    project = made("v1.0.0", extras=["github"], python_version=absent, create_env=True)
    no_pyenv = {"PYENV_ROOT": str(tmp_path / "nowhere"), "UV_CACHE_DIR": shared_cache()}
    argv = [sys.executable, "tools/template_update.py", "prepare", str(tmp_path / "made")]
    environ = clean_environ(home, **no_pyenv)
    subprocess.run(argv, cwd=project, env=environ, check=True, capture_output=True)
    request = json.loads((tmp_path / "made" / "request.json").read_text())
    assert "\n- tqdm 4." in request["text"]
    assert request["draft"] is False, request["text"]
    assert not (project / ".venv").exists()


@pytest.mark.thorough
def test_a_branch_that_somebody_works_on_is_left_alone(project: Path, home: Path, gh: Path) -> None:
    append(project / "README.md", "a person's\n")
    commit(project)
    git(project, "push", "--quiet", "origin", "HEAD:refs/heads/template-update")
    git(project, "reset", "--quiet", "--hard", "HEAD~1")
    propose(project, home, "github", PATH=on_path(gh))
    assert "a person's" in branch(project, "grep", "person")
    assert not Path(f"{gh}.log").exists()


@pytest.mark.thorough
def test_an_update_with_conflicts_becomes_a_draft(project: Path, home: Path, gh: Path) -> None:
    append(project / ".gitignore", "# of mine\n")
    commit(project)
    propose(project, home, "github", PATH=on_path(gh))
    assert Path(f"{gh}.log").read_text().strip().endswith("--draft")
    assert ".gitignore has conflicts" in Path(f"{gh}.body").read_text()
    assert "# of mine" in branch(project, "grep", "of mine")


@pytest.fixture
def gitlab() -> Iterator[tuple[str, list[tuple[str, str, dict[str, list[str]]]]]]:
    """A server that answers as GitLab does, and what it was asked for."""
    asked: list[tuple[str, str, dict[str, list[str]]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
            asked.append((self.command, self.headers["PRIVATE-TOKEN"], parse_qs(body)))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"[]")

        do_GET = do_POST  # noqa: N815

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever).start()
    yield f"http://127.0.0.1:{server.server_port}/api/v4", asked
    server.shutdown()
    server.server_close()


@pytest.mark.thorough
def test_gitlab_gets_a_merge_request(
    project: Path, home: Path, gitlab: tuple[str, list[tuple[str, str, dict[str, list[str]]]]]
) -> None:
    address, asked = gitlab
    told = {"CI_API_V4_URL": address, "CI_PROJECT_ID": "7", "CI_DEFAULT_BRANCH": "main"}
    propose(project, home, "gitlab", TEMPLATE_TOKEN="secret", **told)
    assert [(method, token) for method, token, _ in asked] == [
        ("GET", "secret"),
        ("POST", "secret"),
    ]
    fields = asked[1][2]
    assert fields["source_branch"] == ["template-update"]
    assert fields["title"] == ["Update from the template (v1.4.0 -> v2.0.0)"]
    assert "Files changed:" in fields["description"][0]
    assert "_commit: v2.0.0" in branch(project, "grep", "_commit:")


def test_the_extras_are_files_that_say_how_they_are_started(template: Path, tmp_path: Path) -> None:
    plain = render(template, tmp_path / "plain")
    extras = ["github", "gitlab", "renovate"]
    project = render(template, tmp_path / "project", extras=extras)
    places = [".github/workflows/template-update.yml", ".gitlab-ci.yml", "renovate.json"]
    for place in [*places, "tools/template_update.py"]:
        assert not (plain / place).exists()
        assert (project / place).exists()
    jobs = yaml.safe_load((project / places[0]).read_text())["jobs"]
    gitlab = yaml.safe_load((project / places[1]).read_text())
    for command in (jobs["update"]["steps"][1]["run"], gitlab["template-update"]["script"][-1]):
        assert "uv run --script tools/template_update.py prepare " in command
    for command in (
        jobs["request"]["steps"][-1]["run"],
        gitlab["template-update-request"]["script"][-1],
    ):
        assert command.startswith("python3 tools/template_update.py git")
    settings = json.loads((project / places[2]).read_text())
    assert settings["enabledManagers"] == ["copier"]
    assert settings["ignoreScripts"] is False
