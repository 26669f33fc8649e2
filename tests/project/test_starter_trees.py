"""Boosted trees of XGBoost and LightGBM in real projects: tests/starter runs inside them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support.engine import MINOR
from support.real import cached_environ, copied, inside
from support.template import ROOT

pytestmark = pytest.mark.thorough


@pytest.mark.parametrize("framework", ["xgboost", "lightgbm"])
def test_trees_keep_what_the_starter_promises(
    framework: str, template: Path, tmp_path: Path
) -> None:
    (tmp_path / "home").mkdir()
    answers = {"framework": framework, "package_name": "own", "python_version": MINOR}
    if framework == "xgboost":
        answers["accelerator"] = "cpu"
    environ = cached_environ(tmp_path / "home", OMP_NUM_THREADS="1")
    project = copied(template, tmp_path / "my-project", environ, **answers)
    checks = shutil.copytree(ROOT / "tests" / "starter", tmp_path / "checks")
    project.environ.update(STARTER="own", PROJECT=str(project.root))
    words = ["-q", "-p", "no:cacheprovider", "--rootdir", str(checks), "-c", "/dev/null"]
    inside(project, "python", "-m", "pytest", *words, str(checks / "check_trees.py"))
    assert "passed" in inside(project, "poe", "test")
    inside(project, "poe", "lint")
