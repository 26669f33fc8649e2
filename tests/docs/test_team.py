"""A team's copy, made its own as docs/teams.md says, leaves the tests and `poe lint` green."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.template import ROOT, git

pytestmark = [pytest.mark.weekly, pytest.mark.timeout(1800)]

QUESTION = """
team:
  type: str
  help: Which team owns it? A name that others can ask for.
  default: research
  validator: "{% if not team.strip() %}Please name a team: its projects say whom to ask.{% endif %}"
"""
OURS = (
    '  - {name: humanize, group: Data, require: "humanize>=4", import: humanize, '
    'summary: "numbers and dates in words"}\n'
)
OWNED = "<!-- Owned by the template -->\nAsk {{ team }}.\n"
TESTS = (
    "tests/render/test_files.py", "tests/render/test_ownership.py", "tests/unit/test_catalogue.py",
    "tests/unit/test_catalogue_tools.py", "tests/render/test_builds.py",
    "tests/unit/test_questions.py", "tests/unit/test_release.py", "tests/docs/test_reference.py",
)  # fmt: skip
"""Those that hold what a team changes; the others do not read it."""


def edit(root: Path, name: str, pattern: str, new: str) -> None:
    text = (root / name).read_text(encoding="utf-8")
    text, found = re.subn(pattern, lambda _: new, text, count=1, flags=re.MULTILINE)
    assert found, f"{name}: {pattern}"
    (root / name).write_text(text, encoding="utf-8")


def does(root: Path, *argv: str) -> None:
    done = subprocess.run(argv, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]


def test_a_copy_with_changes_of_its_own_is_green_and_can_be_released(tmp_path: Path) -> None:
    root = tmp_path / "seedbed"
    git(tmp_path, "clone", "--quiet", str(ROOT), str(root))
    edit(root, "catalogue/libraries.yml", r"^  - \{name: polars,.*\n", OURS)
    retired = 'retired: {libraries: [{name: polars, require: "polars>=0.20"}], frameworks: {}}'
    edit(root, "catalogue/libraries.yml", r"^retired: .*$", retired)
    edit(root, "catalogue/libraries.yml", r"\[pandas, polars, ", "[pandas, ")
    edit(
        root,
        "template/pyproject.toml.jinja",
        "line-length = 100",
        'line-length = 88\nformat.exclude = ["src/*/_[!_]*.py"]',
    )
    (root / "template" / "OWNERS.md.jinja").write_text(OWNED, encoding="utf-8")
    with (root / "questions" / "project.yml").open("a", encoding="utf-8") as file:
        file.write(QUESTION)
    edit(root, "tests/render/test_files.py", r'"README\.md",$', '"README.md", "OWNERS.md",')
    number = re.search(r"\(tree\(plain\)\) <= (\d+)", (root / TESTS[0]).read_text(encoding="utf-8"))
    assert number
    edit(root, TESTS[0], r"\(tree\(plain\)\) <= \d+", f"(tree(plain)) <= {int(number[1]) + 1}")
    edit(root, "CHANGELOG.md", "^## Unreleased$", "## 1.1.0 - 2026-12-01")
    does(root, "make", "lock")
    does(root, "make", "pages")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "Make it ours")
    does(root, sys.executable, "-m", "pytest", "-q", "-m", "not weekly", *TESTS)
    does(root, sys.executable, "tools/release.py", "tag", "1.1.0")
    assert git(root, "tag").split() == ["v1.1.0"]
