"""What README says of other ways is what was measured."""

from __future__ import annotations

from docs.pages import rows, section, text


def test_the_rows_of_the_readme_are_those_of_the_page() -> None:
    known = {cells[0]: cells for cells in rows(text("docs/comparison.md"))}
    shown = rows(section("README.md", "Is it for you?"))
    assert len(shown) == 10
    for cells in shown:
        assert cells == known[cells[0]]


def test_our_own_noes_are_among_them() -> None:
    assert sum(cells[1] == "**no**" for cells in rows(section("README.md", "Is it for you?"))) >= 4
