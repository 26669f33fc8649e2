"""Several builds in one project: a lock for each, with the same versions of all that they share."""

from __future__ import annotations

from pathlib import Path

import pytest
from build import load as catalogue
from support.template import render

from env import pyproject
from env.builds import apart
from env.project import Project, load
from env.requirements import notes, parse, text_of

BUILDS = "[cpu, cuda]"


def rendered(template: Path, place: Path, **answers: object) -> Project:
    render(template, place, libraries=[], accelerator=BUILDS, **answers)
    return load(place, {"SEEDBED_BUILD": "cuda"})


def versions(path: Path) -> list[tuple[str, str]]:
    return [(pin.name, pin.exact) for pin in parse(text_of(path))]


def names(path: Path) -> set[str]:
    return {pin.name for pin in parse(text_of(path))}


ROWS = [
    ("tensorflow", "3.13", "tensorflow-cpu", "nvidia-cudnn-cu12"),
    ("jax", "3.13", None, "jax-cuda13-plugin"),
    ("xgboost", "3.13", "xgboost-cpu", "nvidia-nccl-cu12"),
]


@pytest.mark.parametrize(
    ("framework", "python", "only_cpu", "only_cuda"),
    [row for row in ROWS if row[0] in catalogue()["frameworks"]],
)
def test_the_locks_of_both_builds_share_their_versions(
    template: Path,
    tmp_path: Path,
    framework: str,
    python: str,
    only_cpu: str | None,
    only_cuda: str,
) -> None:
    project = rendered(template, tmp_path / "p", framework=framework, python_version=python)
    cpu, cuda = project.every
    assert (cuda.lock.name, cuda.run_lock.name) == (
        "requirements-dev-cuda.txt",
        "requirements-cuda.txt",
    )
    assert apart({x.lock.name: versions(x.lock) for x in project.every}) == {}
    assert only_cuda in names(cuda.run_lock) - names(cpu.lock)
    assert only_cpu is None or only_cpu in names(cpu.run_lock) - names(cuda.lock)
    for each in project.every:
        assert notes(text_of(each.lock)).asked == pyproject.asked(project).sha256
        assert names(each.run_lock) < names(each.lock)
        assert "numpy" in names(each.run_lock)


def test_pytorch_comes_from_the_index_of_each_build(template: Path, tmp_path: Path) -> None:
    address = "https://packages.example.org/{build}"
    project = rendered(template, tmp_path / "p", framework="pytorch", torch_index=address)
    cpu, cuda = project.every
    assert (cpu.torch_build, cpu.torch_index) == ("cpu", "https://packages.example.org/cpu")
    assert (cuda.torch_build, cuda.torch_index) == ("cu130", "https://packages.example.org/cu130")
    asked = pyproject.asked(project)
    assert set(asked.builds) == {"cpu", "cuda"}
    assert not [line for line in asked.dependencies if line.startswith("torch")]
    assert asked.settings["sources"]["torch"] == [
        {"index": "pytorch-cpu", "group": "cpu"},
        {"index": "pytorch-cuda", "group": "cuda"},
    ]


def test_without_an_index_both_builds_of_pytorch_are_pytorchs_own(
    template: Path, tmp_path: Path
) -> None:
    project = rendered(template, tmp_path / "p", framework="pytorch")
    assert [(each.torch_build, each.torch_index) for each in project.every] == [
        ("cpu", None),
        ("cu130", None),
    ]
    assert all(notes(text_of(each.lock)).draft is not None for each in project.every)


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({"env_manager": "uv"}, "needs the address of the index"),
        ({"torch_index": "https://packages.example.org/"}, "Write {build}"),
    ],
)
def test_what_cannot_be_with_two_builds_is_refused(
    template: Path, tmp_path: Path, answers: dict[str, str], told: str
) -> None:
    with pytest.raises(ValueError, match=told):
        rendered(template, tmp_path / "p", framework="pytorch", **answers)


def test_uv_is_told_which_builds_are_locked_apart(template: Path, tmp_path: Path) -> None:
    answers = {"framework": "xgboost", "env_manager": "uv", "python_version": "3.13"}
    project = rendered(template, tmp_path / "p", **answers)
    locks = ["requirements-dev.txt", "requirements-dev-cuda.txt", "uv.lock"]
    assert [path.name for path in project.locks] == locks
    asked = pyproject.asked(project)
    assert asked.settings["conflicts"] == [[{"group": "cpu"}, {"group": "cuda"}]]
    assert notes(text_of(project.lock)).asked == asked.sha256


def test_a_project_with_one_build_has_nothing_of_it(template: Path, tmp_path: Path) -> None:
    render(template, tmp_path / "p", framework="xgboost", libraries=[], accelerator="cpu")
    assert not (tmp_path / "p" / "tools" / "env" / "builds.py").exists()
    assert not [*(tmp_path / "p").glob("*cuda*")]
    assert "builds" not in (tmp_path / "p" / "tools" / "env.cfg").read_text(encoding="utf-8")
