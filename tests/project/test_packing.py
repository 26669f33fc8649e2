"""A pack: what the lock needs in one file, and the same environment of it where nothing else is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from support.engine import MINOR, Tiny, clean_environ, shared_cache, tiny, without_uv
from support.index import serve
from support.managers import make, serve_files
from support.sources import repository, sdist, tree
from support.template import git, render
from support.wheels import wheel

from env.markers import PLATFORMS


@pytest.fixture
def packed(ready: Tiny) -> Path:
    return pack(ready)


def pack(project: Tiny, *words: str) -> Path:
    """`pack` that must work."""
    done = project.run("pack", *words)
    assert done.returncode == 0, done.stderr
    return next((project.root / "dist").glob("*.tar"))


def island(project: Tiny, place: Path, *, uv: bool = True) -> Tiny:
    """A clone on a machine with a home of its own, empty caches and no network."""
    shutil.copytree(
        project.root, place / "clone", ignore=shutil.ignore_patterns(".venv", "dist", ".env-turn")
    )
    (place / "home").mkdir()
    nowhere = "http://127.0.0.1:9/simple"
    environ = clean_environ(place / "home", UV_DEFAULT_INDEX=nowhere, UV_HTTP_RETRIES="0")
    if not uv:
        environ["UV"] = "/nowhere/uv"
    return Tiny(place / "clone", environ)


def members(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        return {each.name: archive.extractfile(each).read() for each in archive}  # type: ignore[union-attr]


def repacked(path: Path, files: dict[str, bytes]) -> None:
    place = path.with_suffix("")
    place.mkdir()
    for name, body in files.items():
        (place / name).write_bytes(body)
    with tarfile.open(path, "w") as archive:
        for name in files:
            archive.add(place / name, name)


def test_the_same_environment_comes_of_it_without_network_caches_and_uv(
    ready: Tiny, wheelhouse: Path, tmp_path: Path
) -> None:
    without_uv(ready, wheelhouse)
    ready.environ["UV"] = clean_environ(tmp_path)["UV"]
    ready.sync()
    path = pack(ready)
    there = island(ready, tmp_path / "there", uv=False)
    there.sync("--from", str(path))
    assert there.codes() == []
    assert there.info()["fingerprint"] == ready.info()["fingerprint"]
    assert "nothing to do" in there.sync("--from", str(path)).stderr


def test_an_unpacked_one_serves_as_well(ready: Tiny, packed: Path, tmp_path: Path) -> None:
    there = island(ready, tmp_path / "there")
    with tarfile.open(packed) as archive:
        archive.extractall(tmp_path / "a folder, 100%", filter="data")
    there.sync("--from", str(tmp_path / "a folder, 100%"))
    assert there.info()["fingerprint"] == ready.info()["fingerprint"]


def test_the_same_lock_gives_the_same_bytes(ready: Tiny, packed: Path) -> None:
    first = packed.read_bytes()
    packed.unlink()
    assert pack(ready).read_bytes() == first


@pytest.mark.thorough
def test_each_platform_gets_all_of_its_own_files(ready: Tiny, wheelhouse: Path) -> None:
    short = MINOR.replace(".", "")
    tags = {
        "linux-x86_64": ["manylinux_2_17_x86_64", "manylinux_2_28_x86_64"],
        "linux-aarch64": ["manylinux_2_28_aarch64"],
        "darwin-arm64": ["macosx_11_0_arm64", "macosx_14_0_arm64"],
        "win32-amd64": ["win_amd64"],
    }
    made = {
        tag: wheel(wheelhouse, "gamma", "1.0", tag=f"cp{short}-cp{short}-{tag}")
        for each in tags.values()
        for tag in each
    }
    hashes = " ".join(f"--hash=sha256:{each.sha256}" for each in made.values())
    only = wheel(wheelhouse, "delta", "1.0")
    of_windows = only.line.replace("1.0", "1.0 ; sys_platform == 'win32'", 1)
    with open(ready.root / "requirements.txt", "a") as lock:
        lock.write(f"gamma==1.0 {hashes}\n{of_windows}")
    ready.sync()
    assert tags.keys() == PLATFORMS.keys()
    for platform in PLATFORMS:
        done = ready.run("pack", "--platform", platform, "--output", "x.tar")
        assert done.returncode == 0, done.stderr
        names = {each for each in members(ready.root / "x.tar") if each[0] in "gd"}
        windows = {only.path.name} if platform == "win32-amd64" else set()
        assert names == {made[tag].path.name for tag in tags[platform]} | windows


def test_what_was_changed_in_it_is_refused_by_its_name(
    ready: Tiny, packed: Path, tmp_path: Path
) -> None:
    there = island(ready, tmp_path / "there")
    files = members(packed)
    files["alpha-1.0-py3-none-any.whl"] += b"\0"
    repacked(packed, files)
    done = there.run("sync", "--from", str(packed))
    assert done.returncode == 3
    assert "error: alpha-1.0-py3-none-any.whl in" in done.stderr
    assert not there.env.exists()


def test_a_file_that_its_list_does_not_name_is_not_looked_at(
    ready: Tiny, packed: Path, tmp_path: Path
) -> None:
    there = island(ready, tmp_path / "there")
    repacked(packed, {**members(packed), "alpha-9.0-py3-none-any.whl": b"x"})
    there.sync("--from", str(packed))
    assert there.codes() == []


def test_a_name_that_leads_out_of_it_is_refused(ready: Tiny, packed: Path, tmp_path: Path) -> None:
    files = members(packed)
    told = json.loads(files["pack.json"])
    told["files"]["../alpha"] = "alpha"
    files["pack.json"] = json.dumps(told).encode()
    repacked(packed, files)
    there = island(ready, tmp_path / "there")
    assert (
        "is no pack (../alpha is no name of a file)"
        in there.run("sync", "--from", str(packed)).stderr
    )


def test_damage_is_mended_out_of_it(ready: Tiny, packed: Path, tmp_path: Path) -> None:
    there = island(ready, tmp_path / "there")
    there.sync("--from", str(packed))
    (there.site / "alpha" / "__init__.py").write_text("version = 'forged'\n")
    assert there.codes() == ["file-edited"]
    there.sync("--from", str(packed))
    assert there.codes() == []


def test_it_goes_to_a_local_disk_in_one_step(ready: Tiny, packed: Path, tmp_path: Path) -> None:
    there = island(ready, tmp_path / "there")
    local = {name: str(tmp_path / "disk" / name) for name in ("env", "cache")}
    variables = {"UV_PROJECT_ENVIRONMENT": local["env"], "UV_CACHE_DIR": local["cache"]}
    there.sync("--from", str(packed), **variables)
    assert there.codes(**variables) == []
    assert {path.name for path in (there.root.parent / "home").iterdir()} == set()


@pytest.fixture
def base(tmp_path: Path, wheelhouse: Path, environ: dict[str, str]) -> Tiny:
    """A project that can lock, with its environment."""
    project = make("venv", tmp_path / "code" / "project", wheelhouse, environ)
    assert project.run("lock").returncode == 0
    project.sync()
    return project


@pytest.mark.thorough
def test_what_was_built_here_needs_nothing_there(
    base: Tiny, wheelhouse: Path, tmp_path: Path
) -> None:
    sdist(wheelhouse, "delta", requires=("alpha",), tools=("tool",))
    wheel(wheelhouse, "tool", "1.0")
    repository(tmp_path / "zeta", "zeta")
    for words in (("--build", "delta"), (f"git+{(tmp_path / 'zeta').as_uri()}@main",)):
        done = base.run("add", *words)
        assert done.returncode == 0, done.stderr
    path = pack(base)
    assert (
        "for win32-amd64 only such a machine can"
        in base.run("pack", "--platform", "win32-amd64").stderr
    )
    there = island(base, tmp_path / "there")
    shutil.rmtree(tmp_path / "zeta")
    there.sync("--from", str(path))
    assert there.codes() == []
    assert there.info()["fingerprint"] == base.info()["fingerprint"]
    files = members(path)
    files["delta-1.0-py3-none-any.whl"] += b"\0"
    repacked(path, files)
    there.run("delete", "--yes")
    assert "delta-1.0-py3-none-any.whl" in there.run("sync", "--from", str(path)).stderr


@pytest.mark.thorough
def test_the_address_of_a_wheel_is_in_it(base: Tiny, tmp_path: Path) -> None:
    folder = tmp_path / "web"
    folder.mkdir()
    made = wheel(folder, "coco", "1.0")
    with serve_files(folder) as address:
        done = base.run("add", f"coco @ {address}/{made.path.name}")
        assert done.returncode == 0, done.stderr
        path = pack(base)
    there = island(base, tmp_path / "there")
    there.sync("--from", str(path))
    assert there.codes() == []
    assert there.info()["fingerprint"] == base.info()["fingerprint"]


def test_an_index_with_a_login_is_packed_from_and_the_login_is_not_in_it(
    ready: Tiny, wheelhouse: Path
) -> None:
    with serve(wheelhouse, login="ada:s3cret") as address:
        ready.environ["UV_DEFAULT_INDEX"] = address.replace("//", "//ada:s3cret@")
        del ready.environ["PIP_INDEX_URL"]
        path = pack(ready)
    assert b"s3cret" not in path.read_bytes()


@pytest.mark.thorough
def test_the_login_of_a_packages_own_index_is_enough(base: Tiny, tmp_path: Path) -> None:
    folder, path = tmp_path / "ours", base.root / "pyproject.toml"
    folder.mkdir()
    wheel(folder, "coco", "1.0")
    base.environ.update(UV_INDEX_OURS_USERNAME="ada", UV_INDEX_OURS_PASSWORD="s3c/ret@")
    with serve(folder, login="ada:s3c/ret@") as ours:
        index = f'[[tool.uv.index]]\nname = "ours"\nurl = "{ours}"\nexplicit = true\n'
        source = '[tool.uv.sources]\ncoco = { index = "ours" }\n'
        path.write_text(f"{path.read_text()}\n{index}{source}")
        done = base.run("add", "coco")
        assert done.returncode == 0, done.stderr
        packed = pack(base)
    assert "coco-1.0-py3-none-any.whl" in members(packed)
    assert b"s3c" not in packed.read_bytes()
    there = island(base, tmp_path / "there")
    there.sync("--from", str(packed))
    assert there.info()["fingerprint"] == base.info()["fingerprint"]


@pytest.mark.thorough
def test_a_directory_is_not_in_it_and_serves_where_it_is_taken_along(
    base: Tiny, tmp_path: Path
) -> None:
    tree(base.root.parent / "lib", "lib")
    done = base.run("add", "../lib")
    assert done.returncode == 0, done.stderr
    done = base.run("pack")
    assert "note: lib is not in it: take ../lib along, beside the project" in done.stderr
    (path,) = (base.root / "dist").glob("*.tar")
    there = island(base, tmp_path / "there")
    absent = there.run("sync", "--from", str(path))
    assert absent.returncode == 3
    assert "../lib" in absent.stderr
    shutil.copytree(base.root.parent / "lib", there.root.parent / "lib")
    there.sync("--from", str(path))
    assert there.codes() == []


@pytest.mark.thorough
def test_a_build_of_pytorch_comes_from_its_own_index(
    tmp_path: Path, wheelhouse: Path, environ: dict[str, str]
) -> None:
    folder = tmp_path / "builds"
    folder.mkdir()
    made = wheel(folder, "torch", "2.9+cpu")
    wheel(wheelhouse, "torch", "2.9+cpu", text="evil = True\n")
    with serve(folder) as address:
        project = tiny(
            tmp_path / "project",
            environ,
            torch_build="cpu",
            torch_index=address,
            torch_packages="torch",
        )
        project.lock(made, wheel(wheelhouse, "alpha", "1.0"))
        project.sync()
        path = pack(project)
    there = island(project, tmp_path / "there")
    there.sync("--from", str(path))
    assert there.codes() == []


@pytest.mark.thorough
def test_of_two_builds_each_has_its_pack_and_takes_no_other(
    tmp_path: Path, wheelhouse: Path, environ: dict[str, str]
) -> None:
    locks = "requirements-dev.txt requirements-dev-cuda.txt"
    project = tiny(tmp_path / "project", environ, builds="cpu cuda", lock=locks)
    alpha, fast = wheel(wheelhouse, "alpha", "1.0"), wheel(wheelhouse, "fast-cuda", "1.0")
    for name, text in {"": alpha.line, "-cuda": alpha.line + fast.line}.items():
        (project.root / f"requirements{name}.txt").write_text(text, encoding="utf-8")
        (project.root / f"requirements-dev{name}.txt").write_text(text, encoding="utf-8")
    packs = {}
    for build in ("cpu", "cuda"):
        project.sync(SEEDBED_BUILD=build)
        assert project.run("pack").returncode == 0
        (packs[build],) = (project.root / "dist").glob(f"tiny-{build}-*.tar")
    assert {*members(packs["cuda"])} - {*members(packs["cpu"])} == {fast.path.name}
    there = island(project, tmp_path / "there")
    done = there.run("sync", "--from", str(packs["cuda"]), SEEDBED_BUILD="cpu")
    assert done.returncode == 3
    assert f"{packs['cuda']} is for the build cuda, and this is cpu." in done.stderr
    (there.root / "tools" / "env.local.cfg").write_text("build = cuda\n", encoding="utf-8")
    there.sync("--from", str(packs["cuda"]))
    assert there.codes() == []
    assert there.info()["fingerprint"] == project.info()["fingerprint"]


def test_a_project_without_it_says_how_to_choose_it(ready: Tiny) -> None:
    for name in ("pack", "packing"):
        (ready.root / "tools" / "env" / f"{name}.py").unlink()
    for words in (("pack",), ("sync", "--full", "--python", MINOR, "--from", "x.tar")):
        done = ready.run(*words)
        assert done.returncode == 2
        assert "the extra `pack` brings them" in done.stderr


@pytest.mark.thorough
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="takes a network away from Linux")
def test_a_real_project_is_the_same_where_the_system_has_no_network(
    template: Path, tmp_path: Path, home: Path
) -> None:
    """Its own package and compiled code too, with no uv, out of empty caches."""
    root = render(
        template,
        tmp_path / "project",
        framework="none",
        libraries=["numpy"],
        extras=["pack"],
        python_version=MINOR,
    )
    project = Tiny(root, clean_environ(home, UV_CACHE_DIR=shared_cache()))
    project.sync()
    path = pack(project)
    git(root, "init", "--quiet")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "first")
    git(tmp_path, "clone", "--quiet", str(root), "clone")
    (tmp_path / "another").mkdir()
    environ = {"HOME": str(tmp_path / "another"), "PATH": os.defpath}
    environ["UV_DEFAULT_INDEX"] = "http://127.0.0.1:9/simple"  # where the next cannot be done
    alone = ["unshare", "--net", *["--map-root-user"] * bool(os.getuid())]
    if subprocess.run([*alone, "true"], capture_output=True).returncode:
        alone = []
    there = Tiny(tmp_path / "clone", environ)
    argv = [*alone, sys.executable, str(there.root / "tools" / "env"), "sync", "--from", str(path)]
    done = subprocess.run(argv, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert there.codes() == []
    assert there.info()["fingerprint"] == project.info()["fingerprint"]
    code = "import numpy, my_project; print(numpy.ones(2).sum())"
    run = subprocess.run([str(there.python), "-c", code], capture_output=True, text=True)
    assert run.stdout == "2.0\n", run.stderr
