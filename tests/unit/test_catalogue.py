"""lock.json is what libraries.yml asks for, and what the renderer and the engine can rely on."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from support.template import ROOT
from wheels import REQUIRED, SYSTEMS, environment, without_wheels

CATALOGUE = ROOT / "catalogue"
PARTS = ("starter", "libraries", "dev")


@pytest.fixture(scope="module")
def lock() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((CATALOGUE / "lock.json").read_text(encoding="utf-8"))
    return content


@pytest.fixture(scope="module")
def edited() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((CATALOGUE / "libraries.yml").read_text())
    return content


def test_the_lock_was_made_from_todays_libraries(
    lock: dict[str, Any], edited: dict[str, Any]
) -> None:
    assert (lock["cutoff"], lock["python"]) == (edited["cutoff"], edited["python"])
    for part in PARTS:
        made = [{k: v for k, v in entry.items() if k != "not_on"} for entry in lock[part]]
        assert made == edited[part], "libraries.yml was changed: run `make lock`"


def test_every_package_of_a_closure_has_hashes(lock: dict[str, Any]) -> None:
    pins = {pin for closure in lock["closures"].values() for pin in closure}
    assert pins == set(lock["packages"])
    for hashes in lock["packages"].values():
        assert hashes
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", each) for each in hashes)


def test_every_library_is_in_its_own_closure(lock: dict[str, Any]) -> None:
    for name, closure in lock["closures"].items():
        assert name in {pin.split("==")[0] for pin in closure}


def test_parents_are_in_the_same_closure(lock: dict[str, Any]) -> None:
    for closure in lock["closures"].values():
        names = {pin.split("==")[0] for pin in closure}
        assert {parent for each in closure.values() for parent in each["via"]} <= names


def test_the_lock_names_no_index_and_no_jinja(lock: dict[str, Any]) -> None:
    text = (CATALOGUE / "lock.json").read_text(encoding="utf-8")
    assert "http" not in re.sub(r'"summary": "[^"]*"', "", text)
    assert not re.search(r"{{|{%|{#", text), "an included file is rendered as Jinja"


def test_libraries_without_wheels_somewhere_say_so(lock: dict[str, Any]) -> None:
    for part in PARTS:
        for entry in lock[part]:
            assert set(entry["not_on"]) <= set(SYSTEMS) - REQUIRED


def pylock(*names: str, marker: str = "") -> str:
    wheels = ", ".join(f'{{ url = "x/{name}" }}' for name in names)
    line = f'marker = "{marker}"\n' if marker else ""
    return f'[[packages]]\nname = "p"\nversion = "1"\n{line}wheels = [{wheels}]\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(pylock("p-1-py3-none-any.whl"), {}, id="pure"),
        pytest.param(pylock(), {"p==1": list(SYSTEMS)}, id="source only"),
        pytest.param(
            pylock("p-1-cp312-cp312-manylinux_2_17_x86_64.whl"),
            {"p==1": [each for each in SYSTEMS if each != "Linux"]},
            id="one system",
        ),
        pytest.param(
            pylock("p-1-cp39-abi3-win_amd64.whl", marker="sys_platform == 'win32'"),
            {"p==1": ["Windows arm64"]},
            id="stable ABI, where the marker holds",
        ),
        pytest.param(
            pylock("p-1-cp312-cp312-manylinux_2_40_x86_64.whl"),
            {"p==1": list(SYSTEMS)},
            id="too new a glibc",
        ),
    ],
)
def test_gaps_in_wheels_are_found(text: str, expected: dict[str, list[str]]) -> None:
    assert without_wheels(text, ["3.12"]) == expected


def test_the_systems_differ_in_their_markers() -> None:
    facts = [tuple(environment(system, "3.12").values()) for system in SYSTEMS]
    assert len(set(facts)) == len(SYSTEMS)
