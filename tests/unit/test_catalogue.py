"""The catalogue is what libraries.yml asks for, and what renderer and engine can rely on."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import refresh
import yaml
from build import CONDA, PARTS, UPLOADED, load, pythons
from places import where
from support.template import ROOT
from wheels import REQUIRED, SYSTEMS, environment, sizes, without_wheels

from env.requirements import notes

CATALOGUE = ROOT / "catalogue"
LIBRARIES = CATALOGUE / "libraries.yml"


@pytest.fixture(scope="module")
def lock() -> dict[str, Any]:
    return load()


@pytest.fixture(scope="module")
def edited() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((CATALOGUE / "libraries.yml").read_text())
    return content


def test_the_lock_was_made_from_todays_libraries(
    lock: dict[str, Any], edited: dict[str, Any]
) -> None:
    def same(made: list[dict[str, Any]], asked: list[dict[str, Any]]) -> bool:
        return [{**each, "require": listed(each["require"])} for each in asked] == [
            {name: entry[name] for name in each} for entry, each in zip(made, asked, strict=True)
        ]

    for key, value in edited.items():
        if key in PARTS:
            fits = same(lock[key], value)
        elif key == "retired":
            fits = same(lock[key]["libraries"], value["libraries"])
            fits = fits and lock[key]["frameworks"] == value["frameworks"]
        else:
            fits = lock[key] == value
        assert fits, "libraries.yml was changed: run `make lock`"


def test_nothing_in_the_catalogue_was_uploaded_in_its_window(edited: dict[str, Any]) -> None:
    cutoff = datetime.fromisoformat(edited["cutoff"])
    assert cutoff + refresh.window(LIBRARIES.read_text("utf-8")) <= datetime.now(UTC)
    assert all(moment > edited["cutoff"] for moment in edited["newest"].values()), "make refresh"


@pytest.mark.parametrize("pinned", ["lock.json", "rattler.txt"])
def test_each_file_of_the_catalogue_was_uploaded_before_its_cutoff(
    lock: dict[str, Any], pinned: str
) -> None:
    """The times are those that the index told when it was resolved."""
    uploaded = json.loads(UPLOADED.read_text(encoding="utf-8"))
    conda = re.findall(r"^\S+==[^\s;]+", CONDA.read_text(encoding="utf-8"), re.MULTILINE)
    for pin in lock["packages"] if pinned == "lock.json" else conda:
        limit = lock["newest"].get(pin.partition("==")[0], lock["cutoff"])
        assert uploaded[pin] < limit, f"{pin} is too new: run `make lock`"


def test_a_new_cutoff_takes_out_the_exemptions_that_it_outlives() -> None:
    text = 'cutoff: "2026-11-19T00:00:00Z"\n\nnewest:\n  a: "2026-11-21T00:00:00Z" # why\n'
    text += '  b: "2026-11-23T00:00:00Z" # because\n\npython: []\n'
    moved = refresh.with_cutoff(text, date(2026, 11, 22))
    assert yaml.safe_load(moved) == {
        "cutoff": "2026-11-22T00:00:00Z",
        "newest": {"b": "2026-11-23T00:00:00Z"},
        "python": [],
    }
    assert "# because\n\npython" in moved
    assert yaml.safe_load(refresh.with_cutoff(moved, date(2026, 11, 23)))["newest"] == {}
    assert refresh.with_cutoff(moved, date(2026, 11, 22)) == moved


def test_no_day_within_the_window_can_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    before = LIBRARIES.read_bytes()
    assert refresh.main([str(datetime.now(UTC).date())]) == 2
    assert "is younger than the window" in capsys.readouterr().out
    assert LIBRARIES.read_bytes() == before


def listed(require: str | list[str]) -> list[str]:
    return require if isinstance(require, list) else [require]


def test_the_default_python_is_the_newest_that_all_libraries_are_there_for(
    lock: dict[str, Any],
) -> None:
    question = lock["python_question"]
    assert question == pythons(lock), "run `make lock`"
    common = set.intersection(*(set(entry["pythons"]) for entry in lock["libraries"]))
    assert question["default"] == max(common, key=lambda minor: int(minor.partition(".")[2]))


def test_each_python_that_has_ended_says_when(lock: dict[str, Any]) -> None:
    labels = {python: label for label, python in pythons(lock)["choices"]}
    assert list(labels) == [*lock["python"], *reversed(lock["legacy"])]
    for python, ended in lock["legacy"].items():
        assert ended in labels[python]


def test_every_package_of_a_closure_has_hashes(lock: dict[str, Any]) -> None:
    pins = {pin for closure in lock["closures"].values() for pin in closure}
    assert pins == set(lock["packages"])
    for hashes in lock["packages"].values():
        assert hashes
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", each) for each in hashes)


def test_what_an_entry_asks_for_is_in_its_closure(lock: dict[str, Any]) -> None:
    for part in PARTS:
        for entry in lock[part]:
            names = {pin.split("==")[0] for pin in lock["closures"][entry["name"]]}
            assert set(entry["roots"]) <= names


def test_what_starter_frameworks_and_variants_name_is_a_library(lock: dict[str, Any]) -> None:
    names = {entry["name"] for entry in lock["libraries"]}
    named = {*lock["starter"], *(name for each in lock["frameworks"].values() for name in each)}
    assert named | {variant["of"] for variant in lock["variants"]} <= names


def test_every_entry_has_a_name_of_its_own(lock: dict[str, Any]) -> None:
    names = [entry["name"] for part in PARTS for entry in lock[part]]
    assert len(names) == len(set(names)) >= 45


def test_what_is_for_a_cpu_brings_no_cuda(lock: dict[str, Any]) -> None:
    for variant in lock["variants"]:
        pins = lock["closures"][variant["name"]]
        gpu = [pin for pin in pins if re.match("nvidia-|triton", pin)]
        assert bool(gpu) == (variant["accelerator"] == "cuda"), variant["name"]


def test_what_is_for_cuda_brings_one_major_version(lock: dict[str, Any]) -> None:
    for part in PARTS:
        for entry in lock[part]:
            assert all(len(majors) == 1 for majors in entry["cuda"].values()), entry["name"]


def test_parents_are_in_the_same_closure(lock: dict[str, Any]) -> None:
    for closure in lock["closures"].values():
        names = {pin.split("==")[0] for pin in closure}
        assert {parent for each in closure.values() for parent in each["via"]} <= names


def test_what_is_not_particular_has_all_pythons_and_one_build(lock: dict[str, Any]) -> None:
    replaced = [variant["of"] for variant in lock["variants"]]
    plain = {
        entry["name"]
        for entry in lock["libraries"]
        if set(lock["python"]) <= {*entry["pythons"]}
        and not (entry["cuda"] or entry["torch"] or entry["name"] in replaced)
    }
    assert {entry["name"] for entry in lock["libraries"]} - plain == {*lock["particular"]}


@pytest.mark.parametrize("name", ["libraries.json", "lock.json"])
def test_the_catalogue_names_no_index_and_no_jinja(name: str) -> None:
    text = (CATALOGUE / name).read_text(encoding="utf-8")
    assert "://" not in re.sub(r'"summary": "[^"]*"', "", text)
    assert not re.search(r"{{|{%|{#", text), "an included file is rendered as Jinja"


def test_libraries_without_wheels_somewhere_say_so(lock: dict[str, Any]) -> None:
    for part in PARTS:
        for entry in lock[part]:
            assert set(entry["not_on"]) <= set(SYSTEMS) - REQUIRED


def pylock(*names: str) -> str:
    wheels = ", ".join(f'{{ url = "x/{name}" }}' for name in names)
    return f'[[packages]]\nname = "p"\nversion = "1"\nwheels = [{wheels}]\n'


@pytest.mark.parametrize(
    ("text", "lacking"),
    [
        pytest.param(pylock("p-1-py3-none-any.whl"), [], id="pure"),
        pytest.param(pylock(), list(SYSTEMS), id="source only"),
        pytest.param(
            pylock("p-1-cp312-cp312-manylinux_2_17_x86_64.whl"),
            [each for each in SYSTEMS if each != "Linux"],
            id="one system",
        ),
        pytest.param(
            pylock("p-1-cp39-abi3-win_amd64.whl"),
            [each for each in SYSTEMS if each != "Windows"],
            id="stable ABI",
        ),
        pytest.param(
            pylock("p-1-cp312-cp312-manylinux_2_40_x86_64.whl"),
            list(SYSTEMS),
            id="too new a glibc",
        ),
    ],
)
def test_gaps_in_wheels_are_found(text: str, lacking: list[str]) -> None:
    gaps = without_wheels(text, ["3.12"])
    assert sorted(system for system, _ in gaps.get("p==1", ())) == sorted(lacking)


@pytest.mark.parametrize(
    ("names", "size"),
    [
        (["p-1-py3-none-any.whl"], 1),
        (
            ["p-1-py3-none-any.whl", "p-1-cp311-abi3-win_amd64.whl"],
            {**dict.fromkeys(SYSTEMS, 1), "Windows": 2},
        ),
        (
            ["p-1-cp311-abi3-win_amd64.whl", "p-1-cp312-cp312-win_amd64.whl"],
            {"Windows": {"3.11": 1, "3.12": 2}},
        ),
        ([], None),
    ],
    ids=["pure", "by system", "by Python", "source only"],
)
def test_a_size_is_that_of_the_wheel_that_is_installed(names: list[str], size: Any) -> None:
    text = pylock(*names)
    for number, name in enumerate(names, start=1):
        text = text.replace(f'{name}"', f'{name}", size = {number}')
    assert sizes(text, ["3.11", "3.12"])["p==1"] == size


def closure(marker: str = "", pin: str = "p==1") -> dict[str, dict[str, Any]]:
    return {pin: {"marker": marker, "via": []}}


BOTH = ["3.13", "3.14"]
ROWS = [
    pytest.param(closure(), {}, (BOTH, [], []), id="wheels everywhere"),
    pytest.param(
        closure(), {"p==1": {("Linux", "3.14")}}, (["3.13"], ["p"], []), id="not for one Python"
    ),
    pytest.param(
        closure(), {"p==1": {("macOS Intel", "3.13")}}, (BOTH, [], ["macOS Intel"]), id="not there"
    ),
    pytest.param(
        closure("sys_platform == 'win32'"),
        {"p==1": {("Linux", "3.13"), ("Linux", "3.14")}},
        (BOTH, [], []),
        id="not needed where it lacks",
    ),
    pytest.param(
        closure(),
        {"p==1": {("Linux", "3.14"), ("Windows arm64", "3.14")}},
        (["3.13"], ["p"], []),
        id="of a Python that is out anyway",
    ),
]


@pytest.mark.parametrize(("part", "gaps", "expected"), ROWS)
def test_where_a_library_can_be_had(
    part: dict[str, Any], gaps: dict[str, set[tuple[str, str]]], expected: tuple[list[str], ...]
) -> None:
    found = where(part, gaps, BOTH)
    assert (found["pythons"], found["lacking"], found["not_on"]) == expected


@pytest.mark.parametrize(
    ("pin", "major"),
    [
        ("nvidia-cublas-cu12==12.9.3.13", ["12"]),
        ("nvidia-cuda-runtime==13.2.86", ["13"]),
        ("nvidia-cufft==12.2.0.57", None),  # a version of its own, and CUDA 13
        ("numpy==2.5.5", None),
    ],
)
def test_the_cuda_of_a_package(pin: str, major: list[str] | None) -> None:
    assert where(closure(pin=pin), {}, ["3.13"])["cuda"].get("3.13") == major


def test_the_systems_differ_in_their_markers() -> None:
    facts = [tuple(environment(system, "3.12").values()) for system in SYSTEMS]
    assert len(set(facts)) == len(SYSTEMS)


def test_our_own_tools_have_the_same_window(edited: dict[str, Any]) -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["uv"]
    assert settings["exclude-newer"] == edited["window"]
    noted = notes((ROOT / "requirements.txt").read_text("utf-8")).cutoff
    assert noted
    cutoff, *exempt = noted.split()
    assert datetime.fromisoformat(cutoff) <= datetime.now(UTC) - timedelta(days=7)
    assert exempt == []
