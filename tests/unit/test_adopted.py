"""The pyproject.toml of a repository that becomes a project: whose word counts for what."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from adopted import merged, without_package
from declared import Source

OURS = """\
[build-system]
requires = ["uv_build>=0.9,<1"]
build-backend = "uv_build"

[project]
name = "seeds"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = [
    "ipykernel>=6",
]

[dependency-groups]
dev = [
    "pytest",
    "uv-build>=0.9,<1",
]

[tool.uv]
exclude-newer = "7 days"

[tool.uv.build-backend]
module-name = "seeds"

[tool.poe]
executor = { type = "simple" }

[tool.poe.tasks]
test = { cmd = "pytest", help = "Run the tests" }
lint = { cmd = "ruff check", help = "Look for mistakes" }

[tool.ruff]
line-length = 100
extend-exclude = ["tools"]
"""
SETUPTOOLS = "setuptools.build_meta"


def adopted(
    theirs: str, told: Source, package: str | None = None, *, by_setuptools: bool = False
) -> dict[str, Any]:
    return tomllib.loads(merged(theirs, OURS, told, package, by_setuptools=by_setuptools))


@pytest.mark.parametrize(
    ("package", "by_setuptools", "build", "requires", "backend", "uv"),
    [
        ("src/seeds", False, [], ["uv_build>=0.9,<1"], "uv_build", {"module-name": "seeds"}),
        (
            "seeds", False, [], ["uv_build>=0.9,<1"], "uv_build",
            {"module-name": "seeds", "module-root": ""},
        ),
        ("seeds", True, [], ["setuptools>=64"], SETUPTOOLS, None),
        (None, True, ["cython"], ["setuptools>=64", "cython"], SETUPTOOLS, None),
    ],
)  # fmt: skip
def test_a_package_is_installed_by_what_fits_it(
    package: str | None, by_setuptools: bool, build: list[str], requires: list[str], backend: str,
    uv: dict[str, str] | None,
) -> None:  # fmt: skip
    found = adopted("", Source("", build=build), package, by_setuptools=by_setuptools)
    assert found["build-system"] == {"requires": requires, "build-backend": backend}
    assert found["tool"]["uv"].get("build-backend") == uv


def test_what_installs_it_already_goes_on_to_do_so_and_is_locked() -> None:
    theirs = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    found = adopted(theirs, Source(""), "src/seeds")
    assert found["build-system"]["build-backend"] == "hatchling.build"
    assert "build-backend" not in found["tool"]["uv"]
    assert found["dependency-groups"]["dev"] == ["editables", "hatchling", "pytest"]


def test_without_a_package_nothing_is_installed() -> None:
    assert "build-system" not in adopted("", Source(""))
    assert without_package("name = a\npackage = seeds\n") == "name = a\npackage =\n"


def test_what_is_known_of_the_project_goes_before_the_templates_word() -> None:
    told = Source(
        "", name="Grains", version="3.1", python=">=3.9", dependencies=["numpy>=1.20", "alpha"],
        groups={"dev": ["pytest>=8"], "docs": ["sphinx"]}, extras={"plot": ["matplotlib"]},
        paths={"lib": "../lib"},
    )  # fmt: skip
    found = adopted("", told)
    assert found["project"] == {
        "name": "Grains", "version": "3.1", "requires-python": ">=3.9",
        "dependencies": ["alpha", "ipykernel>=6", "numpy>=1.20"],
        "optional-dependencies": {"plot": ["matplotlib"]},
    }  # fmt: skip
    assert found["dependency-groups"] == {"dev": ["pytest>=8"], "docs": ["sphinx"]}
    assert found["tool"]["uv"]["sources"] == {"lib": {"path": "../lib", "editable": True}}


def test_of_what_nothing_is_known_the_template_tells() -> None:
    found = adopted("", Source(""))
    assert found["project"] == tomllib.loads(OURS)["project"]
    assert found["tool"]["uv"]["exclude-newer"] == "7 days"


def test_what_a_build_works_out_stays_its_own_but_for_the_dependencies() -> None:
    theirs = (
        '[build-system]\nrequires = ["setuptools"]\n'
        '[project]\nname = "grains"\ndynamic = ["version", "dependencies"]\n'
    )
    found = adopted(theirs, Source("", dependencies=["alpha"]))["project"]
    assert found["dynamic"] == ["version"]
    assert "version" not in found
    assert found["dependencies"] == ["alpha", "ipykernel>=6"]
    told = Source("", dynamic={"version", "readme"})
    assert adopted("", told, by_setuptools=True)["project"]["dynamic"] == ["readme", "version"]


def test_a_task_a_setting_and_a_group_of_theirs_stay() -> None:
    theirs = """\
[dependency-groups]
dev = ["mypy"]

[tool.poe.tasks]
lint = "mypy"

[tool.ruff]
line-length = 79

[tool.uv]
exclude-newer = "3 days"

[tool.uv.sources]
lib = { git = "https://example.org/lib" }
"""
    found = adopted(theirs, Source("", groups={"dev": ["mypy"]}, paths={"lib": "../lib"}))
    assert found["tool"]["poe"]["tasks"]["lint"] == "mypy"
    assert found["tool"]["poe"]["tasks"]["test"]["cmd"] == "pytest"
    assert found["tool"]["ruff"] == {"line-length": 79, "extend-exclude": ["tools"]}
    assert found["tool"]["uv"]["exclude-newer"] == "3 days"
    assert found["tool"]["uv"]["sources"] == {"lib": {"git": "https://example.org/lib"}}
    assert found["dependency-groups"]["dev"] == ["mypy", "pytest"]
