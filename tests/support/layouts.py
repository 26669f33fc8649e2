"""Repositories as people have them, which have never seen the template: their files, by layout."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .template import git

SRC = """\
[build-system]
requires = ["setuptools>=64"]  # ours
build-backend = "setuptools.build_meta"

[project]
name = "seeds"
version = "1.2"
requires-python = ">=3.9"
dependencies = [
    "beta", # comes with alpha
]

[project.optional-dependencies]
plots = ["gamma"]

[tool.ruff]
line-length = 79
"""
POETRY = """\
# Since 2021.
[tool.poetry]
name = "seeds"
version = "0.3.1"
description = "Sows"
authors = ["A <a@example.invalid>"]

[tool.poetry.dependencies]
python = "^3.9"
alpha = "^1.0" # the first

[tool.poetry.group.dev.dependencies]
gamma = "*"

[build-system]
requires = ["poetry-core"]
build-backend = "poetry.core.masonry.api"
"""
LOCK = '[[package]]\nname = "{}"\nversion = "{}"\n'
SETUP = "from setuptools import find_packages, setup\n\nsetup(\n{})\n"
CCDS_1 = SETUP.format(
    "    name='src',\n    packages=find_packages(),\n    version='0.1.0',\n"
    "    description='A short description',\n    author='A',\n    license='MIT',\n"
)
CCDS_2 = """\
[build-system]
requires = ["flit_core >=3.2,<4"]
build-backend = "flit_core.buildapi"

[project]
name = "seeds"
version = "0.0.1"
authors = [{ name = "A" }]
requires-python = "~=3.12.0"

[tool.ruff]
line-length = 99
"""
CONDA = """\
name: seeds
channels: [conda-forge]
dependencies:
  - python=3.12
  - alpha=1.0
  - cudatoolkit=11.8
  - pip
  - pip:
      - gamma==1.0
"""

LAYOUTS: dict[str, Mapping[str, str]] = {
    "src": {
        "pyproject.toml": SRC,
        "src/seeds/__init__.py": "",
        "tests/test_seeds.py": "",
        ".gitignore": "*.cfg\nvenv*\n",
    },
    "flat": {
        "setup.py": SETUP.format(
            "    name='seeds', version='1.0', python_requires='>=3.8',\n"
            "    install_requires=['alpha>=1', 'gamma==1.0'],\n"
        ),
        "seeds/__init__.py": "",
        "LICENSE": "All mine.\n",
    },
    "setup.cfg": {
        "setup.cfg": "[metadata]\nname = seeds\nversion = attr: seeds.version\n\n[options]\n"
        "packages = find:\ninstall_requires =\n    beta\n    alpha ~= 1.0\n",
        "setup.py": "from setuptools import setup\n\nsetup()\n",
        "seeds/__init__.py": "version = '1.0'\n",
    },
    "poetry": {
        "pyproject.toml": POETRY,
        "poetry.lock": LOCK.format("alpha", "1.0") + LOCK.format("gamma", "1.0"),
        "seeds/__init__.py": "",
    },
    "pipenv": {
        "Pipfile": '[packages]\nalpha = "*"\n\n[dev-packages]\ngamma = ">=1"\n',
        "Pipfile.lock": '{"default": {"alpha": {"version": "==1.0"}}, "develop": {}}',
        "run.py": "import alpha\n",
    },
    "conda": {"environment.yml": CONDA, "train.py": "import alpha\n"},
    "notebooks": {
        "requirements.txt": "alpha==1.0\ngamma\n",
        "look.ipynb": '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}\n',
        "data/raw/seeds.csv": "a\n1\n",
    },
    "ccds-1": {
        "setup.py": CCDS_1,
        "requirements.txt": "# local package\n-e .\n\n# external requirements\nalpha\nbeta==2.0\n",
        "src/__init__.py": "",
        "src/models/train_model.py": "import alpha\n",
        "data/raw/.gitkeep": "",
        ".gitignore": "/data/\nenv/\n",
    },
    "ccds-2": {
        "pyproject.toml": CCDS_2,
        "requirements.txt": "alpha\ngamma\n-e .\n",
        "seeds/__init__.py": "",
        "seeds/modeling/train.py": "import alpha\n",
        "Makefile": "requirements:\n\tpip install -r requirements.txt\n",
    },
    "member": {
        "pyproject.toml": SRC,
        "src/seeds/__init__.py": "",
        "../common/common/__init__.py": "",
        "../common/pyproject.toml": '[project]\nname = "common"\nversion = "1"\n',
    },
}
"""Of each, what stands in the folder that becomes a project; "member" is in a larger repository."""


def repository(place: Path, layout: str, **more: str) -> Path:
    """A repository with a history; the folder in it that is to become a project."""
    root = place / "packages" / "seeds" if layout == "member" else place
    for name, text in {"README.md": "# Seeds\n", **LAYOUTS[layout], **more}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    committed(place)
    return root


def committed(place: Path) -> None:
    """Make a repository of a folder, with all that is there in its first commit."""
    git(place, "init", "--quiet", "--initial-branch=main")
    git(place, "add", "--all", "--force")
    git(place, "commit", "--quiet", "--message", "As it was")
