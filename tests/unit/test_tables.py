"""Tables of TOML as they are written: each line stays, whatever is added."""

from __future__ import annotations

import pytest
from tables import Unmergeable, prove, tables, with_keys, without_dynamic


def test_a_file_that_would_lose_something_is_refused() -> None:
    with pytest.raises(Unmergeable, match=r"the key tool\.a"):
        prove("[tool]\na = 1\n", "[tool]\nb = 1\n", changed=())


def test_what_a_build_does_not_make_stays_as_it_is() -> None:
    theirs = '[project]\nname = "x"\ndynamic = ["version", "dependencies"]\n'
    assert without_dynamic(theirs, "nothing") == theirs


def test_a_key_comes_to_the_end_of_its_table() -> None:
    (table,) = tables("[a]\nx = 1\ny = [\n    2,\n]\n")
    text = "[a]\nz = 3 # theirs\n\n# of b\n[b]\n"
    assert with_keys(text, table, {"y"}) == (
        "[a]\nz = 3 # theirs\ny = [\n    2,\n]\n\n# of b\n[b]\n"
    )
