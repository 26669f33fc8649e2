"""What comes past an index, or without a wheel: addresses, commits, directories and builds."""

from __future__ import annotations

import json
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.engine import Tiny
from support.managers import make, serve_files
from support.sources import commit, git, repository, sdist, tree
from support.template import tree as files
from support.wheels import wheel


@pytest.fixture(params=["venv", pytest.param("uv", marks=pytest.mark.thorough)])
def base(
    request: pytest.FixtureRequest, tmp_path: Path, wheelhouse: Path, environ: dict[str, str]
) -> Tiny:
    """A project of each manager, with its environment."""
    project = make(request.param, tmp_path / "code" / "project", wheelhouse, environ)
    done = project.run("lock")
    assert done.returncode == 0, done.stderr
    project.sync()
    return project


@pytest.fixture
def web(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the address at which a web server on loopback has it."""
    folder = tmp_path / "web"
    folder.mkdir()
    with serve_files(folder) as address:
        yield folder, address


def add(project: Tiny, *words: str) -> str:
    """`add` that must work, and leave an environment that is exactly the lock."""
    done = project.run("add", *words)
    assert done.returncode == 0, done.stderr
    assert project.codes() == []
    assert "nothing to do" in project.sync().stderr
    return done.stderr


def line(project: Tiny, name: str) -> str:
    """The line of a package in the lock to run, with its hashes; "" where there is none."""
    text = (project.root / "requirements.txt").read_text().replace("\\\n", "")
    return next((each for each in text.splitlines() if f"{name}" in each.split("#")[0]), "")


def check(project: Tiny) -> dict[str, object]:
    told: dict[str, object] = json.loads(project.run("check", "--json").stdout)
    return told


def uv_settings(project: Tiny) -> dict[str, object]:
    text = (project.root / "pyproject.toml").read_text()
    settings: dict[str, object] = tomllib.loads(text).get("tool", {}).get("uv", {})
    return settings


def clone(project: Tiny, root: Path) -> Tiny:
    """What a colleague gets: the same files on another path, without the environment."""
    shutil.copytree(project.root, root, ignore=shutil.ignore_patterns(".venv", "__pycache__"))
    return Tiny(root, project.environ)


# --- without a wheel


def test_a_package_without_a_wheel_is_built_only_where_that_is_asked(
    base: Tiny, wheelhouse: Path, tmp_path: Path
) -> None:
    sdist(wheelhouse, "delta", requires=("alpha",))
    before = files(base.root)
    refused = base.run("add", "delta")
    assert refused.returncode == 3
    assert "delta has no wheel" in refused.stderr
    assert "add --build delta" in refused.stderr
    assert files(base.root) == before

    told = add(base, "--build", "delta")
    assert "building here what has no wheel: delta" in told
    assert uv_settings(base)["no-binary-package"] == ["delta"]
    assert "--hash=sha256:" in line(base, "delta==1.0")
    copy = clone(base, tmp_path / "elsewhere" / "copy")
    copy.sync()
    assert copy.codes() == []
    assert copy.info()["fingerprint"] == base.info()["fingerprint"]


@pytest.mark.thorough
def test_what_was_built_here_is_proven_like_all_else(base: Tiny, wheelhouse: Path) -> None:
    sdist(wheelhouse, "delta")
    add(base, "--build", "delta")
    (base.site / "delta" / "__init__.py").write_text("version = 'forged'\n")
    assert base.codes() == ["file-edited"]
    base.sync()
    assert base.codes() == []


def test_removing_takes_the_record_of_a_build_back(base: Tiny, wheelhouse: Path) -> None:
    sdist(wheelhouse, "delta")
    before = (base.root / "pyproject.toml").read_text()
    add(base, "--build", "delta")
    done = base.run("remove", "delta")
    assert done.returncode == 0, done.stderr
    assert tomllib.loads((base.root / "pyproject.toml").read_text()) == tomllib.loads(before)
    assert base.codes() == []


@pytest.mark.thorough
def test_the_tools_of_a_build_are_held_to_the_lock(base: Tiny, wheelhouse: Path) -> None:
    with (base.root / "pyproject.toml").open("a") as file:  # the index tells no upload times
        file.write('[tool.uv]\nexclude-newer = "7 days"\n')
    sdist(wheelhouse, "delta", tools=("beta", "epsilon"))
    wheel(wheelhouse, "beta", "9.0")
    wheel(wheelhouse, "epsilon", "1.0")
    assert "tools of builds may be of any age" in add(base, "--build", "delta")
    assert "tools = ['2.0', '1.0']" in (base.site / "delta" / "__init__.py").read_text()


def test_nothing_withdrawn_builds(base: Tiny, wheelhouse: Path) -> None:
    sdist(wheelhouse, "delta", tools=("epsilon",))
    wheel(wheelhouse, "epsilon", "1.0")
    wheel(wheelhouse, "epsilon", "1.1")
    base.withdraw("epsilon", "1.1")
    add(base, "--build", "delta")
    assert "tools = ['1.0']" in (base.site / "delta" / "__init__.py").read_text()


# --- by address


@pytest.mark.parametrize("kind", ["wheel", pytest.param("sdist", marks=pytest.mark.thorough)])
def test_an_archive_is_held_to_its_hash(
    base: Tiny, web: tuple[Path, str], tmp_path: Path, kind: str
) -> None:
    folder, address = web
    made = wheel(folder, "delta", "1.0", requires=("alpha",)).path if kind == "wheel" else None
    path = made or sdist(folder, "delta", requires=("alpha",))
    add(base, f"delta @ {address}/{path.name}")
    assert f"delta @ {address}/{path.name}" in line(base, "delta @")
    assert "--hash=sha256:" in line(base, "delta @")
    assert check(base)["unhashed"] == {}
    path.write_bytes(path.read_bytes() + b"\0")  # another file at the same address
    copy = clone(base, tmp_path / "copy")
    done = copy.run("sync", UV_CACHE_DIR=str(tmp_path / "an empty cache"))
    assert done.returncode == 3
    assert "not the one in the lock" in done.stderr
    done = base.run("remove", "delta")
    assert done.returncode == 0, done.stderr
    assert "sources" not in uv_settings(base)


# --- by commit


def test_a_branch_is_locked_at_its_commit_until_told(base: Tiny, tmp_path: Path) -> None:
    root = tmp_path / "delta"
    first = repository(root, "delta", requires=("alpha",))
    add(base, f"git+{root.as_uri()}@main")
    assert line(base, "delta @") == f"delta @ git+{root.as_uri()}@{first}"
    assert check(base)["unhashed"] == {"delta": f"git+{root.as_uri()}@{first}"}
    assert f"no hash proves: delta (git+{root.as_uri()}" in base.run("check").stdout

    tree(root, "delta", "2.0")
    second = commit(root)
    assert "up to date" in base.run("lock").stderr
    path = base.root / "pyproject.toml"
    path.write_text(path.read_text().replace('"beta"', '"beta", "alpha"'))  # as an update may
    assert base.run("lock").returncode == 0
    assert first in line(base, "delta @")
    git(root, "branch", "other")
    text = path.read_text()
    path.write_text(text.replace('rev = "main"', 'rev = "other"'))
    assert base.run("lock").returncode == 0
    assert second in line(base, "delta @")
    path.write_text(text)
    tree(root, "delta", "2.0")
    second = commit(root)
    done = base.run("lock", "--upgrade", "delta")
    assert done.returncode == 0, done.stderr
    assert second in line(base, "delta @")
    assert {"other-source", "stale-lock"} <= {*base.codes()}
    base.sync()
    assert base.codes() == []
    assert "'2.0'" in (base.site / "delta" / "__init__.py").read_text()


def test_a_commit_is_kept_with_its_extras(base: Tiny, tmp_path: Path) -> None:
    root = tmp_path / "delta"
    tree(root, "delta", extras={"plot": "alpha"})
    git(root, "init", "--quiet", "--initial-branch=main")
    commit(root)
    assert base.run("remove", "beta").returncode == 0
    add(base, f"delta[plot] @ git+{root.as_uri()}@main")
    assert "up to date" in base.run("lock").stderr
    assert line(base, "alpha==")


@pytest.mark.thorough
def test_another_commit_installed_by_hand_is_a_difference(base: Tiny, tmp_path: Path) -> None:
    root = tmp_path / "delta"
    repository(root, "delta")
    git(root, "tag", "v1")
    add(base, f"delta @ git+{root.as_uri()}@v1")
    (root / "src" / "delta" / "__init__.py").write_text("version = 'another'\n")
    commit(root)
    by_hand(base, f"git+{root.as_uri()}@main")
    assert base.codes() == ["other-source", "other-wheel"]
    base.sync()
    assert base.codes() == []
    assert "another" not in (base.site / "delta" / "__init__.py").read_text()


@pytest.mark.thorough
def test_without_the_network_a_repository_that_is_unknown_ends_in_a_sentence(
    base: Tiny, tmp_path: Path
) -> None:
    root = tmp_path / "delta"
    repository(root, "delta")
    add(base, f"delta @ git+{root.as_uri()}@main")
    copy = clone(base, tmp_path / "copy")
    done = copy.run("sync", "--offline")
    assert done.returncode == 0, done.stderr  # uv has the commit in its cache
    copy.run("delete", "--yes")
    done = copy.run("sync", "--offline", UV_CACHE_DIR=str(tmp_path / "an empty cache"))
    assert done.returncode == 3
    assert "The caches do not hold all that is needed" in done.stderr


# --- by directory


def test_a_directory_beside_the_project_is_editable(base: Tiny, tmp_path: Path) -> None:
    lib = tree(tmp_path / "code" / "lib", "delta", requires=("alpha",))
    assert "every start" not in add(base, "../lib")
    assert list(base.site.glob("*delta*.pth"))
    assert uv_settings(base)["sources"] == {"delta": {"path": "../lib", "editable": True}}
    assert line(base, "delta @") == "-e delta @ ../lib"
    assert check(base)["unhashed"] == {"delta": "../lib"}
    (lib / "src" / "delta" / "__init__.py").write_text("version = 'edited'\n")
    assert base.codes() == []
    done = base.run("run", "--", "python", "-c", "import delta; print(delta.version)")
    assert done.stdout == "edited\n"

    shutil.copytree(lib, tmp_path / "elsewhere" / "lib")
    copy = clone(base, tmp_path / "elsewhere" / "project")
    copy.sync()
    assert copy.codes() == []
    assert copy.info()["fingerprint"] == base.info()["fingerprint"]
    done = copy.run("run", "--", "python", "-c", "import delta; print(delta.__file__)")
    assert done.stdout.startswith(str(copy.root.parent))

    done = base.run("remove", "delta")
    assert done.returncode == 0, done.stderr
    assert "sources" not in uv_settings(base)
    assert base.codes() == []


@pytest.mark.thorough
def test_a_directory_is_told_from_where_one_stands(base: Tiny, tmp_path: Path) -> None:
    tree(tmp_path / "code" / "lib", "delta")
    done = subprocess.run(
        ["python3", str(base.root / "tools" / "env"), "add", "delta @ ./lib"],
        cwd=tmp_path / "code",
        env=base.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert line(base, "delta @") == "-e delta @ ../lib"


@pytest.mark.thorough
def test_another_directory_or_a_copy_of_it_is_a_difference(base: Tiny, tmp_path: Path) -> None:
    lib = tree(tmp_path / "code" / "lib", "delta")
    add(base, "../lib")
    by_hand(base, "--no-deps", str(lib))
    assert "other-source" in base.codes()
    base.sync()
    assert base.codes() == []
    other = tree(tmp_path / "code" / "other", "delta")
    by_hand(base, "--no-deps", "-e", str(other))
    assert "other-source" in base.codes()
    base.sync()
    assert base.codes() == []
    lib.rename(tmp_path / "code" / "away")
    done = base.run("sync")
    assert done.returncode == 3
    assert "../lib is not there" in done.stderr


# --- as written by hand, or by uv itself

HANDMADE = {
    "editable": 'delta = { path = "../lib", editable = true }',
    "path": 'delta = { path = "../lib" }',
    "git": 'delta = { git = "file://{place}/repository", branch = "main" }',
    "url": 'delta = { url = "{address}/delta-1.0-py3-none-any.whl" }',
    "marker": 'delta = [{ path = "../lib", editable = true, marker = "python_version > \'3\'" }]',
}


@pytest.mark.parametrize(
    "kind", ["git", *(pytest.param(x, marks=pytest.mark.thorough) for x in HANDMADE if x != "git")]
)
def test_sources_of_uv_count(base: Tiny, web: tuple[Path, str], tmp_path: Path, kind: str) -> None:
    tree(tmp_path / "code" / "lib", "delta", requires=("alpha",))
    repository(tmp_path / "repository", "delta", requires=("alpha",))
    wheel(web[0], "delta", "1.0", requires=("alpha",))
    source = HANDMADE[kind].replace("{place}", str(tmp_path)).replace("{address}", web[1])
    path = base.root / "pyproject.toml"
    text = path.read_text().replace('["beta"]', '["beta", "delta"]')
    path.write_text(f"{text}\n[tool.uv.sources]\n{source}\n")
    assert "unlocked" in base.codes()
    done = base.run("lock")
    assert done.returncode == 0, done.stderr
    base.sync()
    assert base.codes() == []
    assert "nothing to do" in base.sync().stderr
    assert "up to date" in base.run("lock").stderr


def test_a_member_of_the_workspace_counts(base: Tiny) -> None:
    tree(base.root / "packages" / "delta", "delta", requires=("alpha",))
    path = base.root / "pyproject.toml"
    text = path.read_text().replace('["beta"]', '["beta", "delta"]')
    sources = "[tool.uv.sources]\ndelta = { workspace = true }\n"
    path.write_text(f'{text}\n[tool.uv.workspace]\nmembers = ["packages/*"]\n{sources}')
    done = base.run("lock")
    assert done.returncode == 0, done.stderr
    base.sync()
    assert base.codes() == []
    assert line(base, "delta @") == "-e delta @ ./packages/delta"


def by_hand(project: Tiny, *words: str) -> None:
    """Install past the engine, as a person would."""
    argv = [project.environ["UV"], "pip", "install", "--python", str(project.env), *words]
    subprocess.run(argv, cwd=project.root, env=project.environ, check=True, capture_output=True)
