"""`freeze`, and `add -r`: what was installed or written down elsewhere is adopted as it is."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from support.engine import Tiny
from support.managers import make
from support.sources import repository, sdist, tree
from support.template import tree as files
from support.wheels import wheel


@pytest.fixture
def base(tmp_path: Path, wheelhouse: Path, environ: dict[str, str]) -> Tiny:
    """A project that asks for beta (and so alpha) and, to develop, for gamma."""
    project = make("venv", tmp_path / "code" / "project", wheelhouse, environ)
    done = project.run("lock")
    assert done.returncode == 0, done.stderr
    project.sync()
    return project


def install(project: Tiny, *words: str) -> None:
    """Install past the engine, as a person would: uv does not note what was asked for."""
    argv = [project.environ["UV"], "pip", "install", "--python", str(project.env), *words]
    subprocess.run(argv, env=project.environ, cwd=project.root, check=True, capture_output=True)


def pip_install(project: Tiny, *words: str) -> None:
    """The same with pip, which does."""
    argv = [sys.executable, "-m", "pip", "--python", str(project.python), "install", *words]
    subprocess.run(argv, env=project.environ, cwd=project.root, check=True, capture_output=True)


def freeze(project: Tiny, *words: str) -> str:
    done = project.run("freeze", *words)
    assert done.returncode == 0, done.stderr
    return done.stderr


def asked(project: Tiny) -> list[str]:
    text = (project.root / "pyproject.toml").read_text()
    requirements: list[str] = tomllib.loads(text)["project"]["dependencies"]
    return requirements


def pins(project: Tiny) -> list[str]:
    lines = (project.root / "requirements.txt").read_text().splitlines()
    return [line.split()[0] for line in lines if "==" in line and line[0].isalpha()]


def test_what_was_asked_for_is_adopted_and_not_what_came_along(
    base: Tiny, wheelhouse: Path
) -> None:
    wheel(wheelhouse, "delta", "3.0")
    wheel(wheelhouse, "epsilon", "1.0", requires=("delta",))
    pip_install(base, "epsilon==1.0")
    wheel(wheelhouse, "delta", "3.1")  # released since: the version that was installed is kept
    assert "freeze" in base.run("check").stdout
    told = freeze(base)
    assert "epsilon==1.0 becomes a direct dependency" in told
    assert "delta==3.0 is taken into the lock" in told
    assert asked(base) == ["beta", "epsilon"]
    assert {"delta==3.0", "epsilon==1.0"} <= set(pins(base))
    assert base.codes() == []


def test_all_that_a_person_named_becomes_direct(base: Tiny, wheelhouse: Path) -> None:
    wheel(wheelhouse, "delta", "3.0")
    wheel(wheelhouse, "delta", "3.1")
    wheel(wheelhouse, "epsilon", "1.0", requires=("delta",))
    (base.root / "old.txt").write_text("delta==3.0\nepsilon==1.0\n")
    pip_install(base, "-r", "old.txt")
    freeze(base)
    assert asked(base) == ["beta", "delta", "epsilon"]
    assert {"delta==3.0", "epsilon==1.0"} <= set(pins(base))


def test_a_locked_package_that_was_upgraded_by_hand_stays_upgraded(
    base: Tiny, wheelhouse: Path
) -> None:
    wheel(wheelhouse, "alpha", "1.1")
    install(base, "--upgrade", "alpha")
    assert base.codes() == ["wrong-version"]
    assert "alpha 1.0 -> 1.1" in freeze(base)
    assert "alpha==1.1" in pins(base)
    assert asked(base) == ["beta"]
    assert base.codes() == []


@pytest.mark.thorough
def test_what_only_the_lock_has_left_behind_was_installed_by_nobody(
    base: Tiny, wheelhouse: Path
) -> None:
    wheel(wheelhouse, "alpha", "1.1")
    assert base.run("lock", "--upgrade", "alpha").returncode == 0  # as a colleague's pull brings
    assert "freeze" not in base.run("check").stdout
    wheel(wheelhouse, "delta", "3.0")
    install(base, "delta")
    assert "freeze" in base.run("check").stdout
    freeze(base)
    assert {"alpha==1.1", "delta==3.0"} <= set(pins(base))


def test_a_version_that_others_do_not_allow_is_told(base: Tiny, wheelhouse: Path) -> None:
    path = base.root / "pyproject.toml"
    path.write_text(path.read_text().replace('"beta"', '"beta", "alpha<2"'))
    base.run("lock")
    base.sync()
    wheel(wheelhouse, "alpha", "2.0")
    install(base, "alpha==2.0")
    assert "1.0 is locked in place of alpha 2.0" in freeze(base)
    assert "alpha==1.0" in pins(base)


def test_extras_are_adopted_as_extras_with_their_markers(base: Tiny, wheelhouse: Path) -> None:
    wheel(wheelhouse, "loop", "1.0")
    wheel(wheelhouse, "winloop", "1.0")
    needs = (
        'loop ; sys_platform != "win32" and extra == "standard"',
        'winloop ; sys_platform == "win32" and extra == "standard"',
        'alpha ; extra == "standard"',
        'nothing-of-this ; extra == "other"',
    )
    wheel(wheelhouse, "server", "1.0", requires=needs, extras=("other", "standard"))
    wheel(
        wheelhouse,
        "frame",
        "1.0",
        requires=('server[standard] ; extra == "all"', "server"),
        extras=("all",),
    )
    pip_install(base, "server[standard]")
    freeze(base)
    assert asked(base) == ["beta", "server[standard]"]
    text = (base.root / "requirements.txt").read_text()
    assert "loop==1.0 ; sys_platform != 'win32'" in text
    assert "winloop==1.0 ; sys_platform == 'win32'" in text
    assert base.codes() == []
    base.run("remove", "server")
    install(base, "frame[all]")
    freeze(base)
    assert asked(base) == ["beta", "frame[all]"]
    assert base.codes() == []


@pytest.mark.thorough
def test_an_extra_of_a_locked_package_is_adopted(base: Tiny, wheelhouse: Path) -> None:
    wheel(wheelhouse, "loop", "1.0")
    needs = ('loop ; extra == "fast"',)
    wheel(wheelhouse, "server", "1.0", requires=needs, extras=("fast",))
    base.run("add", "server>=1")
    install(base, "server[fast]")
    freeze(base)
    assert asked(base) == ["beta", "server[fast]>=1"]
    assert base.codes() == []


def test_a_build_that_the_index_lacks_is_not_swapped_for_another(
    base: Tiny, wheelhouse: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    wheel(elsewhere, "torchy", "2.4.0+cpu", requires=("delta",))
    wheel(wheelhouse, "torchy", "2.4.0")
    wheel(wheelhouse, "delta", "3.0")
    wheel(wheelhouse, "epsilon", "1.0")
    install(base, "--find-links", str(elsewhere), "torchy==2.4.0+cpu", "epsilon")
    told = freeze(base)
    assert "torchy==2.4.0+cpu is left out: the index has no such version" in told
    assert "delta==3.0 is left out: it came along with those" in told
    assert "epsilon==1.0 becomes a direct dependency" in told
    assert asked(base) == ["beta", "epsilon"]
    assert "torchy" not in (base.root / "requirements.txt").read_text()
    assert (base.site / "torchy").is_dir()


def test_a_stranger_with_the_same_name_and_version_is_found_out(
    base: Tiny, wheelhouse: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    wheel(elsewhere, "delta", "1.0", text="# ours")
    install(base, "--find-links", str(elsewhere), "--no-index", "delta")
    wheel(wheelhouse, "delta", "1.0", text="# a stranger's")
    told = freeze(base)
    assert "note: the index has another file of delta 1.0 than was installed" in told
    assert "stranger" in (base.site / "delta" / "__init__.py").read_text()  # as the lock says
    assert base.codes() == []


def test_what_no_colleague_can_have_is_left_out(
    base: Tiny, wheelhouse: Path, tmp_path: Path
) -> None:
    wheel(wheelhouse, "delta", "3.0")
    install(base, str(wheel(tmp_path, "epsilon", "1.0", requires=("delta",)).path))
    before = files(base.root)
    told = freeze(base)
    assert "epsilon==1.0 is left out: it came from a file of this machine" in told
    assert "delta==3.0 is left out: it came along with those" in told
    assert "nothing to adopt" in told
    assert files(base.root) == before


@pytest.mark.thorough
def test_what_has_no_wheel_is_left_out_with_the_way_to_have_it(
    base: Tiny, wheelhouse: Path
) -> None:
    sdist(wheelhouse, "delta")
    install(base, "delta")
    told = freeze(base)
    assert "delta==1.0 is left out: it has no wheel" in told
    assert "add --build delta==1.0" in told
    done = base.run("add", "--build", "delta==1.0")
    assert done.returncode == 0, done.stderr
    assert base.codes() == []


@pytest.mark.thorough
def test_packages_that_require_each_other_count_where_one_was_named(
    base: Tiny, wheelhouse: Path
) -> None:
    wheel(wheelhouse, "delta", "3.0", requires=("epsilon",))
    wheel(wheelhouse, "epsilon", "1.0", requires=("delta", "zeta"))
    wheel(wheelhouse, "zeta", "1.0")
    pip_install(base, "delta")
    freeze(base)
    assert asked(base) == ["beta", "delta"]
    assert base.codes() == []


@pytest.mark.thorough
def test_where_nobody_noted_what_was_asked_for_what_nothing_needs_counts(
    base: Tiny, wheelhouse: Path
) -> None:
    wheel(wheelhouse, "delta", "3.0", requires=("epsilon",))
    wheel(wheelhouse, "epsilon", "1.0", requires=("delta", "zeta"))
    wheel(wheelhouse, "zeta", "1.0")
    install(base, "delta")
    freeze(base)
    assert asked(base) == ["beta", "delta", "epsilon"]


def test_a_commit_and_directories_are_adopted_as_they_are(base: Tiny, tmp_path: Path) -> None:
    first = repository(tmp_path / "repository", "delta", requires=("alpha",))
    tree(tmp_path / "code" / "lib", "epsilon")
    tree(tmp_path / "code" / "other", "zeta")
    address = (tmp_path / "repository").as_uri()
    install(base, f"git+{address}@main", "-e", "../lib", "../other")
    told = freeze(base)
    assert f"delta @ git+{address}@{first}" in told
    lock = (base.root / "requirements.txt").read_text()
    for line in (f"delta @ git+{address}@{first}", "-e epsilon @ ../lib", "zeta @ ../other"):
        assert f"\n{line}\n" in lock
    assert base.codes() == []
    assert "nothing to adopt" in freeze(base)


@pytest.mark.thorough
def test_a_dependency_replaced_by_a_commit_is_asked_for_as_that(base: Tiny, tmp_path: Path) -> None:
    first = repository(tmp_path / "repository", "alpha", "1.0.1")
    install(base, f"git+{(tmp_path / 'repository').as_uri()}@main")
    freeze(base)
    assert asked(base) == ["alpha", "beta"]
    assert first in (base.root / "requirements.txt").read_text()
    assert base.codes() == []


# --- requirements files

OLD = """\
# what we had
--index-url https://example.com/simple
delta==3.0 \\
    --hash=sha256:0000000000000000000000000000000000000000000000000000000000000000
