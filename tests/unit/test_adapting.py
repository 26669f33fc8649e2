"""Which answers fit a repository with files of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from adapting import another, python
from declared import Source
from rules import with_lines
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


def test_a_script_that_may_read_what_is_the_lock_now_is_named(here: Path) -> None:
    Path("setup.py").write_text("open('requirements.txt')\nopen('requirements-docs.txt')\n")
    before, told = ["setup.py", "requirements.txt", "requirements-docs.txt", "a.txt"], Source("")
    (said,) = todo(before, told, None, conda=False)
    assert said.startswith("setup.py names requirements.txt")
    assert todo(["setup.py", "environment.yml"], told, None, conda=False) == []
    assert todo(["environment.yml"], told, None, conda=True) != []


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
