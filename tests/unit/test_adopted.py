"""The pyproject.toml of a repository that becomes a project: whose word counts for what."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from adopted import merged, updated, without_package
from declared import Source
from declared.pyproject import standard
from tables import Unmergeable

OURS = """\
# Owned by the template.

# where
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
    "ruff",
    "uv-build>=0.9,<1",
]

[tool.uv]
exclude-newer = "7 days" # why

[tool.uv.build-backend]
module-name = "seeds"

[tool.poe]
executor = { type = "simple" }

# tasks
[tool.poe.tasks]
test = { cmd = "pytest" }
lint = { cmd = "ruff check" }

[tool.ruff]
line-length = 100
extend-exclude = ["tools/env"]
"""


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
        # No back end is named, so that setup.py finds what is beside it.
        ("seeds", True, [], ["setuptools>=64"], None, None),
        (None, True, ["cython"], ["setuptools>=64", "cython"], None, None),
    ],
)  # fmt: skip
def test_a_package_is_installed_by_what_fits_it(
    package: str | None, by_setuptools: bool, build: list[str], requires: list[str],
    backend: str | None, uv: dict[str, str] | None,
) -> None:  # fmt: skip
    found = adopted("", Source("", build=build), package, by_setuptools=by_setuptools)
    named = {"build-backend": backend} if backend else {}
    assert found["build-system"] == {"requires": requires, **named}
    assert found["tool"]["uv"].get("build-backend") == uv
    assert found["dependency-groups"]["dev"] == sorted([*requires, "ruff"])  # locked, too
    assert "line-length" not in found["tool"]["ruff"]


def test_what_installs_it_already_goes_on_to_do_so_and_is_locked() -> None:
    theirs = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    found = adopted(theirs, Source(""), "src/seeds")
    assert found["build-system"]["build-backend"] == "hatchling.build"
    assert "build-backend" not in found["tool"]["uv"]
    assert found["dependency-groups"]["dev"] == ["editables", "hatchling", "ruff"]


def test_without_a_package_nothing_is_installed() -> None:
    assert "build-system" not in adopted("", Source(""))
    assert without_package("name = a\npackage = seeds\n") == "name = a\npackage =\n"


def test_what_is_known_of_the_project_goes_before_the_templates_word() -> None:
    told = Source(
        "", name="Grains", version="3.1", python=">=3.9", dependencies=["numpy>=1.20", "alpha"],
        groups={"dev": ["ruff>=0.9"], "docs": ["sphinx"]}, extras={"plot": ["matplotlib"]},
        paths={"lib": "../lib"},
    )  # fmt: skip
    found = adopted("", told)
    assert found["project"] == {
        "name": "Grains", "version": "3.1", "requires-python": ">=3.9",
        "dependencies": ["alpha", "ipykernel>=6", "numpy>=1.20"],
        "optional-dependencies": {"plot": ["matplotlib"]},
    }  # fmt: skip
    assert found["dependency-groups"] == {"dev": ["ruff>=0.9"], "docs": ["sphinx"]}
    assert found["tool"]["uv"]["sources"] == {"lib": {"path": "../lib", "editable": True}}


def test_of_what_nothing_is_known_the_template_tells() -> None:
    found = adopted("", Source(""))
    assert found["project"] == tomllib.loads(OURS)["project"]
    assert found["tool"]["uv"]["exclude-newer"] == "7 days"


def test_what_a_build_works_out_stays_its_own_but_for_the_dependencies() -> None:
    theirs = (
        '[build-system]\nrequires = ["setuptools"]\n'
        '[project]\nname = "grains"\ndynamic = ["version", "dependencies"]\n'
        '[tool.setuptools.dynamic]\nversion = {attr = "x.v"}\n'
        'dependencies = {file = ["requirements.txt"]}\n'
    )
    whole = adopted(theirs, Source("", dependencies=["alpha"]))
    assert whole["tool"]["setuptools"]["dynamic"] == {"version": {"attr": "x.v"}}
    found = whole["project"]
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
    assert found["tool"]["ruff"] == {"line-length": 79, "extend-exclude": ["tools/env"]}
    assert found["tool"]["uv"]["exclude-newer"] == "3 days"
    assert found["tool"]["uv"]["sources"] == {"lib": {"git": "https://example.org/lib"}}
    assert found["dependency-groups"]["dev"] == ["mypy", "ruff"]


THEIRS = {
    "tables of the same names": (
        '[project]\nname = "x"\nversion = "1"\ndependencies = ["a==1"] # mine\n\n'
        '[tool.poe.tasks]\ntest = "tox"\n\n[tool.ruff]\nline-length = 79\n'
    ),
    "sub-tables": (
        '[project]\nname = "x"\nversion = "1"\n[tool.poe.tasks.test]\ncmd = "tox"\n'
        '[tool.uv.sources]\na = { path = "../a" }\n'
    ),
    "groups with comments": (
        '[project]\nname = "x"\nversion = "1"\n[dependency-groups]\n'
        'dev = [\n    # for lint\n    "ruff<1", # old\n    {include-group = "t"},\n]\n'
        't = ["pytest"]\n'
    ),
    "no end of line": '[project]\nname = "x"\nversion = "1"\ndependencies = []',
}


@pytest.mark.parametrize("theirs", THEIRS.values(), ids=THEIRS)
def test_all_that_was_there_is_there(theirs: str) -> None:
    text = merged(theirs, OURS, standard(tomllib.loads(theirs)), None, by_setuptools=False)
    had, has = tomllib.loads(theirs), tomllib.loads(text)
    assert has["project"]["name"] == "x"
    if "poe" in had.get("tool", {}):
        assert has["tool"]["poe"]["tasks"]["test"] == had["tool"]["poe"]["tasks"]["test"]
    assert "lint" in has["tool"]["poe"]["tasks"]
    for comment in ("# mine", "# for lint", "# old"):
        assert (comment in text) is (comment in theirs)
    assert set(had["project"].get("dependencies", ())) <= set(has["project"]["dependencies"])
    assert {"ruff", "ruff<1"} & set(map(str, has["dependency-groups"]["dev"]))


def test_a_form_that_cannot_be_edited_is_refused() -> None:
    with pytest.raises(Unmergeable, match="with the template's tables"):
        adopted('project = { name = "x", version = "1" }\n', Source(""))


NEXT = (
    OURS.replace(">=3.11", ">=3.12")
    .replace('lint = { cmd = "ruff check" }', 'new = { cmd = "a" }\nlint = { cmd = "ruff" }')
    .replace("[tool.ruff]", '[tool.poe.env]\nA = "a"\n\n[tool.pyrefly]\nx = 1\n\n[tool.ruff]')
    .replace("line-length = 100", "line-length = 99\npreview = true")
    .replace('["tools/env"]', '["tools"]')
    .replace('executor = { type = "simple" }\n', "")
)
MINE = '[project]\nname = "x"\nversion = "1"\n{}\n[tool.poe.tasks]\n{}\n'


def test_an_update_brings_what_the_file_has_of_the_templates(
    capsys: pytest.CaptureFixture[str],
) -> None:
    mine = merged(MINE.format("", 'own = "a"'), OURS, Source(""), None, by_setuptools=False)
    found = tomllib.loads(updated(mine, OURS, NEXT))
    expected = tomllib.loads(mine)
    expected["project"]["requires-python"] = ">=3.12"
    expected["tool"]["poe"]["tasks"] |= {"new": {"cmd": "a"}, "lint": {"cmd": "ruff"}}
    expected["tool"]["poe"]["env"] = {"A": "a"}
    del expected["tool"]["poe"]["executor"]
    expected["tool"]["ruff"] = {"extend-exclude": ["tools"]}
    assert found == expected
    assert capsys.readouterr().out == ""


def test_an_update_leaves_what_is_of_ones_own_and_tells_which_task_that_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    alike = 'our-lint = { cmd = "ruff check" }'
    tasks = f'lint = "flake8" # ours\nnew = "mine"\n{alike}'
    own = MINE.format('requires-python = ">=3.9" # all\n', tasks)
    mine = merged(own, OURS, Source(""), None, by_setuptools=False)
    text = updated(mine, OURS, NEXT)
    assert [line for line in own.splitlines() if line not in text.splitlines()] == []
    assert tomllib.loads(text)["tool"]["poe"]["tasks"]["new"] == "mine"
    said = capsys.readouterr().out.splitlines()
    assert [line.partition("has  ")[2] for line in said] == [
        'lint = { cmd = "ruff" }', 'new = { cmd = "a" }',
    ]  # fmt: skip
