"""What people read when the catalogue is brought up to date."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from build import load
from moved import report


@pytest.fixture(scope="module")
def lock() -> dict[str, Any]:
    return load()


def moved(lock: dict[str, Any], name: str, version: str) -> dict[str, Any]:
    """The lock with another version of a package."""
    text = json.dumps(lock)
    today = next(pin for pin in lock["packages"] if pin.startswith(f"{name}=="))
    changed: dict[str, Any] = json.loads(text.replace(f'"{today}"', f'"{name}=={version}"'))
    return changed


def test_nothing_moved_is_said_in_a_line(lock: dict[str, Any]) -> None:
    day = lock["cutoff"][:10]
    assert report(lock, lock) == f"From {day} to {day}: 0 packages moved.\n"


def test_what_people_chose_comes_first_with_both_versions(lock: dict[str, Any]) -> None:
    lines = report(moved(moved(lock, "six", "0.1"), "tqdm", "0.2"), lock).splitlines()
    today = {pin.partition("==")[0]: pin.partition("==")[2] for pin in lock["packages"]}
    assert lines[-2] == f"| tqdm | 0.2 | {today['tqdm']} | chosen |"
    assert lines[-1].startswith(f"| six | 0.1 | {today['six']} | ")
    assert not lines[-1].endswith("| chosen |")


def test_a_library_that_can_be_had_for_less_is_named(lock: dict[str, Any]) -> None:
    before = copy.deepcopy(lock)
    entry = next(each for each in before["libraries"] if each["name"] == "tqdm")
    entry["pythons"] = [*entry["pythons"], "3.99"]
    pythons = ", ".join(lock["python"])
    assert f"- tqdm: pythons {pythons}, before {pythons}, 3.99" in report(before, lock)
