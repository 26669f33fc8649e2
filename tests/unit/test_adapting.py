"""Whether a folder is a repository with files of its own, and which answers fit it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import repository
from adapting import adapted, another, python
from adoption import is_due
from after_update import python_left_out
from declared import Source
from rules import merge_settings, with_lines
from settling import todo
from support.layouts import committed


@pytest.mark.parametrize(
    ("asked", "tested", "fits", "then"),
    [
        (">=3.9", [], "3.13", "3.12"),
        (">=3.9,<3.13", [], "3.12", "3.11"),
        (">=3.7", ["3.9", "3.10"], "3.10", "3.9"),
        ("==3.11.*", [], "3.11", None),
        ("<3", [], None, None),
    ],
)
def test_the_python_is_one_that_the_code_asks_for_and_so_is_the_next_to_try(
    asked: str, tested: list[str], fits: str | None, then: str | None
) -> None:
    sources = [Source("setup.cfg", python=asked, tested=tested)]
    assert python("3.13", sources) == fits
    assert another(fits or "3.13", sources) == then


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("files", "in_git", "due"),
    [
        ({"pyproject.toml": "# Owned by the template", "ours.py": ""}, False, False),
        ({"pyproject.toml": "[project]\n"}, False, True),
        ({"notes.txt": "", ".venv/a.py": ""}, False, False),
        ({"a.ipynb": ""}, False, True),
        ({"ours.py": ""}, True, True),
    ],
)
def test_a_folder_with_code_or_commits_is_somebodys(
    here: Path, files: dict[str, str], in_git: bool, due: bool
) -> None:
    for name, text in files.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(text)
    if in_git:
        committed(here)
    assert is_due({"pyproject.toml", "ours.py"}) == due


CHOSEN = {
    "framework": "scikit-learn",
    "libraries": ["ipykernel"],
    "license": "MIT",
    "python_version": "3.13",
    "extras": ["docker", "vscode"],
}


@pytest.mark.parametrize(
    ("tracked", "changed", "said"),
    [
        (["README.md"], {}, []),
        (["setup.py"], {}, []),
        (["a.py"], {"framework": "none", "libraries": []}, ["framework: none. "]),
        (["a.ipynb"], {"framework": "none"}, ["framework: none. "]),
        (["COPYING.txt"], {"license": "None"}, ["license: yours stays"]),
        (["Dockerfile"], {"extras": ["vscode"]}, ["extras: without docker, for you have Docker"]),
    ],
)
def test_an_answer_that_would_stand_in_the_way_is_another_one_and_that_is_said(
    here: Path, tracked: list[str], changed: dict[str, Any], said: list[str]
) -> None:
    answers, notes = adapted(CHOSEN, ".copier-answers.yml", tracked, Source(""), [])
    assert answers == {**CHOSEN, "adopted": True, **changed}
    assert len(notes) == len(said)
    for note, words in zip(notes, said, strict=True):
        assert note.startswith(words)


def test_names_are_those_of_the_code(here: Path) -> None:
    Path("src/grains").mkdir(parents=True)
    Path("src/grains/__init__.py").touch()
    told = Source("", name="My Grains.X", python=">=3.9,<3.12")
    answers, notes = adapted(CHOSEN, ".copier-answers.yml", [], told, [told])
    assert (answers["package_name"], answers["project_slug"]) == ("grains", "my-grains-x")
    assert answers["python_version"] == "3.11"
    assert notes == ["python_version: 3.11, since that is what the code asks for."]
    told = Source("", python="<3")
    answers, notes = adapted(CHOSEN, ".copier-answers.yml", [], told, [told])
    assert answers["python_version"] == "3.13"
    assert notes == ["Python <3 is not offered; it is 3.13."]


def test_a_script_that_may_read_what_is_the_lock_now_is_named(here: Path) -> None:
    Path("setup.py").write_text("open('requirements.txt')\nopen('requirements-docs.txt')\n")
    before, told = ["setup.py", "requirements.txt", "requirements-docs.txt", "a.txt"], Source("")
    (said,) = todo(before, told, None, conda=False)
    assert said.startswith("setup.py names requirements.txt")
    assert todo(["setup.py", "environment.yml"], told, None, conda=False) == []
    assert todo(["environment.yml"], told, None, conda=True) != []


def test_a_list_of_a_part_is_named_with_what_adds_it(here: Path) -> None:
    before = ["requirements.txt", "docs/requirements.txt", "tests/requirements.txt", "docs/a.txt"]
    told = Source("", read={"tests/requirements.txt"})
    (said,) = todo(before, told, None, conda=False)
    assert said.startswith("docs/requirements.txt: not taken")
    assert said.endswith("add --dev -r docs/requirements.txt")


def test_a_package_that_names_no_python_is_not_narrowed_in_silence(here: Path) -> None:
    (said,) = todo([], Source(""), "seeds", conda=False)
    assert "requires-python" in said
    assert todo([], Source("", python=">=3.9"), "seeds", conda=False) == []


def listed(name: str, ours: str, **files: bytes) -> str:
    """A list that a repository with these files did not have."""
    for each, content in files.items():
        Path(f"{each}.py").write_bytes(content)
    committed(Path())
    before = [f"{each}.py" for each in files]
    return with_lines(Path(name), ours, before).decode()


def test_git_sees_no_file_as_changed_by_a_rule_about_the_ends_of_lines(here: Path) -> None:
    ours = "# Ours\n* text=auto\n*.sh text eol=lf\n"
    assert listed(".gitattributes", ours, a=b"1\n") == ours
    assert listed(".gitattributes", ours, b=b"1\r\n").splitlines()[1:] == ["*.sh text eol=lf"]


def test_where_data_is_remains_for_code_that_was_there_to_say(here: Path) -> None:
    assert listed(".gitignore", "/data/*\n*.pyc\n", a=b"1\n").splitlines()[1:] == ["*.pyc"]


@pytest.mark.parametrize(
    ("told", "before", "said"),
    [
        ("~=3.10.0", "3.10", True),
        ("~=3.10.0", "3.12", False),  # it was so before
        (">=3.12.4", "3.10", False),
        ("==3.12.*", "3.10", False),
    ],
)
def test_another_python_that_the_code_is_not_for_is_told(
    told: str, before: str, said: bool, here: Path
) -> None:
    Path("pyproject.toml").write_text(f'[project]\nrequires-python = "{told}" # ours\n')
    found = python_left_out({"python_version": before}, {"python_version": "3.12"})
    assert bool(found) == said


@pytest.mark.parametrize(
    ("mine", "merged"),
    [
        ("package =\npython = 3.13\nlock = a\n", "package =\npython = 3.12\nlock = a\n"),
        ("package = a\npython = 3.11\nlock = a\n", None),
    ],
)
def test_settings_are_merged_line_by_line_unless_both_sides_changed_one(
    mine: str, merged: str | None, here: Path
) -> None:
    base, theirs = (f"package = a\npython = {x}\nlock = a\n" for x in ("3.13", "3.12"))
    path = Path("tools/env.cfg")
    path.parent.mkdir()
    path.write_text("<<<<<<<")
    committed(here)
    repository.mark_unmerged(str(path), mine.encode(), base.encode(), theirs.encode())
    merge_settings()
    assert path.read_text() == (merged or "<<<<<<<")
    assert bool(repository.unmerged()) == (merged is None)
