"""The extra pre-commit: the environment's own tools look at what is about to be committed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from project.test_notebooks import NOTEBOOK
from support.engine import MINOR, Tiny, other_pythons
from support.real import cached_environ, copied, inside
from support.template import git

SECRET = {"name": "stdout", "output_type": "stream", "text": ["a customer's name"]}


ROLES = ("AUTHOR_NAME", "AUTHOR_EMAIL", "COMMITTER_NAME", "COMMITTER_EMAIL")
WHO = {f"GIT_{role}": "a@b.c" for role in ROLES}


def commit(root: Path, environ: dict[str, str], message: str) -> subprocess.CompletedProcess[str]:
    """As a person does it: git's own settings and hooks."""
    git(root, "add", "--all")
    argv = ["git", "commit", "--quiet", "--message", message]
    return subprocess.run(argv, cwd=root, env=environ, capture_output=True, text=True, check=False)


@pytest.mark.thorough
def test_outputs_of_notebooks_do_not_get_into_git(
    template: Path, tmp_path: Path, home: Path
) -> None:
    environ = cached_environ(home, **WHO)
    project = copied(
        template,
        tmp_path / "p",
        environ,
        extras=["pre-commit"],
        framework="none",
        libraries=[],
        python_version=MINOR,
    )
    path = project.root / "day.ipynb"
    cells = [{**cell, "outputs": [SECRET]} for cell in NOTEBOOK["cells"]]
    path.write_text(json.dumps({**NOTEBOOK, "cells": cells}))

    refused = commit(project.root, environ, "A day")  # it changes the file and says so
    assert refused.returncode != 0
    assert "strip outputs off notebooks" in refused.stderr + refused.stdout
    assert commit(project.root, environ, "A day").returncode == 0
    assert "customer" not in git(project.root, "show", "HEAD:day.ipynb")
    assert project.codes() == []


@pytest.fixture(scope="module")
def made(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    """With the newest Python at hand: its NumPy has the newest hints."""
    home = tmp_path_factory.mktemp("home")
    newest = max({*other_pythons(), MINOR} & {"3.11", "3.12", "3.13", "3.14"})
    extras = ["pre-commit", "types", "devcontainer"]
    answers = {"extras": extras, "python_version": newest}
    return copied(template, home / "p", cached_environ(home, **WHO), **answers)


@pytest.mark.thorough
def test_a_new_project_passes_its_own_hooks(made: Tiny) -> None:
    inside(made, "pre-commit", "run", "--all-files")
    assert git(made.root, "status", "--porcelain") == ""


# What is there already: CI looks at all files, outside of any merge.
COMMITTED = {
    "what an update left": ("a\n<<<<<<< before updating\nb\n", "merge-conflict", 1),
    "a heading of seven letters": ("License\n=======\n", "merge-conflict", 0),
    "a large file": ("a" * 1024 * 1025, "large-files", 1),
}


@pytest.mark.thorough
@pytest.mark.parametrize("what", COMMITTED)
def test_what_was_committed_past_the_hooks_is_found_afterwards(what: str, made: Tiny) -> None:
    text, hook, expected = COMMITTED[what]
    (made.root / "own.rst").write_text(text, encoding="utf-8")
    git(made.root, "add", "own.rst")
    git(made.root, "commit", "--quiet", "--no-verify", "--message", "Past them")
    argv = ["python3", "tools/env", "run", "--", "pre-commit", "run", hook, "--all-files"]
    done = subprocess.run(argv, cwd=made.root, env=made.environ, capture_output=True, check=False)
    git(made.root, "reset", "--quiet", "--hard", "HEAD^")
    assert done.returncode == expected, done.stdout.decode()


@pytest.mark.thorough
@pytest.mark.skipif(sys.platform == "win32", reason="the container is a Linux")
def test_hooks_work_in_a_dev_container_of_the_same_folder(made: Tiny, tmp_path: Path) -> None:
    text = (made.root / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8")
    container = json.loads(text.replace("/opt/", f"{tmp_path}/"))
    path = container["remoteEnv"]["PATH"].replace("${containerEnv:PATH}", made.environ["PATH"])
    environ = {**made.environ, **container["containerEnv"], "PATH": path}
    hook = made.root / ".git" / "hooks" / "pre-commit"
    of_the_host = hook.read_text(encoding="utf-8")
    (made.root / ".venv").rename(tmp_path / "of the host")  # its Python is not in the container
    for there, expected in ((True, of_the_host), (False, str(tmp_path / "my-project"))):
        if not there:  # a clone
            hook.unlink()
        argv = ["sh", "-c", container["postCreateCommand"]]
        subprocess.run(argv, cwd=made.root, env=environ, check=True, capture_output=True)
        assert expected in hook.read_text(encoding="utf-8")
        (made.root / "src" / "my_project" / "own.py").write_text("import os\n")
        refused = commit(made.root, environ, "Unused")
        assert refused.returncode != 0
        assert "F401" in refused.stdout + refused.stderr
