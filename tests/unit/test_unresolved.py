"""What has no wheel somewhere, in words, and the marker that leaves that out."""

from __future__ import annotations

from itertools import product

import pytest

from env.markers import SYSTEMS
from env.unresolved import left_out

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
