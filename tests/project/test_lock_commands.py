"""`lock`, `add` and `remove`: dependencies change together with their lock, or not at all."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from support.engine import Tiny
from support.template import tree
from support.wheels import Wheel, wheel

PYPROJECT = """\
# A comment that must stay.
[project]
name = "tiny"  # so must this one
version = "0.1.0"
requires-python = ">=3.9"
dependencies = [
    "beta",  # and this
]

[dependency-groups]
dev = ["gamma"]

[tool.other]
"odd key" = { x = 1 }
"""


@pytest.fixture
def asking(project: Tiny, wheelhouse: Path) -> Tiny:
    """A project with direct dependencies, locked: beta (and so alpha), gamma to develop."""
    wheel(wheelhouse, "gamma", "1.0")
    (project.root / "pyproject.toml").write_text(PYPROJECT)
    settings = project.root / "tools" / "env.cfg"
    settings.write_text(settings.read_text().replace("requirements.txt", "requirements-dev.txt"))
    (project.root / "requirements.txt").unlink()
    done = project.run("lock")
    assert done.returncode == 0, done.stderr
    return project


def pins(project: Tiny, lock: str = "requirements-dev.txt") -> list[str]:
    lines = (project.root / lock).read_text().splitlines()
    return [line.split()[0] for line in lines if "==" in line]


def test_both_locks_are_written_with_the_same_versions(asking: Tiny) -> None:
    assert pins(asking) == ["alpha==1.0", "beta==2.0", "gamma==1.0"]
    assert pins(asking, "requirements.txt") == ["alpha==1.0", "beta==2.0"]


def test_a_name_may_be_spelt_in_another_way(asking: Tiny, wheelhouse: Path) -> None:
    wheel(wheelhouse, "alpha", "1.1")
    assert "alpha 1.0 -> 1.1" in asking.run("lock", "--upgrade", "Alpha").stderr


def test_todays_pins_are_kept_until_told(asking: Tiny, wheelhouse: Path) -> None:
    wheel(wheelhouse, "alpha", "1.1")
    wheel(wheelhouse, "gamma", "1.1")
    assert "up to date" in asking.run("lock").stderr
    done = asking.run("lock", "--upgrade", "alpha")
    assert "alpha 1.0 -> 1.1" in done.stderr
    assert pins(asking) == ["alpha==1.1", "beta==2.0", "gamma==1.0"]
    asking.run("lock", "--upgrade")
    assert pins(asking) == ["alpha==1.1", "beta==2.0", "gamma==1.1"]


def test_whether_all_is_locked_is_said_and_nothing_resolved(asking: Tiny) -> None:
    done = asking.run("lock", "--check")
    assert (done.returncode, done.stdout) == (0, "requirements-dev.txt is up to date\n")
    path = asking.root / "pyproject.toml"
    path.write_text(path.read_text().replace('"gamma"', '"gamma>=1"'))
    before = tree(asking.root)
    done = asking.run("lock", "--check")
    assert done.returncode == 1
    assert "tools/env lock\n" in done.stdout
    assert tree(asking.root) == before
    assert asking.run("lock").returncode == 0
    assert asking.run("lock", "--check").returncode == 0


def test_the_constraints_of_both_programs_are_kept(
    asking: Tiny, wheelhouse: Path, tmp_path: Path
) -> None:
    for name in ("alpha", "gamma"):
        wheel(wheelhouse, name, "1.1")
        (tmp_path / f"{name}.txt").write_text(f"{name}<1.1\n")
    rules = {"UV_CONSTRAINT": str(tmp_path / "alpha.txt"), "PIP_CONSTRAINT": "../gamma.txt"}
    done = asking.run("lock", "--upgrade", **rules)
    assert done.returncode == 0, done.stderr
    assert pins(asking) == ["alpha==1.0", "beta==2.0", "gamma==1.0"]
    assert str(tmp_path) not in (asking.root / "requirements-dev.txt").read_text()


def test_preferred_pins_go_before_todays(asking: Tiny, wheelhouse: Path, tmp_path: Path) -> None:
    newer = wheel(wheelhouse, "alpha", "1.1")
    (tmp_path / "blessed.txt").write_text(newer.line)
    asking.run("lock", "--prefer", str(tmp_path / "blessed.txt"))
    assert pins(asking) == ["alpha==1.1", "beta==2.0", "gamma==1.0"]


def test_adding_edits_locks_and_installs(asking: Tiny, wheelhouse: Path) -> None:
    wheel(wheelhouse, "delta", "3.0")
    done = asking.run("add", "delta>=3")
    assert done.returncode == 0, done.stderr
    assert "delta 3.0 (new)" in done.stderr
    assert "delta==3.0" in pins(asking, "requirements.txt")
    text = (asking.root / "pyproject.toml").read_text()
    assert '    "delta>=3",\n' in text
    for line in PYPROJECT.splitlines():
        assert line in text
    assert (asking.site / "delta").is_dir()
    assert asking.codes() == []


NASTY = """\
# écrit à la main 🌱, without a newline at the end
[ project ]
"name"="tiny"#
version = '0.1.0'
requires-python = ">=3.9"
dependencies = [ 'beta', # "not", ['a'] = "dependency"
  # "gamma",
]   # after
optional-dependencies.extra = ["alpha"]
[dependency-groups]
"dev" = [{include-group = "more"},
"gamma"]
more = []
[tool.other]
text = \'\'\'
dependencies = ["none of these"]
\'\'\'
[[tool.other.list]]
x = 1"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_of_a_nasty_pyproject_only_the_arrays_change(
    asking: Tiny, wheelhouse: Path, newline: str
) -> None:
    path = asking.root / "pyproject.toml"
    path.write_bytes(NASTY.replace("\n", newline).encode())
    wheel(wheelhouse, "delta", "3.0")
    for words in (["add", "delta>=3"], ["add", "--dev", "delta"], ["remove", "delta"]):
        done = asking.run(*words)
        assert done.returncode == 0, done.stderr
    after = path.read_bytes().decode()
    assert after.count("\n") == after.count(newline)
    begin, end = NASTY.index("dependencies = ["), NASTY.index("optional")
    group, more = NASTY.index('"dev" = ['), NASTY.index("more = []")
    for part in (NASTY[:begin], NASTY[end:group], NASTY[more:]):
        assert part.replace("\n", newline) in after
    for comment in ('# "not", [\'a\'] = "dependency"', '# "gamma",', "]   # after"):
        assert comment in after
    told = tomllib.loads(after)
    assert told["project"]["dependencies"] == ["beta"]
    assert told["dependency-groups"]["dev"] == [{"include-group": "more"}, "delta", "gamma"]


