"""docs/errors.md has every message of the engine, and each error tells what happened and helps."""

from __future__ import annotations

import ast
import re

import errors
import messages
import pytest
from docs.pages import text
from managers import test_mends as of_conda
from project import test_builds as of_builds
from project import test_mends as of_all
from support.mends import known, named

ROWS = errors.error_rows(messages.messages())
# A sentence begins with a capital, a word in brackets, or a name that is written small.
BEGINS = r"([A-Z⟨.]|uv |pip |[\w/.-]+\.(cfg|txt|yml|lock|toml) )"
ENDS = r"(\.|`|⟨command⟩|⟨difference⟩)"  # a difference is a sentence with its own full stop
ACTIONS = {"Bring", "Go", "Mend", "Move", "Name", "Remove", "Set"}


@pytest.fixture(params=ROWS, ids=lambda row: f"{row.where}: {row.happened[:40]}")
def row(request: pytest.FixtureRequest) -> errors.Row:
    found: errors.Row = request.param
    return found


def test_the_page_is_what_the_program_writes() -> None:
    assert text("docs/errors.md") == errors.page(), "run: make pages"


def test_every_error_in_the_code_is_on_the_page() -> None:
    raised = set()
    for file in messages.ENGINE.rglob("*.py"):
        parts = file.relative_to(messages.ENGINE).with_suffix("").parts
        module = ".".join(part for part in parts if part != "__init__")
        for function in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
                calls = [each for each in ast.walk(function) if isinstance(each, ast.Call)]
                names = {ast.unparse(each.func).rpartition(".")[2] for each in calls}
                if names & set(errors.ERRORS):
                    raised.add(f"{module}.{function.name}")
    assert raised
    assert raised <= {row.where for row in ROWS}


def test_an_error_says_what_happened_in_a_whole_sentence(row: errors.Row) -> None:
    assert re.fullmatch(f"{BEGINS}.*{ENDS}", row.happened)


def test_an_error_says_what_to_do_in_a_whole_sentence(row: errors.Row) -> None:
    assert re.fullmatch(f"[A-Z].*{ENDS}", row.mend)


def test_an_error_names_a_command_or_an_action(row: errors.Row) -> None:
    command = re.search(r"`[^`]+ [^`]+`|⟨command⟩|`⟨the same command⟩`", row.mend)
    assert command or row.mend.split()[0] in ACTIONS


def test_every_message_is_made_to_happen_and_mended_or_a_reason_stands_there() -> None:
    """A row is a few lines: see tests/project/test_mends.py."""
    rows = [named(row).text for row in of_all.ROWS + of_builds.ROWS + of_conda.ROWS]
    reasons = [next(m.text for m in known() if m.text.startswith(x)) for x in of_all.UNREACHED]
    assert sorted(rows + reasons) == sorted(message.text for message in known())
