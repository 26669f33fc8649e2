"""docs/checks.md says what the tools really report: each of its rows is made again."""

from __future__ import annotations

from pathlib import Path

import pytest
from docs.pages import rows, text
from support.other_tools import OURS, ROWS, look, prepared, table

PAGE = {name: cells for name, *cells in rows(text("docs/checks.md"))}


@pytest.mark.thorough
@pytest.mark.parametrize("name", ROWS)
def test_every_tool_reports_what_its_row_says(name: str, tmp_path: Path) -> None:
    with prepared(tmp_path) as (project, wheelhouse):
        assert look(project, wheelhouse, ROWS[name]) == PAGE[name], "run: make pages"


def test_the_table_has_these_rows_and_counts_them() -> None:
    assert table({name: PAGE[name] for name in ROWS}) in text("docs/checks.md")


def test_check_reports_every_difference_and_nothing_in_a_clean_environment() -> None:
    clean, *others = (PAGE[name][-len(OURS) :] for name in ROWS)
    assert clean == ["", ""]
    assert all(in_full for _, in_full in others)
