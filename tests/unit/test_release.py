"""What keeps a version from being tagged, on a repository that was released once."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import release as tool
import yaml
from support.history import append, change, write
from support.template import ROOT, git, make_template, release

LOG = """\
# Changes

## Unreleased

## 1.1.0 - 2026-11-24

- A thing.

## 1.0.0 - 2026-11-01

- All.
"""
FILE = "template/.gitattributes"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Released as v1.0.0, and ready for 1.1.0."""
    place = make_template(tmp_path / "seedbed")
    write(place / "CHANGELOG.md", LOG)
    commit(place)
    return place


def commit(place: Path) -> None:
    git(place, "add", "--all")
    git(place, "commit", "--quiet", "--allow-empty", "--message", "change")


def test_a_version_that_is_ready_is_tagged_with_its_changes(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tool, "ROOT", repository)
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "t")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "t@example.invalid")
    assert tool.main("check", "1.1.0") == 0
    assert git(repository, "tag") == "v1.0.0\n"
    assert tool.main("tag", "1.1.0") == 0
    assert "git push origin HEAD v1.1.0" in capsys.readouterr().err
    assert git(repository, "tag", "--list", "--format=%(contents)", "v1.1.0").strip() == (
        "1.1.0\n\n- A thing."
    )
    assert tool.main("tag", "1.1.0") == 1, "it is there already"


ROWS: dict[str, tuple[Callable[[Path], object], str]] = {
    "dirty": (lambda place: append(place / FILE, "# new\n"), "changes that are not committed"),
    "older": (lambda place: release(place, "v1.2.0"), "is not newer than the last version, v1.2.0"),
    "no changes": (
        lambda place: change(place / "CHANGELOG.md", "1.1.0", "1.0.1"),
        "has nothing under a heading `## 1.1.0 - YYYY-MM-DD`",
    ),
    "unreleased": (
        lambda place: change(place / "CHANGELOG.md", "Unreleased\n", "Unreleased\n\n- More.\n"),
        "still has changes under `Unreleased`",
    ),
    "deleted": (lambda place: (place / FILE).unlink(), ".gitattributes is gone since v1.0.0"),
    "a choice": (
        lambda place: change(place / "questions" / "extras.yml", ": renovate", ": bots"),
        "The choice extras: renovate is gone since v1.0.0",
    ),
    "a choice that may be ruled out": (
        lambda place: change(place / "questions" / "extras.yml", "value: mlflow", "value: other"),
        "The choice tracking: mlflow is gone since v1.0.0",
    ),
    "moved nowhere": (
        lambda place: write(place / "hooks" / "moves.yml", "old.cfg: new.cfg\n"),
        "says that old.cfg became new.cfg, which the template does not have",
    ),
}


@pytest.mark.parametrize(("make", "sentence"), ROWS.values(), ids=ROWS)
def test_what_is_not_ready_is_said(
    repository: Path, make: Callable[[Path], object], sentence: str
) -> None:
    assert list(tool.reasons(repository, "1.1.0")) == []
    make(repository)
    if "not committed" not in sentence:
        commit(repository)
    assert any(sentence in each for each in tool.reasons(repository, "1.1.0"))


def test_a_deleted_file_in_the_table_is_no_obstacle(repository: Path) -> None:
    (repository / FILE).unlink()
    write(repository / "hooks" / "moves.yml", ".gitattributes: ~\n")
    commit(repository)
    assert list(tool.reasons(repository, "1.1.0")) == []


@pytest.mark.parametrize("version", ["", "v1.1.0", "1.1"])
def test_a_version_has_three_numbers(version: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert tool.main("check", version) == 2
    assert "make release VERSION=1.2.0" in capsys.readouterr().err


def test_the_table_leads_from_every_old_name_to_one_that_is_there() -> None:
    moves = yaml.safe_load((ROOT / "hooks" / "moves.yml").read_text(encoding="utf-8"))
    now = tool.paths(ROOT, "HEAD")
    for new in moves.values():
        assert new is None or new in now | moves.keys(), new


def test_the_version_is_the_tag_and_stands_nowhere_else() -> None:
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert re.search(r'^version = "0"', settings, re.MULTILINE)