-r more.txt  # and this
-c limits.txt
epsilon[fast] ; python_version > "3"
numbers @ file:///home/conda/feedstock_root/build_artifacts/numbers_1/work
-e git+{address}@main#egg=theta
-e ../lib
-e .
./eta-1.0-py3-none-any.whl
"""


@pytest.mark.parametrize("encoding", ["utf-16"])
def test_a_requirements_file_is_taken_as_far_as_it_goes(
    base: Tiny, wheelhouse: Path, tmp_path: Path, encoding: str
) -> None:
    for name in ("delta", "epsilon", "zeta", "numbers"):
        wheel(wheelhouse, name, "3.0")
        wheel(wheelhouse, name, "3.1")
    repository(tmp_path / "repository", "theta")
    tree(tmp_path / "code" / "lib", "iota")
    text = OLD.replace("{address}", (tmp_path / "repository").as_uri())
    (base.root / "old.txt").write_text(text, encoding=encoding, newline="\r\n")
    (base.root / "more.txt").write_text("zeta<3.1\n-r old.txt\n")
    done = base.run("add", "-r", "old.txt")
    assert done.returncode == 0, done.stderr
    for note in (
        "--index-url is not taken",
        "-c is not taken",
        "numbers is taken by its name",
        "the project itself",
        "eta-1.0-py3-none-any.whl is no directory",
    ):
        assert note in done.stderr
    told = ["beta", "delta==3.0", "epsilon[fast] ; python_full_version >= '3'", "iota", "numbers"]
    assert sorted(asked(base))[:2] == told[:2]
    assert {"iota", "numbers", "theta", "zeta<3.1"} <= set(asked(base))
    assert {"delta==3.0", "epsilon==3.1", "numbers==3.1", "zeta==3.0"} <= set(pins(base))
    assert base.codes() == []
