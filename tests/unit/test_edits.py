"""Which edits of a person an update has lost."""

from __future__ import annotations

import pytest
from project_tools import lost

BASE = b"a\nb\n"


@pytest.mark.parametrize(
    ("mine", "now", "expected"),
    [
        pytest.param(b"a\nmine\nb\n", b"a\nmine\nb\nnew\n", False, id="a line that is kept"),
        pytest.param(b"a\nmine\nb\n", b"a\nb\nnew\n", True, id="a line that is gone"),
        pytest.param(b"a\nm\nm\nb\n", b"a\nm\nb\n", True, id="one of two that are equal"),
        pytest.param(b"a\n", b"a\nb\nnew\n", False, id="a line that the user took out"),
        pytest.param(b"a\nmine\nb\n", None, True, id="a file that is gone"),
    ],
)
def test_an_edit_is_lost_where_a_line_of_it_is_nowhere(
    mine: bytes, now: bytes | None, expected: bool
) -> None:
    assert lost(mine, BASE, now) is expected
