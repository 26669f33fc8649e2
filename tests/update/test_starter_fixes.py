"""What the template mends in the starter reaches projects that were made before, as an offer."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from support.engine import MINOR, clean_environ
from support.template import git, make_template, release, render
from support.updates import commit, update

MODULE = "src/{{package_name}}/train.py"
CODE = "".join(f"# step {number}\n" for number in range(20))


def write(template: Path, text: str, version: str) -> None:
    """A release whose starter is one module beside an empty package."""
    (template / "template" / MODULE).write_text(text)
    release(template, version)


def merging(done: subprocess.CompletedProcess[str]) -> list[str]:
    """The command that an update has named."""
    words = done.stdout.partition("uv run --script ")[2].splitlines()[0]
    return [sys.executable, *shlex.split(words)]


@pytest.fixture
def template(tmp_path: Path) -> Path:
    place = make_template(tmp_path / "template", "v0")
    for part in ("src/{{package_name}}", "tests", "configs"):
        for each in (place / "template" / part).glob("*.*"):
            each.unlink()
    write(place, CODE, "v1")
    return place


@pytest.fixture
def project(template: Path, tmp_path: Path) -> Path:
    answers = {"project_name": "Up", "python_version": MINOR, "create_env": False}
    place = render(template, tmp_path / "project", **answers)
    (place / "src" / "up" / "train.py").write_text(CODE.replace("step 15", "my step"))
    return commit(place)


@pytest.mark.thorough
def test_an_update_names_the_command_that_merges_a_fix(
    template: Path, project: Path, home: Path
) -> None:
    write(template, CODE.replace("step 3\n", "a careful step\n"), "v2")
    done = update(project, home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the template has mended the starter's:\n- src/up/train.py\n" in done.stdout
    merge = merging(done)
    environ = clean_environ(home)
    early = subprocess.run(merge, cwd=project, env=environ, capture_output=True, text=True)
    assert early.returncode == 3
    assert "not committed" in early.stderr
    commit(project)
    subprocess.run(merge, cwd=project, env=environ, check=True, capture_output=True)
    text = (project / "src" / "up" / "train.py").read_text()
    assert text == CODE.replace("step 3\n", "a careful step\n").replace("step 15", "my step")
    assert git(project, "status", "--short") == "M  src/up/train.py\n"


@pytest.mark.thorough
def test_a_starter_that_was_written_anew_is_told_and_not_offered(
    template: Path, project: Path, home: Path
) -> None:
    write(template, CODE.replace("step", "another"), "v2")
    done = update(project, home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "starter_fixes" not in done.stdout
    assert "code is another now, and none of it fits:\n- See the starter's with: uvx" in done.stdout


@pytest.mark.thorough
def test_the_templates_own_modules_come_where_the_code_asks_for_them(
    template: Path, project: Path, home: Path, tmp_path: Path
) -> None:
    """Updates mend them, also where the package is to be moved; an older starter gets none."""
    module = template / "template" / MODULE.replace("train", "_help")
    owned = "# Owned by the template\nFACTOR = "
    module.write_text(f"{owned}1\n")
    write(template, f"from ._help import FACTOR\n{CODE}", "v2")
    answers = {"project_name": "Up", "python_version": MINOR, "create_env": False}
    new = commit(render(template, tmp_path / "new", **answers))
    module.write_text(f"{owned}2\n")
    release(template, "v3")
    for each in (project, new):  # as what builds write, and git ignores
        (each / ".git" / "info" / "exclude").write_text("_version.py\n")
        (each / "src" / "up" / "_version.py").write_text("mine = 1\n")

    assert update(project, home).returncode == 0
    assert not (project / "src" / "up" / "_help.py").exists()
    assert (project / "src" / "up" / "_version.py").read_text() == "mine = 1\n"

    assert update(new, home).returncode == 0
    assert (new / "src" / "up" / "_help.py").read_text() == f"{owned}2\n"
    commit(new)
    update(new, home, "--data", "package_name=other")
    assert not (new / "src" / "other").exists()
    assert (new / "src" / "up" / "_help.py").read_text() == f"{owned}2\n"


@pytest.mark.thorough
def test_a_merged_fix_brings_the_templates_module_that_it_asks_for(
    template: Path, project: Path, home: Path
) -> None:
    owned = "# Owned by the template\nFACTOR = 1\n"
    for name in ("_help", "_other"):
        (template / "template" / MODULE.replace("train", name)).write_text(owned)
    write(template, f"from ._help import FACTOR\n{CODE}", "v2")
    done = update(project, home)
    assert not list((project / "src" / "up").glob("_*.py"))
    commit(project)
    environ = clean_environ(home)
    subprocess.run(merging(done), cwd=project, env=environ, check=True, capture_output=True)
    assert "import FACTOR" in (project / "src" / "up" / "train.py").read_text()
    assert (project / "src" / "up" / "_help.py").read_text() == owned
    assert not (project / "src" / "up" / "_other.py").exists()
