"""What `copier copy` does with git: a commit that holds every file, or git's whole reason."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.engine import clean_environ
from support.template import ROOT, git, render, tree

ANSWERS = ".copier-answers.yml"
YEAR = time.strftime("%Y")
NAMED = "[user]\nname = t\nemail = t@example.invalid\n"


@pytest.fixture
def project(template: Path, tmp_path: Path) -> Path:
    """A project in no repository, with files that many lists of ignored ones have."""
    extras = ["vscode", "direnv"]
    answers = {"framework": "none", "libraries": [], "create_env": False, "extras": extras}
    return render(template, tmp_path / "around" / "project", **answers)


def after_copy(project: Path, home: Path, settings: str = NAMED) -> str:
    """What Copier runs last, with settings of git's; what it says."""
    (home / "gitconfig").write_text(settings)
    environ = clean_environ(home, GIT_CONFIG_GLOBAL=str(home / "gitconfig"), SHELL="/bin/sh")
    argv = [sys.executable, "-B", str(ROOT / "hooks" / "after_copy.py"), ANSWERS, "", "", "new"]
    done = subprocess.run(
        argv, cwd=project, env=environ, capture_output=True, text=True, check=True
    )
    return done.stderr


def steps(said: str) -> list[str]:
    """The git commands among what is to be typed next."""
    return [line.strip() for line in said.partition("\nNext")[2].splitlines() if "  git " in line]


def test_the_first_commit_holds_every_file_whatever_the_machine_ignores(
    project: Path, home: Path
) -> None:
    (home / "ignored").write_text("env/\ntools/\n.vscode\n*.toml\n.copier*\nLICENSE\n")
    said = after_copy(project, home, f"{NAMED}[core]\nexcludesFile = {home / 'ignored'}\n")
    assert "made a repository with a first commit" in said
    held = git(project, "ls-tree", "-r", "-z", "--name-only", "HEAD").split("\0")[:-1]
    assert set(held) == set(tree(project))


def test_a_repository_that_ignores_the_project_does_not_keep_it(project: Path, home: Path) -> None:
    (project.parent / ".gitignore").write_text("*\n")
    git(project.parent, "init", "--quiet")
    assert "made a repository with a first commit" in after_copy(project, home)
    assert git(project, "status", "--porcelain") == ""


def test_a_repository_that_would_take_it_gets_it_with_what_it_ignores(
    project: Path, home: Path
) -> None:
    (project.parent / ".gitignore").write_text("env/\n.vscode/\ndata/\n*.fish\n")
    git(project.parent, "init", "--quiet")
    said = after_copy(project, home)
    assert "inside a repository already" in said
    assert steps(said) == ["git add --force activate.fish"]
    assert not (project / ".git").exists()
    git(project, "add", "--all")
    git(project, "add", "--force", "activate.fish")
    assert set(git(project, "ls-files").split()) == {*tree(project)}


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root gives files away")
def test_another_persons_repository_is_not_no_repository(project: Path, home: Path) -> None:
    git(project.parent, "init", "--quiet")
    os.chown(project.parent, 1234, 1234)
    os.chown(project.parent / ".git", 1234, 1234)
    said = after_copy(project, home)
    assert "git: the project is not committed, for git says:" in said
    assert "git config --global --add safe.directory" in said
    assert not (project / ".git").exists()


def test_a_missing_identity_is_named_after_the_cd(project: Path, home: Path) -> None:
    said = after_copy(project, home, "[user]\nuseConfigOnly = true\n")
    assert "     *** Please tell me who you are." in said
    typed = said.partition("\nNext")[2].splitlines()[1:]
    assert typed[0].strip().startswith("cd ")
    assert typed[1].strip() == 'git config --global user.name "Your Name"'
    for words in (["add", "--all"], ["commit", "-m", "Start the project"]):
        git(project, *words)
    assert git(project, "status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("answers", "named"),
    [
        ({"license": "None"}, None),
        ({"license": "Apache-2.0"}, None),
        ({"license": "MIT"}, ["--data", "author_name=t O'Git", "--data", f"license_year={YEAR}"]),
        ({"license": "MIT", "author_name": "Ada"}, ["--data", f"license_year={YEAR}"]),
        ({"license": "MIT", "author_name": "Ada", "license_year": "2020"}, None),
    ],
)
def test_what_a_license_lacks_is_proposed_of_git_and_the_clock(
    answers: dict[str, str], named: list[str] | None, template: Path, tmp_path: Path, home: Path
) -> None:
    small = {"framework": "none", "libraries": [], "create_env": False}
    project = render(template, tmp_path / "p", **small, **answers)
    said = after_copy(project, home, NAMED.replace("name = t", "name = t O'Git"))
    typed = [shlex.split(line) for line in said.splitlines() if "uvx copier update" in line]
    assert typed == ([["uvx", "copier", "update", "--trust", *named]] if named else [])


@pytest.mark.skipif(os.name == "nt", reason="the hook is a shell script")
def test_all_that_a_hook_says_is_shown(project: Path, home: Path) -> None:
    hook = home / "hooks" / "pre-commit"
    hook.parent.mkdir()
    hook.write_text("#!/bin/sh\necho one\necho two\necho three >&2\nexit 1\n")
    hook.chmod(0o755)
    said = after_copy(project, home, f"{NAMED}[core]\nhooksPath = {hook.parent}\n")
    assert "git: `git commit` did not work:\n     one\n     two\n     three\n" in said
    assert steps(said) == ["git add --all", "git commit -m 'Start the project'"]
