"""What attackers made is never locked or installed; where it is, that is told and mended."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path

import pytest
from support.engine import ADVISORY, Tiny
from support.managers import make, uv
from support.template import tree
from support.wheels import uv_wheel, wheel


def pins(project: Tiny) -> list[str]:
    lines = (project.root / "requirements-dev.txt").read_text().splitlines()
    return [line.split()[0] for line in lines if "==" in line]


def distributions(project: Tiny) -> list[str]:
    return sorted(path.name.removesuffix(".dist-info") for path in project.site.glob("*.dist-info"))


@pytest.fixture(params=["venv", "uv"])
def made(
    request: pytest.FixtureRequest, tmp_path: Path, wheelhouse: Path, environ: dict[str, str]
) -> Tiny:
    """A project with its environment: alpha 1.0, beta, gamma."""
    project = make(request.param, tmp_path / "a project", wheelhouse, environ)
    project.sync()
    return project


def mend(project: Tiny, command: str) -> None:
    """Run what a message names, in its order; it must work."""
    for each in command.split(", then "):
        done = project.run(*shlex.split(each)[2:])
        assert done.returncode == 0, done.stderr


def named(stderr: str) -> str:
    """The command that an error names."""
    return stderr.rstrip().splitlines()[-1].partition(": ")[2]


def test_a_resolution_goes_around_it(made: Tiny, wheelhouse: Path) -> None:
    made.run("lock")
    before = (made.root / "requirements-dev.txt").read_text()
    wheel(wheelhouse, "alpha", "1.1")
    wheel(wheelhouse, "alpha", "1.2")
    made.withdraw("alpha", "1.2")
    assert "up to date" in made.run("lock").stderr
    assert (made.root / "requirements-dev.txt").read_text() == before
    done = made.run("lock", "--upgrade")
    assert "alpha 1.0 -> 1.1" in done.stderr, done.stderr


def test_no_preference_brings_it(made: Tiny, wheelhouse: Path, tmp_path: Path) -> None:
    (tmp_path / "blessed.txt").write_text(wheel(wheelhouse, "alpha", "1.1").line)
    made.withdraw("alpha", "1.1")
    assert made.run("lock", "--prefer", str(tmp_path / "blessed.txt")).returncode == 0
    assert "alpha==1.0" in pins(made)


def test_asking_for_it_by_version_is_refused(made: Tiny, wheelhouse: Path) -> None:
    wheel(wheelhouse, "alpha", "1.1")
    made.withdraw("alpha", "1.1")
    before = tree(made.root)
    done = made.run("add", "alpha==1.1")
    assert done.returncode == 3
    assert f"alpha 1.1 was made by attackers ({ADVISORY}: it stole credentials), " in done.stderr
    assert tree(made.root) == before
    mend(made, named(done.stderr))
    assert "alpha==1.0" in pins(made)


def test_a_lock_from_before_the_list_is_refused_whatever_a_cache_holds(
    made: Tiny, wheelhouse: Path
) -> None:
    newer = wheel(wheelhouse, "alpha", "1.1")
    made.withdraw("alpha", "1.0")
    shutil.rmtree(made.env)
    for words in (["sync"], ["sync", "--offline"]):  # uv's cache holds it since the fixture
        done = made.run(*words)
        assert done.returncode == 3
        assert ADVISORY in done.stderr
        assert not made.env.exists()
    mend(made, named(done.stderr))
    assert f"alpha=={newer.version}" in pins(made)
    made.sync()
    assert distributions(made) == ["alpha-1.1", "beta-2.0", "gamma-1.0"]


def test_what_is_installed_is_told_credentials_first_and_mended(
    tmp_path: Path, wheelhouse: Path, environ: dict[str, str]
) -> None:
    project = make("venv", tmp_path / "p", wheelhouse, environ)
    wheel(wheelhouse, "alpha", "1.1")
    project.run("lock", "--upgrade")
    project.sync()
    wheel(wheelhouse, "alpha", "1.2")
    project.withdraw("alpha", "1.1")
    found = json.loads(project.run("check", "--json").stdout)
    told = {each["code"]: each for each in found["differences"]}["withdrawn"]
    assert told["package"] == "alpha"
    assert "token and key that it could reach as stolen" in told["message"]
    assert found["mend"].endswith(" sync")
    plain = project.run("check").stdout
    assert plain.index("as stolen") < plain.index("Mend with")
    mend(project, found["mend"])
    assert project.codes() == []
    assert distributions(project) == ["alpha-1.2", "beta-2.0", "gamma-1.0"]


def test_a_lock_that_has_it_is_told_before_it_is_installed(
    tmp_path: Path, wheelhouse: Path, environ: dict[str, str]
) -> None:
    project = make("venv", tmp_path / "p", wheelhouse, environ)
    project.sync()
    wheel(wheelhouse, "alpha", "1.1")
    project.run("lock", "--upgrade")  # as a colleague did, before the list knew
    project.withdraw("alpha", "1.1")
    found = json.loads(project.run("check", "--json").stdout)
    told = {each["code"]: each for each in found["differences"]}["withdrawn"]
    assert told["message"].endswith("and the lock has it.")
    assert found["keep"] == "", "freeze would refuse it, too"
    mend(project, found["mend"])
    assert project.codes() == []


def test_removing_it_starts_no_python_that_it_reaches(
    tmp_path: Path, wheelhouse: Path, environ: dict[str, str]
) -> None:
    project = make("venv", tmp_path / "p", wheelhouse, environ)
    project.sync()
    thief = tmp_path / "stolen"
    delta = wheel(
        wheelhouse, "delta", "1.0", top={"delta.pth": f"import os; open({str(thief)!r}, 'a')"}
    )
    done = uv(project, "pip", "install", "--python", str(project.python), str(delta.path))
    assert done.returncode == 0, done.stderr
    project.withdraw("delta", "1.0")
    done = project.run("freeze")
    assert done.returncode == 3
    assert ADVISORY in done.stderr
    assert named(done.stderr).endswith("sync")
    thief.unlink(missing_ok=True)
    done = project.sync()
    assert not thief.exists()
    assert "as stolen" in done.stderr
    assert project.codes() == []


@pytest.mark.thorough
def test_uv_itself_cannot_smuggle_it_in(
    tmp_path: Path, wheelhouse: Path, environ: dict[str, str]
) -> None:
    project = make("uv", tmp_path / "p", wheelhouse, environ)
    project.sync()
    wheel(wheelhouse, "alpha", "1.1")
    project.withdraw("alpha", "1.1")
    assert uv(project, "add", "--no-sync", "alpha==1.1").returncode == 0
    done = project.run("sync")
    assert done.returncode == 3
    assert ADVISORY in done.stderr
    assert "alpha-1.0" in distributions(project)
    done = project.run("lock")
    assert done.returncode == 3
    mend(project, named(done.stderr))
    assert project.codes() == []
    assert "alpha-1.0" in distributions(project)


def test_a_machine_without_uv_gets_one_to_lock_with(
    tmp_path: Path, wheelhouse: Path, environ: dict[str, str]
) -> None:
    project = make("venv", tmp_path / "p", wheelhouse, environ)
    fetched = uv_wheel(wheelhouse, environ["UV"])
    path = project.root / "pyproject.toml"
    path.write_text(path.read_text().replace('["gamma"]', '["gamma", "uv"]'))
    with (project.root / "requirements-dev.txt").open("a") as file:
        file.write(fetched.line)
    wheel(wheelhouse, "alpha", "1.1")
    project.withdraw("alpha", "1.0")
    project.environ["UV"] = "/nowhere/uv"
    done = project.run("sync")
    assert done.returncode == 3
    assert ADVISORY in done.stderr
    assert distributions(project) == []
    mend(project, named(done.stderr))
    project.sync()
    assert "alpha-1.1" in distributions(project)
    assert project.codes() == []
