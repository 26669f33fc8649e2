"""A change of the starter's is merged into a project by git, where it is still the same code."""

from __future__ import annotations

from pathlib import Path

import pytest
import starter_fixes
from starter_fixes import changes, merge
from support.template import git

CODE = b"".join(b"step(%d)\n" % number for number in range(20))
FIXED = CODE.replace(b"step(3)", b"step(3, careful=True)")
MINE = CODE.replace(b"step(15)", b"my_step(15)")
BOTH = FIXED.replace(b"step(15)", b"my_step(15)")
CLASH = CODE.replace(b"step(3)", b"my_step(3)")
OTHER = b"".join(b"mine(%d)\n" % number for number in range(20))
NAME, NEXT = "src/p/train.py", "src/p/plots.py"
LAST = "src/p/data.py"
BASE = {NAME: CODE, NEXT: CODE, LAST: CODE}

OFFERED = [
    pytest.param(BASE, {**BASE, NAME: FIXED}, {**BASE, NAME: MINE}, [NAME], id="both-changed"),
    pytest.param(BASE, BASE, {**BASE, NAME: MINE}, [], id="nothing-new"),
    pytest.param(
        BASE, {**BASE, NAME: FIXED}, {NEXT: CODE, LAST: CODE}, [], id="deleted-in-the-project"
    ),
    pytest.param(BASE, {NEXT: FIXED, LAST: CODE}, BASE, [NEXT], id="deleted-in-the-template"),
    pytest.param(BASE, {**BASE, "tests/t.py": CODE}, BASE, ["tests/t.py"], id="new-file"),
    pytest.param(BASE, {**BASE, NAME: OTHER, NEXT: OTHER}, BASE, [], id="a-starter-written-anew"),
    pytest.param(BASE, {**BASE, NAME: FIXED}, {NAME: OTHER}, [], id="a-project-of-another-starter"),
]


@pytest.mark.parametrize(("base", "theirs", "ours", "names"), OFFERED)
def test_what_can_be_merged_is_offered(
    base: starter_fixes.Files,
    theirs: starter_fixes.Files,
    ours: starter_fixes.Files,
    names: list[str],
) -> None:
    assert changes(base, theirs, ours) == names


@pytest.fixture(params=["", "part"])
def project(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A committed project, also as a part of a repository."""
    git(tmp_path, "init", "--quiet")
    place: Path = tmp_path / request.param
    for name in (NAME, NEXT):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(MINE)
    (place / ".gitattributes").write_text("*.py text=auto\n")
    keep(place)
    monkeypatch.chdir(place)
    return place


def keep(place: Path) -> None:
    git(place, "add", "--all")
    git(place, "commit", "--quiet", "--message", "mine")


def test_a_fix_comes_beside_what_the_person_changed(project: Path) -> None:
    new = "src/p/new.py"
    merge({NAME: CODE}, {NAME: FIXED, new: CODE})
    assert [(project / name).read_bytes() for name in (NAME, NEXT, new)] == [BOTH, MINE, CODE]
    assert git(project, "status", "--short").splitlines() == [f"A  {new}", f"M  {NAME}"]


def test_only_lines_that_both_changed_are_a_conflict(project: Path) -> None:
    (project / NEXT).write_bytes(CLASH)
    keep(project)
    merge({NAME: CODE, NEXT: CODE}, {NAME: FIXED, NEXT: FIXED})
    assert (project / NAME).read_bytes() == BOTH
    text = (project / NEXT).read_text()
    assert text.count("<<<<<<<") == 1
    assert "my_step(3)" in text
    assert "step(3, careful=True)" in text
    assert git(project, "diff", "--name-only", "--diff-filter=U", "--relative") == f"{NEXT}\n"
    git(project, "reset", "--quiet", "--hard")
    assert (project / NEXT).read_bytes() == CLASH


def test_a_file_of_the_persons_in_the_way_stops_all_of_it(project: Path) -> None:
    new = "src/p/new.py"
    (project / new).write_bytes(b"not committed\n")
    with pytest.raises(ValueError, match="overwritten by merge"):
        merge({NAME: CODE}, {NAME: FIXED, new: CODE})
    assert (project / NAME).read_bytes() == MINE
    assert (project / new).read_bytes() == b"not committed\n"


def test_a_tree_with_changes_is_refused(project: Path) -> None:
    (project / NEXT).write_bytes(CLASH)
    with pytest.raises(ValueError, match="not committed"):
        starter_fixes.merge_into_project("v1.0.0", ".copier-answers.yml")
    assert git(project, "status", "--short") == f" M {NEXT}\n"
