"""The question for a person's own requirements lets through what is one, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import InvalidRequirement, Requirement
from support.template import ROOT


@cache
def macros() -> Any:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(ROOT),
        extensions=["jinja2_ansible_filters.AnsibleCoreFiltersExtension"],
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("questions/requirements.jinja").module


def problem(text: str) -> str:
    """What the question says of an answer."""
    return str(macros().problem(text)).strip()


def lines(text: str) -> list[str]:
    """The requirements of an answer, as they are written into pyproject.toml."""
    found: list[str] = json.loads(str(macros().lines(text)))
    return found


SAID = {
    "numpy==1.26.x": "write ==1.26.*",
    "numpy>=1.20<2": "write a comma between them",
    "numpy>=1.26.*": "write >=1.26",
    "numpy<2.*": "write <2",
    "numpy~=1": "write ~=1.0",
    "numpy=1.26": "write ==1.26",
    "numpy>=1,": "`,` is not a bound",
    "numpy>=1.0+cpu": "`>=1.0+cpu` is not a bound",
    "numpy >=1.2 pandas": "another requirement on a line of its own",
    "numpy, pandas": "another requirement on a line of its own",
    "numpy; pandas": "what stands after `;` is not a condition",
    "numpy; python_version": "what stands after `;` is not a condition",
    "numpy; (os_name == 'nt'": "what stands after `;` is not a condition",
    "numpy;": "what stands after `;` is not a condition",
    "rich @ https://example.org/rich.whl": "it is an address",
    "-r old.txt": "it does not begin with a name",
    "1.26": "it does not begin with a name",
}


@pytest.mark.parametrize("text", SAID)
def test_what_is_wrong_is_said_with_how_it_is_written(text: str) -> None:
    assert problem(text).startswith(f"`{text}`: ")
    assert SAID[text] in problem(text)


numbers = st.integers(0, 99).map(str)
releases = st.lists(numbers, min_size=1, max_size=4).map(".".join)
epochs = st.sampled_from(["", "", "", "1!", "v"])
pre = st.sampled_from(["", "", "a1", "rc2", ".BETA-3", "_c", "alpha"])
post = st.sampled_from(["", "", ".post1", "-1", "_rev2", "r"])
dev = st.sampled_from(["", "", ".dev0", "dev", "-DEV7"])
local = st.sampled_from(["", "", "+cpu", "+cu12.8", "+a-1_b"])
versions = st.tuples(epochs, releases, pre, post, dev).map("".join)
spaces = st.sampled_from(["", "", " "])
bounds = st.one_of(
    st.tuples(st.sampled_from(["<=", ">=", "<", ">", "~="]), spaces, versions),
    st.tuples(st.sampled_from(["==", "!="]), spaces, versions, local),
    st.tuples(st.sampled_from(["==", "!="]), spaces, epochs, releases, st.just(".*")),
).map("".join)
exact = st.tuples(st.just("==="), spaces, versions, local).map("".join)
names = st.from_regex(r"[A-Za-z]([A-Za-z0-9._-]{0,8}[A-Za-z0-9])?", fullmatch=True)
extras = st.lists(names, max_size=2).map(lambda found: f"[{', '.join(found)}]" if found else "")
comparisons = st.one_of(
    st.tuples(
        st.sampled_from(["python_version ", "python_full_version"]),
        st.sampled_from(["<", "<=", ">", ">=", "==", "!="]),
        st.sampled_from([" '3.12'", '"3.9"', "'3.13.1'"]),
    ),
    st.tuples(
        st.sampled_from(["sys_platform ", "platform_machine ", "os_name ", "platform_system "]),
        st.sampled_from(["== ", "!=", "in ", "not  in "]),
        st.sampled_from(["'linux'", '"win32 darwin"']),
    ),
    st.just(("'linux' in sys_platform",)),
).map("".join)
markers = st.recursive(
    comparisons,
    lambda inner: (
        st.tuples(inner, st.sampled_from([" and ", " or "]), inner).map("".join)
        | inner.map(lambda text: f"({text})")
    ),
    max_leaves=4,
)
conditions = st.one_of(st.just(""), markers.map(lambda text: f" ; {text}"))
requirements = st.tuples(
    names, extras, spaces, st.lists(bounds, max_size=3).map(", ".join) | exact, conditions
).map("".join)


def parsed(line: str) -> bool:
    """Whether it is a requirement for `packaging`."""
    try:
        Requirement(line)
    except InvalidRequirement:
        return False
    return True


@settings(deadline=None, max_examples=150)
@given(requirements)
def test_a_plain_requirement_is_let_through_where_it_is_one(line: str) -> None:
    assert (problem(line) == "") is parsed(line)


WORDS = (
    "numpy a-b [x] == === ~= != >= <= < > = 1.0 1 1.26.* 2.x rc1 .post1 dev +cpu '3.9' \"linux\" "
)
WORDS += "python_version sys_platform and or not in [ ] ( ) , ; * . + - _ ! ' @ # ? \\ ü"
scraps = st.sampled_from(WORDS.split())
soups = st.lists(st.tuples(scraps, st.sampled_from(["", "", " ", "\n"])).map("".join), max_size=9)


@settings(deadline=None, max_examples=200)
@given(st.one_of(soups.map("".join), st.text(max_size=20)))
def test_nothing_is_let_through_that_is_none(text: str) -> None:
    if problem(text) == "":
        assert all(map(parsed, lines(text)))


@settings(deadline=None, max_examples=10)
@given(st.lists(requirements.filter(parsed), min_size=20, max_size=40))
def test_uv_takes_what_is_let_through(
    tmp_path_factory: pytest.TempPathFactory, found: list[str]
) -> None:
    place = tmp_path_factory.mktemp("place")
    named = [f"n{number}{line}" for number, line in enumerate(found)]
    asked = "".join(f"  {json.dumps(line)},\n" for line in named if problem(line) == "")
    text = f'[project]\nname = "x"\nversion = "1"\ndependencies = [\n{asked}]\n'
    (place / "pyproject.toml").write_text(text)
    uv = Path(sys.executable).with_name("uv")
    words = ["add", "--frozen", "--offline", "--quiet", "--", "one-more"]
    environ = {"HOME": str(place), "UV_PYTHON": sys.executable, "UV_PYTHON_DOWNLOADS": "never"}
    done = subprocess.run(
        [uv, *words], cwd=place, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
