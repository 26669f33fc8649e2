"""The list of versions that attackers made, and what of this repository it must not meet."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import withdrawn as listed
import yaml
from packaging.utils import canonicalize_name
from packaging.version import Version
from support.managers import RATTLER
from support.template import ROOT

from env import requirements, withdrawn

ENTRIES: list[dict[str, Any]] = yaml.safe_load(listed.SOURCE.read_text(encoding="utf-8"))
VERSIONS = [(each["name"], version) for each in ENTRIES for version in each["versions"]]


def test_the_engine_has_what_people_wrote() -> None:
    assert withdrawn.LIST.read_text(encoding="utf-8") == listed.constraints(ENTRIES)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: str(entry["name"]))
def test_an_entry_is_complete_and_has_two_sources(entry: dict[str, Any]) -> None:
    assert entry["name"] == canonicalize_name(entry["name"])
    assert entry["versions"] == [str(Version(each)) for each in entry["versions"]]
    assert re.fullmatch(r"(GHSA(-\w{4}){3}|PYSEC-\d+-\d+|MAL-\d+-\d+)", entry["advisory"])
    assert re.fullmatch(r"[^#\n]+[^.#\n]", entry["did"])
    assert len({re.sub(r"https://github.com/", "", each) for each in entry["sources"]}) == 2


def test_entries_stand_in_their_order() -> None:
    names = [each["name"] for each in ENTRIES]
    assert names == sorted(set(names))


def test_each_version_is_known_with_its_advisory() -> None:
    assert [(each.name, each.version) for each in withdrawn.among(VERSIONS)] == VERSIONS
    assert all(each.why.count(": it ") == 1 for each in withdrawn.among(VERSIONS))


@pytest.mark.parametrize(
    ("name", "version", "is_one"),
    [
        ("litellm", "1.82.8", True),
        ("litellm", "1.82.8+local", True),
        ("litellm", "1.82.08", True),
        ("xinference", "2.6", True),
        ("litellm", "1.82.6", False),
        ("litellm", "1.82.80", False),
        ("litellm-proxy", "1.82.8", False),
        ("lightning-utilities", "2.6.2", False),
    ],
)
def test_only_the_very_version_of_the_very_package_is_withdrawn(
    name: str, version: str, is_one: bool
) -> None:
    assert bool(withdrawn.among([(name, version)])) is is_one


@pytest.mark.parametrize(
    "reference",
    [
        "https://example.org/a-1/litellm-1.82.8-py3-none-any.whl",
        "https://example.org/litellm-1.82.8.tar.gz#sha256=00",
        "wheels/litellm-1.82.8-1-py3-none-any.whl",
        "litellm-1.82.8.zip",
    ],
)
def test_the_name_of_a_file_tells_the_version(reference: str) -> None:
    [pin] = requirements.parse(f"litellm @ {reference} --hash=sha256:{'0' * 64}\n")
    assert [each.version for each in withdrawn.among([pin])] == ["1.82.8"]
    [pin] = requirements.parse(f"litellm @ {reference.replace('82', '83')}\n")
    assert withdrawn.among([pin]) == []


def test_no_lock_of_this_repository_holds_one() -> None:
    catalogue = json.loads((ROOT / "catalogue" / "lock.json").read_text(encoding="utf-8"))
    pins: list[tuple[Any, ...]] = [tuple(each.split("==")) for each in catalogue["packages"]]
    for lock in (ROOT / "requirements.txt", RATTLER):
        pins += requirements.parse(lock.read_text(encoding="utf-8"))
    assert withdrawn.among(pins) == []
