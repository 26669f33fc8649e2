"""Before an update git must be able to give back every line, or nothing is touched."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.engine import clean_environ
from support.history import append
from support.template import ROOT, git, render
from support.updates import commit, update

ANSWERS = ".copier-answers.yml"
NOTE = "refs/worktree/seedbed-before-update"


@pytest.fixture(scope="module")
def rendered(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in no repository."""
    return render(template, tmp_path_factory.mktemp("guard") / "p", framework="none", libraries=[])


@pytest.fixture
def project(rendered: Path, tmp_path: Path) -> Path:
    shutil.copytree(rendered, tmp_path / "around" / "project")
    return tmp_path / "around" / "project"


def before_update(project: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """What Copier runs first."""
    argv = [sys.executable, "-B", str(ROOT / "hooks" / "before_update.py"), ANSWERS]
    environ = clean_environ(home)
    return subprocess.run(
        argv, cwd=project, env=environ, capture_output=True, text=True, check=False
    )


def ignored_by_the_repository_around_it(project: Path) -> None:
    (project.parent / ".gitignore").write_text("*\n")
    git(project.parent, "init", "--quiet")
    git(project.parent, "add", "--force", ".gitignore")
    commit(project.parent)


def never_committed_to_it(project: Path) -> None:
    git(project.parent, "init", "--quiet")
    git(project.parent, "config", "status.showUntrackedFiles", "no")
    git(project.parent, "commit", "--quiet", "--allow-empty", "--message", "mine")


def hidden_by_a_list(project: Path) -> None:
    git(project, "init", "--quiet")
    (project / ".git" / "info" / "exclude").write_text("enter.*\n.gitattributes\n")
    commit(project)


def told_not_to_look(project: Path) -> None:
    commit(project)
    git(project, "update-index", "--assume-unchanged", ".gitattributes")
    git(project, "update-index", "--skip-worktree", "tools/enter.sh")
    append(project / ".gitattributes", "# of mine\n")


@pytest.mark.parametrize(
    "spoiled",
    [
        ignored_by_the_repository_around_it,
        never_committed_to_it,
        hidden_by_a_list,
        told_not_to_look,
    ],
)
def test_what_no_commit_holds_is_named_and_what_is_said_mends_it(
    project: Path, home: Path, spoiled: Callable[[Path], None]
) -> None:
    spoiled(project)
    assert git(project, "status", "--porcelain") == "", "else Copier itself refuses"
    done = before_update(project, home)
    assert done.returncode == 1, done.stderr
    assert ".gitattributes" in done.stderr
    assert git(project, "for-each-ref", NOTE) == ""
    for line in done.stderr.splitlines():
        for command in line.split(" && ") if line.startswith("  git ") else ():
            git(project, *shlex.split(command)[1:])
    commit(project)
    assert git(project, "ls-files", ".gitattributes", "tools/enter.sh").split() == [
        ".gitattributes",
        "tools/enter.sh",
    ]
    done = before_update(project, home)
    assert done.returncode == 0, done.stderr
    assert git(project, "for-each-ref", NOTE)


def test_in_the_midst_of_a_merge_nothing_begins(project: Path, home: Path) -> None:
    commit(project)
    git(project, "checkout", "--quiet", "-b", "other")
    append(project / "README.md", "of mine\n")
    commit(project)
    git(project, "checkout", "--quiet", "-")
    git(project, "merge", "--quiet", "--no-ff", "--no-commit", "--strategy", "ours", "other")
    assert git(project, "status", "--porcelain") == "", "else Copier itself refuses"
    done = before_update(project, home)
    assert (done.returncode, "merge" in done.stderr) == (1, True)
    git(project, "merge", "--abort")
    assert before_update(project, home).returncode == 0


def test_a_file_that_another_answer_would_overwrite_is_kept(project: Path, home: Path) -> None:
    commit(project)
    (project / ".git" / "info" / "exclude").write_text(".vscode/\n")
    mine = project / ".vscode" / "settings.json"
    mine.parent.mkdir()
    mine.write_text("{} // mine\n")
    done = before_update(project, home)
    assert done.returncode == 0, done.stderr
    command = done.stderr.partition("yours is back with:\n  ")[2].splitlines()[0]
    mine.write_text("the template's\n")
    subprocess.run(command, shell=True, cwd=project, check=True)
    assert mine.read_text() == "{} // mine\n"


def test_what_is_the_projects_own_or_not_there_stops_nothing(project: Path, home: Path) -> None:
    git(project, "init", "--quiet")
    (project / ".git" / "info" / "exclude").write_text("README.md\n/src/\n/local.txt\n")
    (project / "local.txt").write_text("mine\n")
    (project / "activate.fish").unlink()
    commit(project)
    done = before_update(project, home)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["activate.fish", "tools/env"])
def test_a_file_in_place_of_a_directory_or_the_other_way_round_is_said_before_it_stops_copier(
    project: Path, home: Path, name: str
) -> None:
    place = project / name
    if place.is_dir():
        shutil.rmtree(place)
        place.write_text("mine\n")
    else:
        place.unlink()
        place.mkdir()
        (place / "mine").write_text("mine\n")
    commit(project)
    done = before_update(project, home)
    assert done.returncode == 1
    assert f"would stop midway at {name}:" in done.stderr
    git(project, *shlex.split(done.stderr.splitlines()[-1])[1:])
    commit(project)
    assert before_update(project, home).returncode == 0


def test_a_name_in_letters_of_the_other_case_is_the_same_file_only_where_it_is(
    project: Path, home: Path
) -> None:
    commit(project)
    git(project, "mv", "--force", "activate.fish", "Activate.fish")
    commit(project)
    done = before_update(project, home)
    assert done.returncode == 0, done.stderr


@pytest.mark.thorough
def test_a_refused_update_has_changed_nothing(project: Path, home: Path) -> None:
    told_not_to_look(project)
    before = (project / ".gitattributes").read_bytes()
    done = update(project, home, "--data", "description=new")
    assert done.returncode != 0
    assert (project / ".gitattributes").read_bytes() == before
    assert git(project, "status", "--porcelain") == ""


def test_a_note_without_an_update_says_nothing(project: Path, home: Path) -> None:
    # Ctrl-C at a question leaves it, and a week's work follows.
    git(commit(project), "update-ref", NOTE, "HEAD")
    append(project / ".gitattributes", "# of mine\n")
    commit(project)
    done = before_update(project, home)
    assert done.returncode == 0, done.stderr
    noted = git(project, "rev-parse", NOTE, "HEAD").split()
    assert noted[0] == noted[1]


@pytest.mark.thorough
def test_a_note_and_a_colleagues_update_say_nothing_where_no_line_is_missing(
    project: Path, home: Path
) -> None:
    append(project / ".gitattributes", "# of mine\n")
    git(commit(project), "update-ref", NOTE, "HEAD")
    append(project / ANSWERS, "new: answer\n")
    append(project / ".gitattributes", "# newer\n")
    commit(project)
    done = before_update(project, home)
    assert done.returncode == 0, done.stderr

    git(project, "update-ref", NOTE, "HEAD~1")
    lines = (project / ".gitattributes").read_text().replace("# of mine\n", "")
    (project / ".gitattributes").write_text(lines)
    commit(project)
    done = before_update(project, home)
    assert done.returncode == 1
    assert "edits of" in done.stderr
    assert "HEAD -- .gitattributes\n" in done.stderr
