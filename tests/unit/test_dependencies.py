"""Lists of dependencies merge by their entries, and what both sides have changed by nobody."""

from __future__ import annotations

import tomllib

import pytest
from dependencies import block, entries, joined, lists, merged_entries, put, without_doubles
from hypothesis import given
from hypothesis import strategies as st

ROWS = [
    # mine, base, theirs, merged; None is left to a person
    ("a b", "a b", "a b", "a b"),
    ("a b c", "a c", "a>=2 c", "a>=2 b c"),
    ("a b c", "a c", "a bb c", "a b bb c"),
    ("z a mine", "z a", "z new a", "z new a mine"),
    ("a", "a b", "a b", "a"),
    ("a b", "a b", "a", "a"),
    ("a own", "a b", "a", "a own"),
    ("a>=2", "a", "a>=2", "a>=2"),
    ("a>=2", "a", "a>=3", None),
    ("a", "a b", "a b>=2", None),
    ("a b>=2", "a b", "a", None),
    ("A_b.c", "a-b-c", "a-b-c", "A_b.c"),
    ("a;x", "a", "a", "a;x"),
    ("a;x a;y", "a;x a;y", "a;x a;y>2", "a;x a;y>2"),
    ("mine", "", "theirs", "mine theirs"),
]


def listed(words: str) -> str:
    return "".join(f'    "{word}",\n' for word in words.split())


def parsed(words: str) -> list[str]:
    read = entries(f"[\n{listed(words)}]", 1)
    assert read
    return [each.text.strip('"') for each in read.entries]


@pytest.mark.parametrize(("mine", "base", "theirs", "expected"), ROWS)
def test_what_one_side_changed_is_taken_from_it(
    mine: str, base: str, theirs: str, expected: str | None
) -> None:
    sides = [entries(f"[\n{listed(words)}]", 1) for words in (mine, base, theirs)]
    found = merged_entries(*(side.entries for side in sides if side))
    names = None if found is None else [each.text.strip('"') for each in found]
    assert names == (None if expected is None else expected.split())


NAMES = st.lists(st.sampled_from("abcdef"), unique=True)


@given(base=NAMES, added=NAMES, gone=NAMES, theirs=NAMES)
def test_nothing_is_invented_and_nothing_of_ones_own_is_lost(
    base: list[str], added: list[str], gone: list[str], theirs: list[str]
) -> None:
    own = [f"own-{name}" for name in added]
    mine = [name for name in base if name not in gone] + own
    sides = (entries(f"[\n{listed(' '.join(each))}]", 1) for each in (mine, base, theirs))
    found = merged_entries(*(side.entries for side in sides if side))
    assert found is not None
    names = [each.name for each in found]
    assert len(names) == len(set(names))
    expected = {*own, *(set(theirs) - set(base)), *(set(mine) & set(theirs))}
    assert set(names) == expected | (set(mine) - set(base))


PYPROJECT = """\
[project]
dependencies = [
    # for the pictures
    "pillow>=9", # not 8
    'numpy (>=1.20) ; python_version < "3.13"',
    # the last word
]

[[tool.uv.index]]
dependencies = ["no list of requirements"]

[dependency-groups]
dev = ["ruff", {include-group = "docs"}]
docs = []
"""


def test_comments_groups_and_all_else_stay() -> None:
    found = dict(lists(PYPROJECT))
    assert list(found) == [
        "project.dependencies",
        "dependency-groups.dev",
        "dependency-groups.docs",
    ]
    blocks = {key: block(each.entries, each.below) for key, each in found.items()}
    again = put(PYPROJECT, found, blocks)
    assert tomllib.loads(again) == tomllib.loads(PYPROJECT)
    for line in ("# for the pictures", '"pillow>=9", # not 8', "# the last word"):
        assert f"    {line}\n" in again


@pytest.mark.parametrize("odd", ['["a", 1]', '["""a"""]', '["a"', "[<<<<<<< before\n]"])
def test_what_is_no_list_of_requirements_is_left_alone(odd: str) -> None:
    assert entries(odd, 1) is None


THEIRS = '[tool.uv]\nexclude-newer = "7 days" # why\n'
OWN = '[tool.uv]\n# mine\nexclude-newer = "1 day"\n'


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ('[tool.uv]\nprerelease = "allow"\n', {"prerelease": "allow", "exclude-newer": "7 days"}),
        (OWN, {"exclude-newer": "1 day"}),
    ],
)
@pytest.mark.parametrize("own_first", [True, False])
def test_the_projects_table_and_a_new_one_of_the_template_become_one(
    own: str, expected: dict[str, str], own_first: bool
) -> None:
    others = "[tool.a]\nx = 1\n\n", "\n[tool.b]\nx = 2\n"
    both = (own, "\n[tool.poe]\nx = 3\n\n", THEIRS) if own_first else (THEIRS, "\n", own)
    text = joined("".join((others[0], *both, others[1])), f"{others[0]}{own}{others[1]}")
    found = tomllib.loads(text)["tool"]
    assert found["uv"] == expected
    assert (found["a"], found["b"]) == ({"x": 1}, {"x": 2})
    assert ("# mine" in text) == (own is OWN)


def test_one_table_is_left_as_it_is() -> None:
    assert joined(THEIRS, "") == THEIRS


def test_a_task_of_ones_own_stays_where_the_template_has_one_of_that_name() -> None:
    mine = '[a]\nx = "mine"\n\n[[b]]\nx = 1\n\n[[b]]\nx = 2\n'
    text = mine.replace("[a]\n", '[a]\nx = "template"\nz = 3\n')
    expected = mine.replace("[a]\n", "[a]\nz = 3\n")
    assert without_doubles(text, mine) == (expected, ['x = "template"\n'])
    assert without_doubles(mine, mine) == (mine, [])
