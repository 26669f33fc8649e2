"""A pyproject.toml of somebody's own keeps each line, whatever is added to it."""

from __future__ import annotations

import tomllib

import pytest
from adopted import merged
from declared import Source
from declared.pyproject import standard
from tables import Unmergeable, prove, tables, with_keys, without_dynamic

OURS = """\
# Owned by the template.

# where
[build-system]
requires = ["uv_build>=0.9,<1"]
build-backend = "uv_build"

[project]
name = "ours"
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
module-name = "ours"

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


def result(theirs: str, told: Source | None = None, package: str | None = None) -> str:
    told = told or standard(tomllib.loads(theirs))
    return merged(theirs, OURS, told, package, by_setuptools=False)


def test_a_project_without_the_file_gets_what_it_needs() -> None:
    told = Source("", name="seeds", python=">=3.9", dependencies=["numpy"])
    found = tomllib.loads(result("", told, "seeds"))
    assert found["project"] == {
        "name": "seeds", "version": "0.1.0", "requires-python": ">=3.9",
        "dependencies": ["ipykernel>=6", "numpy"],
    }  # fmt: skip
    assert found["tool"]["uv"]["build-backend"] == {"module-name": "seeds", "module-root": ""}
    assert found["dependency-groups"]["dev"] == ["ruff", "uv_build>=0.9,<1"]
    assert "line-length" not in found["tool"]["ruff"]


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
    text = result(theirs)
    had, has = tomllib.loads(theirs), tomllib.loads(text)
    assert has["project"]["name"] == "x"
    if "poe" in had.get("tool", {}):
        assert has["tool"]["poe"]["tasks"]["test"] == had["tool"]["poe"]["tasks"]["test"]
    assert "lint" in has["tool"]["poe"]["tasks"]
    for comment in ("# mine", "# for lint", "# old"):
        assert (comment in text) is (comment in theirs)
    assert set(had["project"].get("dependencies", ())) <= set(has["project"]["dependencies"])
    assert {"ruff", "ruff<1"} & set(map(str, has["dependency-groups"]["dev"]))


def test_dependencies_that_a_build_made_are_written_down() -> None:
    theirs = (
        '[project]\nname = "x"\ndynamic = ["version", "dependencies"]\n\n'
        '[tool.setuptools.dynamic]\nversion = {attr = "x.v"}\n'
        'dependencies = {file = ["requirements.txt"]}\n'
    )
    found = tomllib.loads(result(theirs, Source("", name="x", dependencies=["a"])))
    assert found["project"]["dynamic"] == ["version"]
    assert found["project"]["dependencies"] == ["a", "ipykernel>=6"]
    assert found["tool"]["setuptools"]["dynamic"] == {"version": {"attr": "x.v"}}
    assert without_dynamic(theirs, "nothing") == theirs


def test_a_file_that_would_lose_something_is_refused() -> None:
    with pytest.raises(Unmergeable, match=r"the key tool\.a"):
        prove("[tool]\na = 1\n", "[tool]\nb = 1\n", changed=())
    with pytest.raises(Unmergeable, match="with the template's tables"):
        result('project = { name = "x", version = "1" }\n')


def test_a_key_comes_to_the_end_of_its_table() -> None:
    (table,) = tables("[a]\nx = 1\ny = [\n    2,\n]\n")
    text = "[a]\nz = 3 # theirs\n\n# of b\n[b]\n"
    assert with_keys(text, table, {"y"}) == (
        "[a]\nz = 3 # theirs\ny = [\n    2,\n]\n\n# of b\n[b]\n"
    )
