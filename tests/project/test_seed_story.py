"""Why there are environments: two projects whose versions exclude each other, on one machine."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from support.engine import Tiny, other_pythons
from support.real import cached_environ, copied, inside

STORY = {
    "a": {
        "python_version": "3.9",
        "framework": "scikit-learn",
        "extra_requirements": "numpy==1.20.* pandas==1.4.* scikit-learn==1.0.*",
    },
    "b": {
        "python_version": "3.10",
        "framework": "tensorflow",
        "extra_requirements": "numpy==1.22.* pandas==1.5.* tensorflow==2.9.*",
    },
}
ASKED = {
    "a": {"numpy": "1.20", "pandas": "1.4", "scikit-learn": "1.0"},
    "b": {"numpy": "1.22", "pandas": "1.5", "tensorflow": "2.9"},
}


@pytest.fixture(scope="module")
def projects(template: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tiny]:
    for answers in STORY.values():
        if answers["python_version"] not in other_pythons():
            pytest.skip(f"there is no Python {answers['python_version']} on this machine")
    place = tmp_path_factory.mktemp("story")
    (place / "home").mkdir()
    environ = cached_environ(place / "home")
    return {
        name: copied(template, place / name, environ, libraries=[], **answers)
        for name, answers in STORY.items()
    }


def machine() -> dict[str, set[str]]:
    """What every Python of this machine has installed."""
    tell = "import json, sysconfig; print(json.dumps(sysconfig.get_path('purelib')))"
    pythons = [sys.base_prefix + "/bin/python3", *other_pythons().values()]
    places = {json.loads(subprocess.check_output([each, "-c", tell])) for each in pythons}
    return {place: {path.name for path in Path(place).glob("*")} for place in places}


def versions(project: Tiny) -> dict[str, str]:
    listed = inside(project, "python", "-m", "pip", "list", "--format", "json")
    return {each["name"].lower(): each["version"] for each in json.loads(listed)}


@pytest.mark.thorough
@pytest.mark.parametrize("name", STORY)
def test_each_has_what_it_asked_for_and_is_proven(projects: dict[str, Tiny], name: str) -> None:
    have = versions(projects[name])
    for library, version in ASKED[name].items():
        assert have[library].startswith(f"{version}."), library
    assert projects[name].codes() == []


@pytest.mark.parametrize(
    "name",
    [pytest.param("a", marks=pytest.mark.thorough), pytest.param("b", marks=pytest.mark.weekly)],
)
def test_each_trains(projects: dict[str, Tiny], name: str) -> None:
    before = machine()
    text = inside(projects[name], "poe", "train")
    accuracy = re.search(r"^validation +([\d.]+)", text, re.MULTILINE)
    assert accuracy, text
    assert float(accuracy[1]) > 0.93
    assert machine() == before
    assert sysconfig.get_path("purelib") not in text


@pytest.mark.thorough
@pytest.mark.parametrize("name", STORY)
def test_neither_sees_the_other_or_the_machines_own_packages(
    projects: dict[str, Tiny], name: str
) -> None:
    project = projects[name]
    code = "import sys, numpy; print(numpy.__file__); print(*sys.path, sep='\\n')"
    file, *path = inside(project, "python", "-c", code).splitlines()
    assert file.startswith(str(project.env))
    other = projects["b" if name == "a" else "a"]
    assert not [each for each in path if each.startswith(str(other.root))]
    assert not [each for each in path if "site-packages" in each and str(project.env) not in each]


@pytest.mark.weekly
@pytest.mark.parametrize("name", STORY)
def test_the_projects_own_tests_pass(projects: dict[str, Tiny], name: str) -> None:
    assert "passed" in inside(projects[name], "poe", "test")