def test_removing_edits_locks_and_prunes(asking: Tiny) -> None:
    asking.sync()
    done = asking.run("remove", "beta")
    assert done.returncode == 0, done.stderr
    assert pins(asking) == ["gamma==1.0"]
    assert not (asking.site / "alpha").exists()
    assert asking.codes() == []


def test_a_development_tool_stays_out_of_the_lock_to_run(asking: Tiny, wheelhouse: Path) -> None:
    wheel(wheelhouse, "delta", "3.0")
    asking.run("add", "--dev", "delta")
    assert "delta==3.0" in pins(asking)
    assert "delta==3.0" not in pins(asking, "requirements.txt")
    asking.run("remove", "--dev", "delta")
    assert "delta==3.0" not in pins(asking)


@pytest.mark.parametrize(
    "words",
    [
        ["add", "no-such-package"],
        ["add", "alpha>=9"],
        ["add", "alpha ==="],
        ["add", "--", "--index-url=x"],
        ["remove", "no-such-package"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_done_changes_nothing(asking: Tiny, words: list[str]) -> None:
    asking.sync()
    before = tree(asking.root)
    done = asking.run(*words)
    assert done.returncode == 3
    assert "nothing was changed" in done.stderr
    assert "Traceback" not in done.stderr
    assert tree(asking.root) == before


def test_an_unreachable_index_changes_nothing(asking: Tiny, tmp_path: Path) -> None:
    before = tree(asking.root)
    nowhere = {"UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple", "UV_CACHE_DIR": str(tmp_path / "c")}
    assert asking.run("add", "alpha", **nowhere).returncode == 3
    assert asking.run("lock", "--upgrade", **nowhere).returncode == 3
    assert tree(asking.root) == before


def test_locking_without_uv_says_how_to_get_one(asking: Tiny, alpha: Wheel) -> None:
    done = asking.run("lock", UV="/nowhere/uv")
    assert done.returncode == 3
    assert "Locking needs uv" in done.stderr
