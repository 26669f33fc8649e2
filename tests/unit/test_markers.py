"""The engine's markers agree with packaging's, the reference for PEP 508."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker
from support.template import ROOT
from wheels import SYSTEMS, environment

from env.markers import applies, release

PYTHONS = ["3.9", "3.10", "3.11", "3.12", "3.13", "3.14"]
FACTS = [environment(system, python) for system in SYSTEMS for python in PYTHONS]
TEXTS = ["linux", "win32", "darwin", "x86_64", "arm64", "CPython", "cpython", "nt", "posix"]

texts = st.builds(
    "{} {} '{}'".format,
    st.sampled_from(["sys_platform", "platform_machine", "os_name", "implementation_name"]),
    st.sampled_from(["==", "!=", "in", "not in"]),
    st.sampled_from(TEXTS),
)
versions = st.builds(
    "{} {} '{}'".format,
    st.sampled_from(["python_version", "python_full_version"]),
    st.sampled_from(["==", "!=", "<", "<=", ">", ">="]),
    st.sampled_from(["3.9", "3.11", "3.12.0", "3.13", "3.14.2", "4"]),
)
starred = st.builds(
    "python_full_version {} '3.1{}.*'".format, st.sampled_from(["==", "!="]), st.integers(0, 4)
)
markers = st.recursive(
    texts | versions | starred,
    lambda inner: (
        st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner)
        | st.builds("{} {} {}".format, inner, st.sampled_from(["and", "or"]), inner)
    ),
    max_leaves=6,
)


@given(marker=markers, facts=st.sampled_from(FACTS))
def test_any_marker_holds_exactly_where_packaging_says(marker: str, facts: dict[str, str]) -> None:
    assert applies(marker, facts) == Marker(marker).evaluate(facts)


def test_every_marker_of_the_catalogue_is_understood() -> None:
    lock = json.loads((ROOT / "catalogue" / "lock.json").read_text(encoding="utf-8"))
    found = {each["marker"] for closure in lock["closures"].values() for each in closure.values()}
    assert len(found) > 2
    for marker in found - {""}:
        for facts in FACTS:
            assert applies(marker, facts) == Marker(marker).evaluate(facts)


@pytest.mark.parametrize(
    "text", ["sys_platform", "sys_platform == ", "(os_name == 'nt'", "?", "'a' < 'b'"]
)
def test_what_is_no_marker_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="marker"):
        applies(text, FACTS[0])


def test_release_pads_and_cuts_off_what_comes_after_the_numbers() -> None:
    assert release("3.12.1rc1") == (3, 12, 1)
    assert release("3.12", 4) == (3, 12, 0, 0)
