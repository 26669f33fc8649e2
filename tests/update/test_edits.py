"""Where the template changes, moves or deletes what a user has edited: nothing is lost silently."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from edits import target
from support.history import GONE, NEW, OLD, append, change
from support.template import git, tree
from support.updates import commit, update

from .conftest import Made

UNDO = ["git reset --hard", "git clean -fd"]


@pytest.mark.thorough
def test_both_sides_edits_of_a_renamed_file_conflict_in_its_new_name(
    made: Made, home: Path
) -> None:
    project = made("v1.2.0")
    change(project / OLD, "# line 3\n", "# line 3 of mine\n")
    commit(project)
    done = update(project, home)
    assert done.returncode != 0
    assert f"- {NEW} has conflicts" in done.stdout
    text = (project / NEW).read_text()
    assert "<<<<<<< before updating\n# line 3 of mine\n" in text
    assert "# line three\n>>>>>>> after updating\n" in text
    assert git(project, "status", "--short", "--", NEW) == f"UU {NEW}\n"


@pytest.mark.thorough
def test_a_renamed_file_that_is_no_text_is_named_with_the_way_back(made: Made, home: Path) -> None:
    project = made("v1.2.0")
    (project / OLD).write_bytes(b"\0\1\2 of mine")
    before = git(commit(project), "rev-parse", "--short", "HEAD").strip()
    done = update(project, home)
    assert done.returncode != 0
    assert f"git checkout {before} -- {OLD}\n" in done.stdout
    git(project, "checkout", before, "--", OLD)
    assert (project / OLD).read_bytes() == b"\0\1\2 of mine"


@pytest.mark.thorough
@pytest.mark.skipif(os.name == "nt", reason="Windows has no run bit, and links only for some")
def test_a_run_bit_follows_a_renamed_file_and_a_link_in_its_place_stays(
    made: Made, home: Path
) -> None:
    project = made("v1.2.0")
    (project / OLD).chmod(0o755)
    before = git(commit(project), "rev-parse", "--short", "HEAD").strip()
    done = update(project, home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"- {OLD} -> {NEW}\n" in done.stdout
    assert os.access(project / NEW, os.X_OK)

    git(project, "reset", "--quiet", "--hard", before)
    git(project, "clean", "--quiet", "-fd")
    (project / OLD).unlink()
    (project / OLD).symlink_to("README.md")
    commit(project)
    done = update(project, home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (project / OLD).readlink() == Path("README.md")


@pytest.mark.parametrize(
    ("moves", "name", "arrived", "expected"),
    [
        ({"a": "b"}, "a", ["b"], "b"),
        ({"a": "b", "b": "c"}, "a", ["c"], "c"),
        ({"a": "b", "b": "a"}, "b", ["a"], "a"),
        ({"a": "b", "b": "a"}, "a", ["a"], ""),
        ({"a": "b", "b": "c", "c": "b"}, "a", [], ""),
        ({"a": None}, "a", ["b"], ""),
        ({}, "a", ["a"], ""),
    ],
)
def test_a_rename_is_followed_to_the_name_of_today(
    moves: dict[str, str | None], name: str, arrived: list[str], expected: str
) -> None:
    assert target(moves, name, arrived) == expected


@pytest.mark.thorough
def test_with_rej_files_each_is_named_and_left_to_a_person(made: Made, home: Path) -> None:
    project = made()
    change(project / "pyproject.toml", 'log_level = "INFO"', 'log_level = "ERROR"')
    append(project / ".gitignore", "*.rej\n")  # named all the same
    commit(project)
    done = update(project, home, "--conflict", "rej")
    assert done.returncode != 0
    assert "- pyproject.toml.rej has changes that did not fit." in done.stdout
    assert "Conflicts are left in " in done.stderr


@pytest.mark.thorough
def test_what_the_message_says_undoes_an_update(made: Made, home: Path) -> None:
    project = made()
    append(project / OLD, "# of mine\n")
    append(project / GONE, "# of mine\n")
    commit(project)
    before = tree(project)
    done = update(project, home)
    assert "To undo it" in done.stderr
    assert tree(project) != before
    for words in UNDO:
        assert words in done.stderr
        git(project, *words.split()[1:])
    assert tree(project) == before


@pytest.mark.thorough
def test_a_project_in_a_part_of_its_repository_is_updated_there(
    made: Made, home: Path, tmp_path: Path
) -> None:
    whole = tmp_path / "whole"
    part = whole / "part of it"
    shutil.copytree(made(), part, ignore=shutil.ignore_patterns(".git"))
    change(part / OLD, "# line 20\n", "# line 20 of mine\n")
    append(part / GONE, "# of mine\n")
    commit(whole)
    done = update(part, home)
    assert f"- {OLD} -> {NEW}" in done.stdout
    assert "# line 20 of mine\n" in (part / NEW).read_text()
    assert f"-- {GONE}\n" in done.stdout


@pytest.mark.thorough
def test_a_second_update_says_that_nothing_is_new(made: Made, home: Path) -> None:
    project = made("v1.4.0")
    assert update(project, home).returncode == 0
    commit(project)
    done = update(project, home)
    assert done.stdout == "Template: v2.0.0, as before\n"
    assert git(project, "status", "--short") == ""
