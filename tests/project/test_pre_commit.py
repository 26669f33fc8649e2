"""The extra pre-commit: the environment's own tools look at what is about to be committed."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from project.test_notebooks import NOTEBOOK
from support.engine import MINOR
from support.real import cached_environ, copied
from support.template import git

SECRET = {"name": "stdout", "output_type": "stream", "text": ["a customer's name"]}


def test_outputs_of_notebooks_do_not_get_into_git(
    template: Path, tmp_path: Path, home: Path
) -> None:
    roles = ("AUTHOR_NAME", "AUTHOR_EMAIL", "COMMITTER_NAME", "COMMITTER_EMAIL")
    environ = cached_environ(home, **{f"GIT_{role}": "a@b.c" for role in roles})
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

    def commit() -> subprocess.CompletedProcess[str]:
        git(project.root, "add", "--all")
        argv = ["git", "commit", "--quiet", "--message", "A day"]
        return subprocess.run(argv, cwd=project.root, env=environ, capture_output=True, text=True)

    refused = commit()  # it changes the file and says so
    assert refused.returncode != 0
    assert "strip outputs off notebooks" in refused.stderr + refused.stdout
    assert commit().returncode == 0
    assert "customer" not in git(project.root, "show", "HEAD:day.ipynb")
    assert project.codes() == []
