"""Every file of a project has one owner, and says so: the template, the project, or Copier."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from pathspec import PathSpec
from support.template import ROOT, render, tree

ANSWERS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "conda": {"env_manager": "conda", "license": "MIT"},
    "uv": {"env_manager": "uv", "license": "Apache-2.0", "libraries": ["polars"]},
    "extras": {"extras": ["github", "gitlab", "renovate", "pre-commit", "citation", "agents"]},
    "engines": {"framework": "pytorch", "scale_out": ["dask", "ray", "slurm"]},
}
COPIERS = ".copier-answers.yml"
NO_COMMENTS = {"LICENSE", ".python-version"}
"""Files of the template in which a comment would be a part of what they say."""


@pytest.fixture(scope="module", params=ANSWERS)
def project(
    request: pytest.FixtureRequest, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    return render(template, tmp_path_factory.mktemp("owned") / "p", **ANSWERS[request.param])


def test_what_is_not_the_projects_says_that_the_template_owns_it(project: Path) -> None:
    for name, content in tree(project).items():
        if owned().match_file(name) or name == COPIERS or name in NO_COMMENTS:
            continue
        if name.startswith("tools/env/"):  # its page says it for the whole folder
            content = (project / "tools" / "env" / "__init__.py").read_bytes()
            assert b"The template owns this folder" in content
        elif not name.endswith(".json"):
            first = re.sub("^(#!|@echo off).*\n", "", content.decode()).splitlines()[0]
            first = first.removeprefix("rem").lstrip("#/*<!- ")
            assert first.startswith("Owned by the template"), name


def test_nothing_is_rendered_where_git_does_not_look(project: Path) -> None:
    # Copier overwrites such a file on update, and no commit holds what was in it.
    subprocess.run(["git", "init", "--quiet"], cwd=project, check=True)
    argv = ["git", "check-ignore", "--no-index", *tree(project)]
    done = subprocess.run(argv, cwd=project, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")


def test_whatever_the_list_names_is_there_or_comes_with_the_work(
    template: Path, tmp_path: Path
) -> None:
    project = render(template, tmp_path / "p")
    missing = [place for place in kept(settings()) if not [*project.glob(place[1:])]]
    of_builds = [place for place in missing if place.startswith("/requirements-")]
    assert [place for place in missing if place not in of_builds] == ["/models", "/runs"]


def test_what_is_skipped_where_it_exists_is_left_out_of_updates() -> None:
    found = settings()
    (rule,) = [each for each in found["_exclude"] if "_copier_operation == 'update'" in each]
    # What else is in configs comes with an extra, which an update may add.
    own = [place.replace("/configs", "/configs/train.toml") for place in kept(found)]
    assert rule.splitlines()[1:-1] == own


def kept(found: dict[str, Any]) -> list[str]:
    """Those of `_skip_if_exists` that are always there; where nothing is overwritten, all is."""
    return [place for place in found["_skip_if_exists"] if place.startswith("/")]


def settings() -> dict[str, Any]:
    """The first document of copier.yml."""
    text = (ROOT / "copier.yml").read_text(encoding="utf-8").split("\n---\n")[0]
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def owned() -> PathSpec[Any]:
    """Matches what is the project's own."""
    return PathSpec.from_lines("gitignore", kept(settings()))
