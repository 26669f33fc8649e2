"""A notebook changes nothing in the environment; for tests and training see test_first_light."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from support.engine import MINOR, clean_environ, run, shared_cache
from support.template import render

CELLS = ("import sys, numpy\nsys.prefix", "%pip --version")
NOTEBOOK: dict[str, Any] = {
    "cells": [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"cell-{number}",
            "metadata": {},
            "outputs": [],
            "source": source,
        }
        for number, source in enumerate(CELLS)
    ],
    "metadata": {"kernelspec": {"name": "my-project", "display_name": "my-project"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


@pytest.fixture
def project(template: Path, tmp_path: Path) -> Path:
    """A real project that nobody has worked in yet."""
    place = tmp_path / "digits"
    return render(template, place, python_version=MINOR)


@pytest.mark.thorough
def test_a_notebook_runs_in_the_environment_and_changes_nothing(project: Path, home: Path) -> None:
    environ = clean_environ(home, UV_CACHE_DIR=shared_cache())

    def engine(*words: str) -> str:
        done = run(sys.executable, project, *words, environ=environ)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    engine("add", "--dev", "nbclient")
    before = json.loads(engine("info", "--json"))["fingerprint"]
    (project / "day.ipynb").write_text(json.dumps(NOTEBOOK))
    engine("run", "--", "jupyter", "execute", "--inplace", "day.ipynb")
    library = f".venv/lib/python{MINOR}/site-packages/joblib"
    engine("run", "--", "python", "-m", "compileall", "-q", library)
    assert engine("check") == ".venv is exactly requirements-dev.txt\n"
    assert engine("check", "--fast") == ".venv is exactly requirements-dev.txt\n"
    assert json.loads(engine("info", "--json"))["fingerprint"] == before
    (prefix,), (pip, *_) = (
        cell["outputs"] for cell in json.loads((project / "day.ipynb").read_text())["cells"]
    )
    assert "".join(prefix["data"]["text/plain"]) == repr(str(project / ".venv"))
    assert str(project / ".venv") in "".join(pip["text"])
    assert not list(home.rglob("kernel.json")), "a kernel is inside the environment only"


@pytest.mark.thorough
def test_the_kernel_comes_and_goes_with_ipykernel(project: Path, home: Path) -> None:
    environ = clean_environ(home, UV_CACHE_DIR=shared_cache())
    kernel = project / ".venv" / "share" / "jupyter" / "kernels" / "my-project" / "kernel.json"
    for words, there in ((["sync"], True), (["remove", "ipykernel"], False)):
        done = run(sys.executable, project, *words, environ=environ)
        assert done.returncode == 0, done.stderr
        assert kernel.exists() == there, words
