"""Which answers fit a repository with files of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from adapting import another, python
from declared import Source
from settling import reading


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


def test_a_script_that_may_read_what_is_the_lock_now_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("setup.py").write_text("open('requirements.txt')\nopen('requirements-docs.txt')\n")
    (said,) = reading(["setup.py", "requirements.txt", "requirements-docs.txt", "deps/a.txt"])
    assert said.startswith("setup.py names requirements.txt")
    assert reading(["setup.py", "environment.yml"]) == []
    assert reading(["environment.yml"], conda=True) != []
