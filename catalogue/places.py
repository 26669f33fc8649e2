"""Where what a library brings can be installed, and which CUDA it brings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from packaging.markers import Marker
from wheels import REQUIRED, SYSTEMS, Place, environment

Closure = dict[str, dict[str, Any]]
"""By "name==version": `marker`, "" for everywhere, and `via`, the packages that asked for it."""


def where(closure: Closure, gaps: Mapping[str, set[Place]], pythons: list[str]) -> dict[str, Any]:
    """What a project that chooses this must know; `gaps` are the places without wheels, by pin.

    - `pythons`: the minor versions for which all of it has wheels on every system that counts
    - `lacking`: the packages for the sake of which a minor version is not among them
    - `not_on`: the other systems where something has none for one of those
    - `cuda`: the major versions of CUDA by the Python they are for, {} where it brings none
    - `torch`: whether it brings PyTorch
    """
    lacking: dict[Place, list[str]] = {}
    cuda: dict[str, set[str]] = {}
    for system in SYSTEMS:
        for python in pythons:
            here = [pin for pin, part in closure.items() if _holds(part, system, python)]
            missing = [pin for pin in here if (system, python) in gaps.get(pin, ())]
            if missing:
                lacking[system, python] = missing
            for major in filter(None, map(_cuda_major, here)):
                cuda.setdefault(python, set()).add(major)
    fine = [each for each in pythons if not any((system, each) in lacking for system in REQUIRED)]
    reasons = {pin for place, pins in lacking.items() if place[0] in REQUIRED for pin in pins}
    return {
        "pythons": fine,
        "lacking": sorted(pin.split("==")[0] for pin in reasons),
        "not_on": sorted({system for system, python in lacking if python in fine}),
        "cuda": {python: sorted(majors) for python, majors in sorted(cuda.items())},
        "torch": any(pin.startswith("torch==") for pin in closure),
    }


def _holds(part: Mapping[str, Any], system: str, python: str) -> bool:
    return not part["marker"] or Marker(part["marker"]).evaluate(environment(system, python))


def _cuda_major(pin: str) -> str:
    """The CUDA that a package of NVIDIA's is for: in its name, or the runtime's own version."""
    name, _, version = pin.partition("==")
    found = re.fullmatch(r"nvidia-.+-cu(\d+)", name)
    if found:
        return found[1]
    return version.split(".")[0] if name == "nvidia-cuda-runtime" else ""
