"""What environment.yml can ask for, solved by the program that does it, against a real channel."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.managers import RATTLER

Solve = Callable[..., tuple[str, dict[str, list[str]]]]
PLATFORMS = ("linux-64", "linux-aarch64", "osx-arm64", "win-64")


@pytest.fixture
def solve(request: pytest.FixtureRequest, tmp_path: Path, mirror: str) -> Solve:
    """Solves lines of environment.yml; what is said, and the packages by platform."""
    library = request.getfixturevalue("unpacked").library

    def answer(*lines: str, **variables: str) -> tuple[str, dict[str, list[str]]]:
        source = tmp_path / "environment.yml"
        listed = "".join(f"  - {json.dumps(line)}\n" for line in lines)
        source.write_text(f"channels: [conda-forge]\ndependencies:\n{listed}")
        for path in tmp_path.glob("conda-*.txt"):
            path.unlink()
        wish: dict[str, object] = {
            "action": "solve", "environment": str(source), "platforms": PLATFORMS,
            "here": "linux-64", "keep": [], "free": None, "output": str(tmp_path),
            "mirror": mirror, "offline": False, "cutoff": None,
        }  # fmt: skip
        (tmp_path / "wish.json").write_text(json.dumps(wish))
        program = RATTLER.with_name("rattler.py")
        done = subprocess.run(
            [sys.executable, "-I", "-B", program, library, tmp_path / "wish.json"],
            env={"HOME": str(tmp_path), **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr
        found = {
            path.stem.partition("-")[2]: re.findall(r"/([^/]+)\.conda#", path.read_text())
            for path in tmp_path.glob("conda-*.txt")
        }
        assert bool(found) is (done.returncode == 0)
        return done.stdout, found

    return answer


CPU, GPU = ["solver-1.0-cpu_0"], ["driver-lib-12-0", "solver-1.0-cuda_200"]
MACHINES = [
    (["solver"], {}, CPU),
    (["solver=*=cuda*"], {}, GPU),
    (["driver-lib"], {}, ["driver-lib-12-0"]),
    (["driver-lib >=12"], {}, ["driver-lib-12-0"]),
    (["solver", "__cuda >=12.4"], {}, GPU),
    (["driver-lib", "__cuda>=13.2"], {}, ["driver-lib-13.1-0"]),
    (["solver"], {"CONDA_OVERRIDE_CUDA": "12.5"}, GPU),
    (["solver", "__cuda >=12.4"], {"CONDA_OVERRIDE_CUDA": ""}, CPU),
    (["solver", "__glibc >=2.28", "__archspec 1=x86_64_v3"], {}, CPU),
]


def test_what_machines_have_decides_the_builds(solve: Solve, subtests: pytest.Subtests) -> None:
    for lines, variables, packages in MACHINES:
        with subtests.test(lines=lines, **variables):
            said, found = solve(*lines, **variables)
            assert "osx-arm64 is left out" in said
            assert found == dict.fromkeys(("linux-64", "linux-aarch64", "win-64"), packages)


def test_a_driver_that_nobody_named_is_said(solve: Solve) -> None:
    assert "machines with CUDA 12.0 or newer" in solve("driver-lib")[0]
    assert "machines with" not in solve("driver-lib", "__cuda >=12.4")[0]
    assert "line in environment.yml, as: __cuda >=" in solve("driver-lib >=13")[0]


def test_names_are_normalised_and_the_channel_may_be_named(solve: Solve, tmp_path: Path) -> None:
    for line in ("Tinypure", "conda-forge::tinypure", "conda-forge/noarch::TINYPURE >=1.1,<2"):
        found = solve("tool", line)[1]
        assert found["linux-64"][1:] == ["tinypure-1.1-py_0", "tool-1.0-py_0"]
        assert "# asked: tinypure tool\n" in (tmp_path / "conda-linux-64.txt").read_text()


REFUSED = [
    ("defaults::solver", "not from conda-forge"),
    ("https://conda.anaconda.org/conda-forge/noarch/tool-1.0-py_0.conda", "not from conda-forge"),
    ("__cuda <13", "write it like __cuda >=12.4"),
    ("__gpu >=1", "write it like __cuda >=12.4"),
    ("solver >>1", "no conda package"),
    ("solver*", "no conda package"),
    ("", "no conda package"),
    ("no-such-package", "no-such-package"),
]


@pytest.mark.parametrize(("line", "said"), REFUSED)
def test_what_cannot_be_asked_for_is_told(solve: Solve, line: str, said: str) -> None:
    assert said in solve(line)[0]


def test_the_pins_of_the_solver_name_no_place_of_the_machine_that_made_them() -> None:
    sources = re.findall(r"# via -r (.*)", RATTLER.read_text())
    assert set(sources) == {"conda.in"}
