"""What the starter takes, says and promises, in a real project: tests/starter runs inside it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from support.engine import MINOR, Tiny
from support.real import cached_environ, copied, inside
from support.template import ROOT, git, tree

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def project(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    place = tmp_path_factory.mktemp("starter")
    (place / "home").mkdir()
    environ = cached_environ(place / "home", OMP_NUM_THREADS="1")
    answers = {"python_version": MINOR, "libraries": ["pyarrow"], "package_name": "own"}
    made = copied(template, place / "my-project", environ, **answers)
    git(made.root, "commit", "--quiet", "--message", "first")
    return made


@pytest.mark.parametrize("about", ["tables", "runs"])
def test_tables_are_taken_or_refused_in_words_and_runs_go_on(
    about: str, project: Tiny, tmp_path: Path
) -> None:
    checks = shutil.copytree(ROOT / "tests" / "starter", tmp_path / "checks")
    project.environ.update(STARTER="own", PROJECT=str(project.root))
    words = ["-v", "-p", "no:cacheprovider", "--rootdir", str(checks), "-c", "/dev/null"]
    where = ["-o", "faulthandler_timeout=120"]  # one that hangs says in which line
    inside(project, "python", "-m", "pytest", *words, *where, str(checks / f"check_{about}.py"))


def test_a_run_is_reproduced_and_compared_and_nothing_is_touched(project: Tiny) -> None:
    short = ["model.rounds=10", "model.threads=1"]
    module = project.root / "src" / "own" / "more.py"
    module.write_text("FACTOR = 2.0\n", encoding="utf-8")
    data = project.root / "src" / "own" / "data.py"
    text = data.read_text(encoding="utf-8")
    change = 'table["more"] = table["pixel_0_2"] * FACTOR\n    return table'
    text = text.replace("    return table\n", f"    from .more import FACTOR\n\n    {change}\n", 1)
    data.write_text(text, encoding="utf-8")
    inside(project, "poe", "-q", "train", *short)
    (run,) = (project.root / "runs").glob("*-seed0")
    assert "FACTOR = 2.0" in (run / "changes.patch").read_text(encoding="utf-8")
    assert "more" in json.loads((run / "schema.json").read_text(encoding="utf-8"))["columns"]
    git(project.root, "checkout", "--", "src")
    module.unlink()
    before = tree(project.root)

    said = inside(project, "poe", "-q", "reproduce", run.name)
    assert said.endswith("\nthe same figures\n")
    assert tree(project.root) == before
    assert git(project.root, "worktree", "list").count("\n") == 1
    assert git(project.root, "status", "--short") == ""

    inside(project, "poe", "-q", "train", *short, "seed=1")
    table = inside(project, "poe", "-q", "compare", "--html")
    head, *rows = table.splitlines()
    assert head.split()[:3] == ["run", "seed", "accuracy"]
    assert [row.split()[1] for row in rows[:2]] == ["0", "1"]
    narrow = project.run("run", "--", "poe", "-q", "compare", COLUMNS="80").stdout.splitlines()
    assert max(map(len, narrow)) <= 80
    cells, left = narrow[0].split(), narrow[-1].removeprefix("not shown: ").split(", ")
    assert [*cells, *left] == head.split()
    page = (project.root / "runs" / "compare.html").read_text(encoding="utf-8")
    assert run.name in page
    assert "http" not in page


def test_a_report_is_one_file(project: Tiny) -> None:
    inside(project, "poe", "-q", "train", "model.rounds=10", "model.threads=1")
    newest = max((project.root / "runs").glob("*-seed*"))
    page = (newest / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == 1
    assert "http" not in page
    assert json.loads((newest / "run.json").read_text("utf-8"))["lock"]["sha256"] in page
    assert ">test<" not in page
    inside(project, "poe", "-q", "evaluate", newest.name)
    assert ">test<" in (newest / "report.html").read_text(encoding="utf-8")
