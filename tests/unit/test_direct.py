"""What pyproject.toml asks for and the lock does not hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.engine import tiny

from env.direct import unlocked
from env.project import load

HERE = {"python_full_version": "3.12.1", "python_version": "3.12", "sys_platform": "linux"}
LINUX, ELSEWHERE = "; sys_platform == 'linux'", "; sys_platform != 'linux'"


@pytest.mark.parametrize(
    ("lines", "sentences"),
    [
        pytest.param(["beta"], [], id="any version"),
        pytest.param(["Beta>=3"], ["pyproject.toml asks for beta>=3, and locked is 2.0."], id="no"),
        pytest.param([f"beta>=3{LINUX}", f"beta{ELSEWHERE}"], [
            "pyproject.toml asks for beta>=3, and locked is 2.0."], id="of two lines the first"),
        pytest.param([f"beta{ELSEWHERE}", f"beta>=3{LINUX}"], [
            "pyproject.toml asks for beta>=3, and locked is 2.0."], id="of two lines the second"),
        pytest.param([f"beta{LINUX}", f"beta>=3{ELSEWHERE}"], [], id="the other is not for here"),
        pytest.param(["beta", "delta[x]"], [
            "delta is asked for in pyproject.toml and is not in the lock."], id="new"),
        pytest.param([], [
            "beta is locked for pyproject.toml, which does not ask for it any more."], id="gone"),
    ],
)  # fmt: skip
def test_each_edit_is_told(tmp_path: Path, lines: list[str], sentences: list[str]) -> None:
    root = tiny(tmp_path / "p", {}).root
    (root / "pyproject.toml").write_text(f"[project]\ndependencies = {lines}\n")
    hashed = f"beta==2.0 \\\n    --hash=sha256:{'0' * 64}\n    # via tiny (pyproject.toml)\n"
    (root / "requirements.txt").write_text(hashed)
    found = unlocked(load(root, {}), HERE)
    assert [each.message for each in found] == sentences
