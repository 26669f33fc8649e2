"""PyTorch's builds: torch comes from its own index and nowhere else, the rest from the other."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.engine import MINOR, Tiny, clean_environ, shared_cache, tiny
from support.index import serve
from support.template import render
from support.wheels import wheel

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


@pytest.mark.parametrize("manager", ["venv", "uv"])
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
