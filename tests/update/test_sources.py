"""A project can be made from a tag, from a clone without tags and from a fork, and says which."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from support.engine import clean_environ
from support.history import append
from support.template import git, release
from support.updates import commit, update

OTHERS = [pytest.param(kind, marks=pytest.mark.thorough) for kind in ("tag", "fork")]


@pytest.mark.parametrize("kind", ["clone without tags", *OTHERS])
def test_where_a_project_comes_from_is_noted_and_followed(
    template: Path, tmp_path: Path, home: Path, kind: str
) -> None:
    source = tmp_path / kind.replace(" ", "-")
    git(tmp_path, "clone", "--quiet", str(template), str(source))
    if kind == "clone without tags":
        git(source, "tag", "--delete", "v1.0.0")
    if kind == "fork":
        append(source / "template" / ".editorconfig", "# ours\n")
        release(source, "v1.0.1")
    argv = ["copier", "copy", "--defaults", "--skip-tasks", str(source), "project"]
    done = subprocess.run(
        [sys.executable, "-m", *argv], cwd=tmp_path, env=clean_environ(home), check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    expected = {
        "tag": ("v1.0.0", "template version 1.0.0"),
        "clone without tags": (
            git(source, "rev-parse", "--short", "HEAD").strip(),
            "template version 0.0.0.post1.dev0+",
        ),
        "fork": ("v1.0.1", "template version 1.0.1"),
    }
    project = tmp_path / "project"
    answers = yaml.safe_load((project / ".copier-answers.yml").read_text())
    version, said = expected[kind]
    assert said in done.stderr
    assert (answers["_src_path"], answers["_commit"]) == (str(source), version)

    commit(project)
    append(source / "template" / ".editorconfig", "# newer\n")
    release(source, "v1.1.0")
    done = update(project, home, "--data", "create_env=false")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"Template: {version} -> v1.1.0\n")
    assert (project / ".editorconfig").read_text().endswith("# newer\n")
