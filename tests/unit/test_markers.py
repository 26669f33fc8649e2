"""The engine's markers and versions agree with packaging's, the reference for PEP 508 and 440."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from packaging.markers import Marker, UndefinedComparison
from packaging.utils import canonicalize_version
from support.template import ROOT
from wheels import SYSTEMS, environment

from env.markers import SYSTEMS as LOCKED
from env.markers import applies, facts_of, release, same_version, within

PYTHONS = ["3.9", "3.10", "3.11", "3.12", "3.13", "3.14"]
FACTS = [environment(system, python) for system in SYSTEMS for python in PYTHONS]
NAMES = [name for name in FACTS[0] if name != "extra"]
TEXTS = ["linux", "win32", "darwin", "x86_64", "arm64", "CPython", "cpython", "nt", "posix", ""]
TEXTS += ["5.10.0-30-amd64", "22", "6.8.0", "#1 SMP Debian 5.10", "10.0.19045"]
OPERATORS = ["==", "!=", "<", "<=", ">", ">=", "~=", "===", "in", "not in"]

numbers = st.integers(0, 30)
parts = st.lists(numbers, min_size=1, max_size=4).map(lambda found: ".".join(map(str, found)))
versions = st.builds(
    "{}{}{}{}{}{}".format,
    st.sampled_from(["", "", "1!", "v"]),
    parts,
    st.sampled_from(["", "", "a1", ".beta-2", "RC", "_preview03", "c0"]),
    st.sampled_from(["", "", ".post1", "-2", "rev", "_r05"]),
    st.sampled_from(["", "", ".dev3", "-dev"]),
    st.sampled_from(["", "", "+cpu", "+Ubuntu-01.a", "+1"]),
)
values = st.one_of(versions, parts.map("{}.*".format), st.sampled_from(TEXTS + PYTHONS))
comparisons = st.builds(
    lambda turned, name, op, value: (
        f"'{value}' {op} {name}" if turned else f"{name} {op} '{value}'"
    ),
    st.booleans(),
    st.sampled_from(NAMES),
    st.sampled_from(OPERATORS),
    values,
)
markers = st.recursive(
    comparisons,
    lambda inner: (
        st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner)
        | st.builds("{} {} {}".format, inner, st.sampled_from(["and", "or"]), inner)
    ),
    max_leaves=5,
)
facts = st.builds(
    lambda facts, some: {**facts, **some},
    st.sampled_from(FACTS),
    st.dictionaries(st.sampled_from(["platform_release", "implementation_version"]), values),
)


def of(version: str) -> dict[str, str]:
    return {**FACTS[0], "implementation_version": version}


@settings(max_examples=400)
@given(marker=markers, facts=facts)
@example(marker="implementation_version > '1.0'", facts=of("1.0+1"))
@example(marker="implementation_version > '1.0'", facts=of("1.0.post1"))
@example(marker="implementation_version > '1.0.post1'", facts=of("1.0.post2"))
@example(marker="implementation_version < '1.0'", facts=of("1.0rc1"))
@example(marker="implementation_version < '1.0rc2'", facts=of("1.0rc1"))
@example(marker="implementation_version > '1.0.dev1'", facts=of("1.0"))
@example(marker="implementation_version >= '1.0.dev2'", facts=of("1.0.dev1"))
def test_any_marker_holds_exactly_where_packaging_says(marker: str, facts: dict[str, str]) -> None:
    try:
        expected = Marker(marker).evaluate(facts)
    except UndefinedComparison:
        with pytest.raises(ValueError, match="not a marker"):
            applies(marker, facts)
    else:
        assert applies(marker, facts) == expected


@settings(max_examples=400)
@given(a=values, b=values)
def test_versions_are_one_exactly_where_packaging_says(a: str, b: str) -> None:
    for other in (b, canonicalize_version(a)):
        assert same_version(a, other) == (canonicalize_version(a) == canonicalize_version(other))


def test_every_marker_of_the_catalogue_is_understood() -> None:
    lock = json.loads((ROOT / "catalogue" / "lock.json").read_text(encoding="utf-8"))
    found = {each["marker"] for closure in lock["closures"].values() for each in closure.values()}
    assert len(found) > 2
    for marker in found - {""}:
        for facts in FACTS:
            assert applies(marker, facts) == Marker(marker).evaluate(facts)


@pytest.mark.parametrize(
    "text",
    ["sys_platform", "sys_platform == ", "(os_name == 'nt'", "?", "'a' < 'b'", "os_name ~= 'nt'"],
)
def test_what_is_no_marker_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="marker"):
        applies(text, FACTS[0])


def test_release_pads_and_cuts_off_what_comes_after_the_numbers() -> None:
    assert release("3.12.1rc1") == (3, 12, 1)
    assert release("3.12", 4) == (3, 12, 0, 0)


SYSTEMS_4 = (
    "((os_name == 'nt' and sys_platform == 'win32') or (os_name == 'posix' and "
    "(sys_platform == 'darwin' or sys_platform == 'linux')))"
)
SHORTER = {
    "all of it": (f"python_full_version < '3.14' and {SYSTEMS_4}", ""),
    "a bracket that the rest implies": (f"sys_platform == 'win32' and {SYSTEMS_4}",
        "sys_platform == 'win32'"),
    "nothing for one system": ("platform_machine == 'x86_64' and sys_platform == 'linux'",
        "platform_machine == 'x86_64' and sys_platform == 'linux'"),
    "nothing of an or": ("sys_platform == 'win32' or python_version < '3.14'", ""),
    "nothing that a patch decides": ("python_full_version < '3.13.4' and os_name != 'x'",
        "python_full_version < '3.13.4'"),
    "nor of another Python": ("'3.13.4' <= python_full_version and (os_name == 'nt')",
        "'3.13.4' <= python_full_version and (os_name == 'nt')"),
    "nor the first patch alone": ("python_full_version <= '3.13'", "python_full_version <= '3.13'"),
    "the same once": ("os_name == 'nt' and os_name == 'nt'", "os_name == 'nt'"),
}  # fmt: skip


@pytest.mark.parametrize(("marker", "expected"), SHORTER.values(), ids=SHORTER)
def test_a_marker_says_only_what_the_places_differ_in(marker: str, expected: str) -> None:
    assert within(marker, [facts_of(system, "3.13") for system in LOCKED]) == expected


@given(markers)
def test_a_shorter_marker_means_the_same_in_each_place(marker: str) -> None:
    places = [facts_of(system, "3.13") for system in LOCKED]
    try:
        before = [applies(marker, facts) for facts in places]
    except ValueError:
        return
    shorter = within(marker, places)
    assert [applies(shorter, facts) for facts in places] == before
