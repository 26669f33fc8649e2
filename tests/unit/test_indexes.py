"""What pip is told of packages' sources counts for uv, and the other way round."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from env import indexes
from env.indexes import of_this_project
from env.project import LOCAL

HERE, THERE = "https://packages.company.example/simple", "https://more.company.example/simple"
NO_FILES = {"PIP_CONFIG_FILE": os.devnull, "HOME": "/nowhere"}


def shared(**variables: str) -> dict[str, str]:
    """What is added to some variables on a machine without configuration files."""
    told = indexes.shared({**NO_FILES, **variables})
    return {key: told[key] for key in told.keys() - NO_FILES.keys() - variables.keys()}


@pytest.mark.parametrize(
    ("given", "added"),
    [
        ({}, {}),
        ({"PIP_INDEX_URL": HERE}, {"UV_DEFAULT_INDEX": HERE}),
        ({"UV_DEFAULT_INDEX": HERE}, {"PIP_INDEX_URL": HERE}),
        ({"UV_DEFAULT_INDEX": f"company={HERE}"}, {"PIP_INDEX_URL": HERE}),
        ({"UV_INDEX_URL": HERE}, {"PIP_INDEX_URL": HERE}),
        ({"PIP_INDEX_URL": HERE, "UV_DEFAULT_INDEX": THERE}, {}),
        ({"PIP_INDEX_URL": HERE, "UV_INDEX_URL": THERE}, {}),
        ({"PIP_EXTRA_INDEX_URL": f"{HERE}\n{THERE}"}, {"UV_INDEX": f"{HERE} {THERE}"}),
        ({"UV_INDEX": f"a={HERE} b={THERE}"}, {"PIP_EXTRA_INDEX_URL": f"{HERE} {THERE}"}),
        ({"PIP_FIND_LINKS": "/mnt/a /mnt/b"}, {"UV_FIND_LINKS": "/mnt/a,/mnt/b"}),
        ({"UV_FIND_LINKS": "/mnt/a,/mnt/b"}, {"PIP_FIND_LINKS": "/mnt/a /mnt/b"}),
        ({"PIP_CERT": "/company.pem"}, {"SSL_CERT_FILE": "/company.pem"}),
        (
            {"REQUESTS_CA_BUNDLE": "/company.pem"},
            {"PIP_CERT": "/company.pem", "SSL_CERT_FILE": "/company.pem"},
        ),
        ({"PIP_PROXY": "http://proxy:3128"}, {"ALL_PROXY": "http://proxy:3128"}),
        ({"PIP_PROXY": "http://proxy:3128", "ALL_PROXY": "http://other:1"}, {}),
        ({"ALL_PROXY": "http://proxy:3128"}, {}),
        ({"PIP_CONSTRAINT": "/a /b"}, {"UV_CONSTRAINT": "/a /b"}),
        ({"UV_REQUIRE_HASHES": "1"}, {}),
        ({"PIP_REQUIRE_HASHES": "true"}, {"UV_REQUIRE_HASHES": "1"}),
        ({"PIP_REQUIRE_HASHES": "0"}, {}),
        ({"PIP_ONLY_BINARY": ":all:"}, {"UV_NO_BUILD": "1"}),
        ({"PIP_ONLY_BINARY": ":none:"}, {}),
        ({"PIP_ONLY_BINARY": "b,a"}, {"UV_NO_BUILD_PACKAGE": "a b"}),
        ({"PIP_ONLY_FINAL": ":all:"}, {"UV_PRERELEASE": "disallow"}),
    ],
)
def test_each_is_told_what_the_other_was_told(given: dict[str, str], added: dict[str, str]) -> None:
    assert shared(**given) == added


def test_the_build_constraints_of_both_hold_together() -> None:
    told = indexes.shared({"UV_BUILD_CONSTRAINT": "/a", "PIP_BUILD_CONSTRAINT": "b", **NO_FILES})
    assert told["UV_BUILD_CONSTRAINT"] == f"/a {Path.cwd() / 'b'}"


def configure(home: Path, name: str, text: str) -> dict[str, str]:
    path = home / ".config" / name
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return indexes.shared({"HOME": str(home), "XDG_CONFIG_DIRS": str(home)})


def test_of_pips_file_sources_are_taken_and_nothing_else(tmp_path: Path) -> None:
    text = f"[global]\nindex-url = {HERE}\ntarget = /nowhere\n[install]\nuser = true\n"
    told = configure(tmp_path, "pip/pip.conf", text)
    assert told["PIP_INDEX_URL"] == told["UV_DEFAULT_INDEX"] == HERE
    assert not {"PIP_TARGET", "PIP_USER"} & told.keys()


def test_what_a_machines_file_adds_to_the_index_stays_pips_own(tmp_path: Path) -> None:
    """uv would look there first, and the lock would differ from that of other machines."""
    told = configure(tmp_path, "pip/pip.conf", f"[global]\nextra-index-url = {HERE}\n")
    assert told["PIP_EXTRA_INDEX_URL"] == HERE
    assert "UV_INDEX" not in told


def test_where_no_index_may_be_asked_its_wheels_on_disk_count(tmp_path: Path) -> None:
    text = "[global]\nno_index = yes\nfind_links = /mnt/wheels\n"
    told = configure(tmp_path, "pip/pip.conf", text)
    assert indexes.no_index(told)
    assert told["UV_FIND_LINKS"] == "/mnt/wheels"


def test_a_file_that_cannot_be_read_says_nothing(tmp_path: Path) -> None:
    told = configure(tmp_path, "pip/pip.conf", "index-url without a section\n")
    assert "PIP_INDEX_URL" not in told


def test_a_login_is_hidden_wherever_it_stands() -> None:
    line = "fetching https://me:secret@host/simple and http://token@other/x, not a@b.example"
    hidden = "fetching https://****@host/simple and http://****@other/x, not a@b.example"
    assert indexes.without_login(line) == hidden


@given(
    name=st.text("ab1.-_%@", min_size=1),
    password=st.text("xyz0@:/#%?&=+,;!$*()~", min_size=1),
    host=st.sampled_from(["host", "host:8080", "[::1]:80"]),
    scheme=st.sampled_from(["https", "git+https", "HTTP", "ftp"]),
)
def test_no_password_is_printed_whatever_is_in_it(
    name: str, password: str, host: str, scheme: str
) -> None:
    secret = f"<{password}>"
    hidden = indexes.without_login(f"at {scheme}://{name}:{secret}@{host}/simple, trying again")
    assert secret not in hidden
    told = indexes.host({"UV_DEFAULT_INDEX": f"{scheme}://{name}:{secret}@{host}/simple"})
    assert not told or password not in told or password in host
    assert hidden.startswith(f"at {scheme}://****")
    assert hidden.endswith(" trying again")


@given(value=st.text("xyz0@:/%&=+,;!$*~", min_size=1))
def test_nor_a_token_behind_a_question_mark(value: str) -> None:
    hidden = indexes.without_login(f"at https://host/x.whl?token=k{value}k#sha256=ab.")
    assert f"k{value}k" not in hidden
    assert hidden.endswith("#sha256=ab.")


@pytest.mark.parametrize(
    "line",
    [
        "https://host:8080/simple/x@1.0/", "https://host/a:b@c", "git@host:team/x", "git+ssh://git@host/x",
        "https://[::1]:80/simple", "x @ file:///home/a@b/x.whl", "http://host:80",
    ],
)  # fmt: skip
def test_an_address_without_a_secret_stays(line: str) -> None:
    assert indexes.without_login(line) == line


@pytest.mark.parametrize(
    ("text", "environ", "expected"),
    [
        ("index = https://a.test/simple\n", {}, {"UV_DEFAULT_INDEX": "https://a.test/simple"}),
        ("# none\n", {}, {}),
        ("index = https://a.test/simple\n", {"PIP_INDEX_URL": "https://b.test"}, {}),
        ("index = https://a.test/simple\n", {"UV_DEFAULT_INDEX": ""},
         {"UV_DEFAULT_INDEX": "https://a.test/simple"}),
        (None, {}, {}),
    ],
)  # fmt: skip
def test_a_machines_own_index_counts_where_no_variable_names_one(
    text: str | None, environ: dict[str, str], expected: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "tools").mkdir()
    if text is not None:
        (tmp_path / LOCAL).write_text(text)
    assert of_this_project(tmp_path, environ) == expected
