"""Why there is no lock, and what has no wheel somewhere: in words, with the marker for the rest."""

from __future__ import annotations

from itertools import product

import pytest

from env.errors import InstallerFailed
from env.markers import SYSTEMS
from env.pyproject import Asked
from env.unresolved import brings, explained, left_out

LINUX, ARM, MAC, WINDOWS = SYSTEMS
PYTHONS = ("3.11", "3.12", "3.13")


@pytest.mark.parametrize(
    ("systems", "pythons", "words", "marker"),
    [
        ([WINDOWS], [], "Windows (AMD64)", "sys_platform != 'win32'"),
        ([ARM], [], "Linux (aarch64)", "platform_machine != 'aarch64'"),
        ([LINUX, ARM], [], "Linux (x86_64), Linux (aarch64)", "sys_platform != 'linux'"),
        ([ARM, MAC, WINDOWS], [], "Linux (aarch64), macOS (arm64), Windows (AMD64)",
         "platform_machine != 'aarch64' and sys_platform != 'darwin' and sys_platform != 'win32'"),
        ([], ["3.11"], "Python 3.11", "python_version != '3.11'"),
        ([], ["3.13"], "Python 3.13", "python_version != '3.13'"),
        ([MAC], ["3.13"], "macOS (arm64), Python 3.13",
         "sys_platform != 'darwin' and python_version != '3.13'"),
        (SYSTEMS, [], None, None),
    ],
)  # fmt: skip
def test_what_lacks_a_wheel_is_left_out(
    systems: list[tuple[str, str]], pythons: list[str], words: str | None, marker: str | None
) -> None:
    places = [(system, python) for python, system in product(PYTHONS, SYSTEMS)]
    found = left_out(places, lambda place: place[0] in systems or place[1] in pythons)
    assert found == (None if words is None else (words, marker))


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ("error: dns error: no such host", "The index to resolve with was not reached"),
        ("No solution found. hint: a connection was refused", "could not be resolved"),
        ("error: something else", "could not be resolved"),
    ],
)
def test_an_index_that_was_not_reached_is_told_from_needs_that_do_not_go_together(
    output: str, told: str
) -> None:
    assert told in str(explained(InstallerFailed("uv", output), "lock"))


@pytest.mark.parametrize(
    ("output", "name"),
    [
        ("your project depends on beta and p:dev depends on Alpha", "alpha"),
        ("p depends on beta and p depends on alpha", "alpha"),
        ("p depends on alpha and p depends on beta", "alpha"),
        ("p depends on alpha_x and p:dev depends on beta", "beta"),
        ("nothing of the project", "alpha"),
    ],
)
def test_what_brings_a_package_is_itself_or_the_last_that_the_project_asks_for(
    output: str, name: str
) -> None:
    asked = Asked("p", "", (), {}, {}, frozenset(), {})
    assert brings(InstallerFailed("uv", output), asked, "alpha") == name
