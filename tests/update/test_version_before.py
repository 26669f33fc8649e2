"""Projects of the version before the template became light: files go, and no line is lost."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import copier
import pytest
import yaml
from release import paths
from support.engine import MINOR
from support.history import append
from support.template import PARTS, ROOT, copy_parts, git, release, tree, undated
from support.updates import commit, update

from .conftest import fresh

BEFORE = "b2b7bda"
"""The version before, in the history of this repository."""

CONDA, UV = "tools/env/managers/conda/prefix.py", "tools/env/managers/uv.py"
OLD_NAMES = {"tools/env/processes.py": "tools/env/ambient.py"}
"""What a file was called in it."""


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The version before as v1.0.0, the working tree as v2.0.0."""
    folder = tmp_path_factory.mktemp("versions") / "seedbed"
    archive = subprocess.check_output(["git", "archive", BEFORE, *PARTS], cwd=ROOT)
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder)
    git(folder, "init", "--quiet", "--initial-branch=main")
    release(folder, "v1.0.0")
    git(folder, "rm", "-r", "--quiet", ".")
    copy_parts(folder)
    release(folder, "v2.0.0")
    return folder


@pytest.fixture(scope="module")
def original(versions: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of the version before, for one whose manager is venv."""
    project = tmp_path_factory.mktemp("original") / "project"
    data = {"project_name": "Up", "python_version": MINOR, "create_env": False, "libraries": []}
    copier.run_copy(
        str(versions), project, data=data, vcs_ref="v1.0.0", defaults=True, skip_tasks=True,
        quiet=True,
    )  # fmt: skip
    return commit(project)


@pytest.fixture
def project(original: Path, tmp_path: Path) -> Path:
    return shutil.copytree(original, tmp_path / "project")


def test_an_untouched_project_has_what_a_new_one_has_but_for_its_starter(
    project: Path, versions: Path, home: Path, tmp_path: Path
) -> None:
    assert (project / CONDA).exists()
    done = update(project, home)
    assert done.returncode == 0, done.stdout + done.stderr
    expected, found = tree(fresh(versions, tmp_path / "fresh", project)), tree(project)
    own = ("src", "tests", "configs", "data", "notebooks", "runs", "models", "README.md")
    for files in (expected, found):
        for name in [each for each in files if each.split("/")[0] in own]:
            del files[name]
    assert found.keys() == expected.keys()
    assert {name for name in found if undated(found[name]) != undated(expected[name])} == set()


@pytest.mark.thorough
def test_no_line_of_ones_own_is_lost_in_files_that_stay_move_or_go(
    project: Path, home: Path
) -> None:
    mine = {
        "pyproject.toml": '[tool.mine]\nkey = "of mine"\n',
        ".gitignore": "/of-mine/\n",
        ".editorconfig": "# of mine\n",
        "tools/env/processes.py": "# of mine\n",
        "src/up/train.py": "# of mine\n",
        CONDA: "# of mine\n",
    }
    for name, lines in mine.items():
        append(project / OLD_NAMES.get(name, name), lines)
    commit(project)
    done = update(project, home)
    back = re.findall(r"git checkout \w+ -- (\S+)", done.stdout)
    assert sorted(back) == [".editorconfig", CONDA]
    assert done.returncode == 1, "a person must see to these"
    for name, lines in mine.items():
        assert (name in back) != (lines in text(project / name)), name
    assert not conflicts(project)


@pytest.mark.thorough
def test_an_update_that_chooses_another_manager_brings_its_module_as_it_is_now(
    project: Path, home: Path
) -> None:
    assert (project / UV).exists(), "every project had all of them"
    update(project, home, "--data", "env_manager=uv")
    assert not conflicts(project)
    assert text(project / UV) == text(ROOT / "template" / UV)


def test_every_file_that_is_gone_has_a_line_in_the_table_of_moves() -> None:
    moves = yaml.safe_load(text(ROOT / "hooks" / "moves.yml"))
    assert paths(ROOT, BEFORE) - paths(ROOT, "HEAD") <= moves.keys()


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def conflicts(project: Path) -> str:
    return git(project, "diff", "--name-only", "--diff-filter=U")
