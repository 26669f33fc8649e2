"""PyTorch's builds: torch comes from its own index and nowhere else, the rest from the other."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.engine import MINOR, Tiny, clean_environ, shared_cache, tiny
from support.index import serve
from support.managers import uv
from support.mends import Case, Row, situation, tried
from support.template import render
from support.wheels import wheel

from env.builds import choose, driver

PYPROJECT = """\
[project]
name = "tiny"
version = "0"
requires-python = ">=3.9"
dependencies = ["alpha", "torch"]

[[tool.uv.index]]
name = "pytorch"
url = "{address}"
explicit = true

[tool.uv.sources]
torch = {{ index = "pytorch" }}
"""
FAMILY = "torch torchvision torchaudio"


@pytest.fixture
def builds(tmp_path: Path) -> Path:
    """The folder of an index with a build for CPUs, and with what nobody should take from it."""
    folder = tmp_path / "builds"
    folder.mkdir()
    wheel(folder, "torch", "2.9+cpu", requires=("filelock",))
    wheel(folder, "alpha", "9.9", text="from_the_wrong_index = True\n")
    wheel(folder, "filelock", "9.9", text="from_the_wrong_index = True\n")
    return folder


@pytest.fixture
def elsewhere(builds: Path) -> Iterator[str]:
    with serve(builds) as address:
        yield address


@pytest.fixture
def public(wheelhouse: Path) -> Path:
    """The ordinary index: its torch is for GPUs, and somebody has put a newer one there."""
    wheel(wheelhouse, "alpha", "1.0")
    wheel(wheelhouse, "filelock", "3.0")
    wheel(wheelhouse, "triton", "3.0")
    for major in ("12", "13"):
        wheel(wheelhouse, f"nvidia-nccl-cu{major}", "2.0")
    wheel(wheelhouse, "torch", "2.9", requires=("filelock", "triton", "nvidia-nccl-cu13"))
    wheel(wheelhouse, "torch", "99.0", text="evil = True\n")
    return wheelhouse


@pytest.fixture
def project(tmp_path: Path, environ: dict[str, str], public: Path, elsewhere: str) -> Tiny:
    made = tiny(
        tmp_path / "project",
        environ,
        torch_build="cpu",
        torch_index=elsewhere,
        torch_packages=FAMILY,
    )
    text = PYPROJECT.format(address=elsewhere)
    (made.root / "pyproject.toml").write_text(text, encoding="utf-8")
    (made.root / "requirements.txt").write_text("# Draft: not yet resolved.\n", encoding="utf-8")
    return made


def pins(project: Tiny) -> set[str]:
    lines = (project.root / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return {line.split()[0] for line in lines if "==" in line}


def test_torch_comes_from_there_and_nothing_else_does(project: Tiny) -> None:
    project.sync()
    assert pins(project) == {"alpha==1.0", "filelock==3.0", "torch==2.9+cpu"}
    assert project.codes() == []
    for module in ("alpha", "filelock"):
        text = (project.site / module / "__init__.py").read_text(encoding="utf-8")
        assert "from_the_wrong_index" not in text


def test_the_lock_names_no_index(project: Tiny) -> None:
    project.sync()
    assert "://" not in (project.root / "requirements.txt").read_text(encoding="utf-8")


def test_what_a_machine_adds_to_the_ordinary_index_has_no_say(project: Tiny, public: Path) -> None:
    folder = public.parent / "added"
    folder.mkdir()
    wheel(folder, "torch", "2.9+cpu", text="evil = True\n")
    with serve(folder) as address:
        project.sync(UV_INDEX=address, PIP_EXTRA_INDEX_URL=address)
    assert "evil" not in (project.site / "torch" / "__init__.py").read_text(encoding="utf-8")


def test_an_edited_file_of_it_is_mended_from_there(project: Tiny) -> None:
    project.sync()
    path = project.site / "torch" / "__init__.py"
    path.write_text(path.read_text(encoding="utf-8") + "# edited\n", encoding="utf-8")
    assert project.codes() == ["file-edited"]
    assert "fetching anew what was changed: torch" in project.sync().stderr
    assert project.codes() == []


@pytest.mark.thorough
def test_an_index_that_has_another_file_under_that_name_is_refused(
    project: Tiny, builds: Path
) -> None:
    project.sync()
    project.run("delete", "--yes")
    wheel(builds, "torch", "2.9+cpu", text="evil = True\n")
    done = project.run("sync", UV_CACHE_DIR=str(project.root.parent / "another-cache"))
    assert done.returncode == 3
    assert "not the one in the lock" in done.stderr


def test_the_build_for_cuda_brings_one_cuda(project: Tiny, builds: Path) -> None:
    needs = ("filelock", "triton", "nvidia-nccl-cu12")
    wheel(builds, "torch", "2.9+cu126", requires=needs)
    (builds / "torch-2.9+cpu-py3-none-any.whl").unlink()
    project.sync()
    assert {pin for pin in pins(project) if pin.startswith("nvidia")} == {"nvidia-nccl-cu12==2.0"}
    assert "torch==2.9+cu126" in pins(project)


def test_without_its_index_the_project_is_kept_and_the_command_named(
    project: Tiny, elsewhere: str
) -> None:
    before = (project.root / "requirements.txt").read_bytes()
    for name in ("pyproject.toml", "tools/env.cfg"):
        path = project.root / name
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(elsewhere, "http://127.0.0.1:9/simple"), encoding="utf-8")
    done = project.run("sync")
    assert done.returncode == 3
    assert "error: The index to resolve with was not reached" in done.stderr
    assert "run again: python3 tools/env sync" in done.stderr
    assert (project.root / "requirements.txt").read_bytes() == before
    assert project.info()["state"] == "incomplete"


def test_uv_is_told_the_name_of_pytorchs_own_index(project: Tiny, tmp_path: Path) -> None:
    """Whatever that answers: the test must do without."""
    calls = tmp_path / "calls"
    uv = tmp_path / "uv"
    uv.write_text(f'#!/bin/sh\necho "$*" >> {calls}\nexec {project.environ["UV"]} "$@"\n')
    uv.chmod(0o755)
    settings = project.root / "tools" / "env.cfg"
    lines = settings.read_text(encoding="utf-8").splitlines(keepends=True)
    settings.write_text("".join(line for line in lines if "torch_index" not in line))
    (project.root / "requirements.txt").unlink()
    project.run("lock", UV=str(uv))
    project.run("sync", UV=str(uv))
    asked = [line for line in calls.read_text().splitlines() if "--torch-backend cpu" in line]
    assert {" ".join(line.split()[:2]) for line in asked} == {"pip compile", "pip install"}


@pytest.mark.parametrize("manager", ["venv", pytest.param("uv", marks=pytest.mark.thorough)])
def test_a_rendered_project_takes_that_build(
    template: Path, tmp_path: Path, home: Path, elsewhere: str, manager: str
) -> None:
    place = tmp_path / "rendered"
    render(
        template,
        place,
        framework="none",
        libraries=["torch"],
        accelerator="cpu",
        torch_index=elsewhere,
        env_manager=manager,
        python_version=MINOR,
    )
    project = Tiny(place, clean_environ(home, UV_CACHE_DIR=shared_cache()))
    assert "requirements-dev.txt: resolving it" in project.sync().stderr
    assert "torch==2.9+cpu" in pins(project)
    assert not [pin for pin in pins(project) if pin.startswith(("nvidia", "triton"))]
    assert project.codes() == []
    code = "import torch; print(torch.version)"
    done = subprocess.run([str(project.python), "-c", code], capture_output=True, text=True)
    assert done.stdout == "2.9+cpu\n"


SEVERAL = """\
[project]
name = "tiny"
version = "0"
requires-python = ">=3.9"
dependencies = ["alpha"]

[dependency-groups]
cpu = ["torch"]
cuda = ["torch", "fast-cuda"]
dev = ["tool"]

[[tool.uv.index]]
name = "pytorch-cpu"
url = "{cpu}"
explicit = true

[[tool.uv.index]]
name = "pytorch-cuda"
url = "{cuda}"
explicit = true

[tool.uv.sources]
torch = [
    {{ index = "pytorch-cpu", group = "cpu" }},
    {{ index = "pytorch-cuda", group = "cuda" }},
]
"""
CPU, CUDA = ("requirements-dev.txt", "requirements-dev-cuda.txt")
ROWS: list[Row] = []


@pytest.fixture
def several(tmp_path: Path, environ: dict[str, str], public: Path) -> Iterator[Tiny]:
    """A project with two builds, each of an index of its own; the one for GPUs has a newer torch.

    What that newest one needs, only it can have; with what both can have, alpha is older.
    """
    wheel(public, "alpha", "2.0")
    wheel(public, "fast-cuda", "1.0", requires=("alpha<2",))
    wheel(public, "tool", "1.0")
    folders = {"cpu": tmp_path / "torch" / "cpu", "cu130": tmp_path / "torch" / "cu130"}
    for build, folder in folders.items():
        folder.mkdir(parents=True)
        more = () if build == "cpu" else ("nvidia-nccl-cu13",)
        wheel(folder, "torch", f"2.9+{build}", requires=("filelock", *more))
    wheel(folders["cu130"], "torch", "2.10+cu130", requires=("filelock",))
    with serve(folders["cpu"]) as cpu, serve(folders["cu130"]) as cuda:
        made = tiny(
            tmp_path / "project",
            environ,
            builds="cpu cuda",
            lock=f"{CPU} {CUDA}",
            torch_build="cpu cu130",
            torch_index=f"{cpu} {cuda}",
            torch_packages=FAMILY,
        )
        text = SEVERAL.format(cpu=cpu, cuda=cuda)
        (made.root / "pyproject.toml").write_text(text, encoding="utf-8")
        for name in (CPU, CUDA):
            (made.root / name).write_text("# Draft: not yet resolved.\n", encoding="utf-8")
        yield made


def locked(project: Tiny, name: str) -> set[str]:
    lines = (project.root / name).read_text(encoding="utf-8").splitlines()
    return {line.split()[0] for line in lines if "==" in line}


def test_two_builds_are_locked_with_the_same_versions_of_all_else(several: Tiny) -> None:
    done = several.sync(SEEDBED_BUILD="cpu")
    assert "build cpu, since SEEDBED_BUILD says so" in done.stderr
    both = {"alpha==1.0", "filelock==3.0"}
    assert locked(several, "requirements.txt") == both | {"torch==2.9+cpu"}
    assert locked(several, CPU) == both | {"torch==2.9+cpu", "tool==1.0"}
    gpu = {"torch==2.9+cu130", "nvidia-nccl-cu13==2.0", "fast-cuda==1.0"}
    assert locked(several, "requirements-cuda.txt") == both | gpu
    assert locked(several, CUDA) == both | gpu | {"tool==1.0"}
    assert several.codes(SEEDBED_BUILD="cpu") == []


def test_the_build_of_an_environment_is_named_and_kept_until_another_is_asked_for(
    several: Tiny,
) -> None:
    several.sync(SEEDBED_BUILD="cpu")
    first = several.info()
    assert (first["build"], first["lock"], first["state"]) == ("cpu", CPU, "ready")
    assert first["build_why"] == "as before"
    (several.root / "tools" / "env.local.cfg").write_text("build = cuda\n", encoding="utf-8")
    assert "stale-lock" in several.codes()
    several.sync()
    assert (several.site / "nvidia_nccl_cu13").exists()
    now = several.info()
    assert (now["build"], now["lock"]) == ("cuda", CUDA)
    assert now["fingerprint"] != first["fingerprint"]
    assert several.codes() == []
    several.sync(SEEDBED_BUILD="cpu")
    assert not (several.site / "nvidia_nccl_cu13").exists()
    assert several.info(SEEDBED_BUILD="cpu")["fingerprint"] == first["fingerprint"]


def test_what_is_added_and_removed_is_in_the_locks_of_both(several: Tiny, public: Path) -> None:
    wheel(public, "beta", "1.0")
    several.sync(SEEDBED_BUILD="cpu")
    assert several.run("add", "beta").returncode == 0
    assert "beta==1.0" in locked(several, "requirements.txt") & locked(several, CUDA)
    done = several.run("lock")
    assert "is up to date" in done.stderr, done.stderr
    assert several.run("remove", "beta").returncode == 0
    assert "beta==1.0" not in locked(several, CPU) | locked(several, CUDA)
    assert several.run("remove", "torch").returncode == 0
    assert locked(several, CPU) == {"alpha==1.0", "tool==1.0"}


@pytest.mark.thorough
def test_what_pip_installed_is_frozen_into_both(several: Tiny, public: Path) -> None:
    several.sync(SEEDBED_BUILD="cpu")
    wheel(public, "beta", "1.0")
    wheel(public, "beta", "2.0")
    uv, target = several.environ["UV"], str(several.python)
    words = [uv, "pip", "install", "--python", target, "beta==1.0"]
    subprocess.run(words, cwd=several.root, env=several.environ, check=True, capture_output=True)
    done = several.run("freeze")
    assert done.returncode == 0, done.stderr
    assert "beta==1.0" in locked(several, CPU) & locked(several, CUDA)


def test_a_version_changed_in_one_of_the_locks_is_seen_and_mended(several: Tiny) -> None:
    several.sync(SEEDBED_BUILD="cpu")
    path = several.root / CUDA
    path.write_text(path.read_text("utf-8").replace("alpha==1.0", "alpha==0.9"), "utf-8")
    assert "locks-differ" in several.codes()
    told = several.run("check").stdout
    assert f"alpha is 1.0 in {CPU} and 0.9 in {CUDA}." in told
    path.write_text(path.read_text("utf-8").replace("alpha==0.9", "alpha==1.0"), "utf-8")
    assert several.codes() == []


@pytest.mark.thorough
def test_where_no_version_serves_both_builds_nothing_is_changed(
    several: Tiny, public: Path
) -> None:
    several.sync(SEEDBED_BUILD="cpu")
    path = several.root / "pyproject.toml"
    text = path.read_text("utf-8").replace('cpu = ["torch"]', 'cpu = ["torch", "alpha>=2"]')
    path.write_text(text, "utf-8")
    before = {name: (several.root / name).read_bytes() for name in (CPU, CUDA)}
    done = several.run("lock")
    assert done.returncode == 3
    assert "No version of alpha serves all builds: it is 2.0 for cpu and 1.0" in done.stderr
    assert {name: (several.root / name).read_bytes() for name in (CPU, CUDA)} == before


def test_a_build_that_there_is_not_is_refused(several: Tiny) -> None:
    done = several.run("sync", SEEDBED_BUILD="tpu")
    assert done.returncode == 3
    assert "SEEDBED_BUILD asks for the build tpu, and this project has cpu, cuda." in done.stderr


@situation("⟨place⟩ asks for the build ⟨build⟩", ways=(0,))  # 1 is an update
def _(it: Case) -> Iterator[str]:
    it.environ["SEEDBED_BUILD"] = "tpu"
    yield "sync"
    it.environ["SEEDBED_BUILD"] = "cpu"


@situation("⟨environment⟩ has build ⟨build⟩")
def _(it: Case) -> Iterator[str]:
    it.environ["SEEDBED_BUILD"] = "cuda"
    yield "check"


@situation("⟨environment⟩ has no build by name")
def _(it: Case) -> Iterator[str]:
    stamp = it.env / ".seedbed" / "stamp"
    stamp.write_text(re.sub(r"^build=.*\n", "", stamp.read_text(), flags=re.MULTILINE))
    yield "check"


@situation("⟨package⟩ is ⟨versions⟩.")
def _(it: Case) -> Iterator[str]:
    it.edit(CUDA, "filelock==3.0", "filelock==2.0")
    yield "check"


@situation("No version of ⟨package⟩ serves all builds")
def _(it: Case) -> Iterator[str]:
    it.edit("pyproject.toml", 'cpu = ["torch"]', 'cpu = ["torch", "alpha>=2"]')
    yield "lock"
    it.edit("pyproject.toml", ', "alpha>=2"', "")
    it.fill = {"VERSION": "1.0"}


@situation("⟨file⟩ is for the build ⟨build⟩, and this")
def _(it: Case) -> Iterator[str]:
    assert it.project.run("pack").returncode == 0
    [pack] = (it.root / "dist").glob("*.tar")
    it.environ["SEEDBED_BUILD"] = "cuda"
    yield f"sync --from dist/{pack.name}"
    del it.environ["SEEDBED_BUILD"]
    (it.root / "tools" / "env.local.cfg").write_text("build = cpu\n")


@pytest.mark.thorough
def test_what_is_named_mends(several: Tiny, wheelhouse: Path, subtests: pytest.Subtests) -> None:
    """One project for all: each row leaves it well for the next."""
    for row in ROWS:
        with subtests.test(row.says):
            several.sync(SEEDBED_BUILD="cpu")
            environ = {**several.environ, "SEEDBED_BUILD": "cpu"}
            tried(Case(Tiny(several.root, environ), wheelhouse), row)


@pytest.mark.parametrize(
    ("said", "before", "system", "driver", "build", "why"),
    [
        ({}, None, "linux", None, "cpu", "since this machine has no driver for another"),
        ({}, None, "linux", "cuda", "cuda", "since this machine has a driver for cuda"),
        ({}, None, "linux", "rocm", "cpu", "since this machine has no driver for another"),
        ({}, "cpu", "linux", "cuda", "cpu", "as before"),
        ({}, "rocm", "win32", "cuda", "cuda", "since this machine has a driver for cuda"),
        ({"V": None, "F": "cuda"}, "cpu", "linux", None, "cuda", "since F says so"),
        ({"V": "cpu", "F": "cuda"}, None, "linux", "cuda", "cpu", "since V says so"),
        (
            {"V": "cuda"},
            None,
            "darwin",
            None,
            "cpu",
            "since cuda, which V asks for, is not there for this system",
        ),
    ],
)
def test_the_build_is_the_one_asked_for_then_the_one_before_then_the_machines(
    said: dict[str, str | None],
    before: str | None,
    system: str,
    driver: str | None,
    build: str,
    why: str,
) -> None:
    assert choose(("cpu", "cuda"), said, before, system, driver) == (build, why)


@pytest.mark.skipif(sys.platform == "win32", reason="of Linux")
@pytest.mark.parametrize(
    ("file", "build"),
    [
        ("proc/driver/nvidia/version", "cuda"),
        ("usr/lib/wsl/lib/libcuda.so.1", "cuda"),
        ("dev/kfd", "rocm"),
        ("usr/bin/nvidia-smi", None),
    ],
)
def test_a_driver_is_known_by_what_it_brings(tmp_path: Path, file: str, build: str | None) -> None:
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).touch()
    assert driver(tmp_path, {}) == build


@pytest.fixture
def by_uv(several: Tiny) -> Tiny:
    """The same by the manager uv."""
    path = several.root / "tools" / "env.cfg"
    text = path.read_text("utf-8").replace("manager = venv", "manager = uv")
    path.write_text(text.replace(CUDA, f"{CUDA} uv.lock"), "utf-8")
    path = several.root / "pyproject.toml"
    conflicts = '[tool.uv]\nconflicts = [[{ group = "cpu" }, { group = "cuda" }]]\n\n'
    text = path.read_text("utf-8").replace("[[tool", f"{conflicts}[[tool", 1)
    path.write_text(text, "utf-8")
    return several


def test_uv_has_both_builds_in_one_lock(by_uv: Tiny) -> None:
    by_uv.sync(SEEDBED_BUILD="cpu")
    both = {"alpha==1.0", "filelock==3.0"}
    assert locked(by_uv, CPU) == both | {"torch==2.9+cpu", "tool==1.0"}
    gpu = {"torch==2.9+cu130", "nvidia-nccl-cu13==2.0", "fast-cuda==1.0"}
    assert locked(by_uv, "requirements-cuda.txt") == both | gpu
    assert by_uv.codes() == []
    assert "is up to date" in by_uv.run("lock").stderr
    for build in ("cpu", "cuda"):
        by_uv.sync(SEEDBED_BUILD=build)
        assert by_uv.codes() == []
        done = uv(by_uv, "sync", "--check", "--group", build)
        assert done.returncode == 0, done.stderr


@pytest.mark.thorough
def test_what_uv_and_the_engine_change_is_in_the_locks_of_both(by_uv: Tiny, public: Path) -> None:
    by_uv.sync(SEEDBED_BUILD="cpu")
    for name, version in (("beta", "1.0"), ("gamma", "1.0"), ("delta", "1.0")):
        wheel(public, name, version)
    assert by_uv.run("add", "beta").returncode == 0
    wheel(public, "beta", "2.0")
    assert uv(by_uv, "add", "gamma").returncode == 0
    by_uv.sync()
    words = ("pip", "install", "--python", str(by_uv.python), "delta")
    assert uv(by_uv, *words).returncode == 0
    done = by_uv.run("freeze")
    assert done.returncode == 0, done.stderr
    added = {"beta==1.0", "gamma==1.0", "delta==1.0"}
    assert added < locked(by_uv, "requirements.txt") & locked(by_uv, CUDA)
    assert uv(by_uv, "lock", "--check").returncode == 0
    assert by_uv.run("lock", "--upgrade", "beta").returncode == 0
    assert by_uv.run("remove", "gamma").returncode == 0
    both = locked(by_uv, CPU) & locked(by_uv, CUDA)
    assert "beta==2.0" in both
    assert "gamma" not in (by_uv.root / "uv.lock").read_text("utf-8")
    assert {"torch==2.9+cpu"} == {pin for pin in locked(by_uv, CPU) if pin.startswith("torch")}
    assert by_uv.codes() == []
