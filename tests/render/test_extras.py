"""The files that only some want: each comes when it is chosen, and is what its tool can read."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from support.template import ROOT, render, tree

from env.uv import OLDEST

FILES = {
    "pack": {f"tools/env/{name}.py" for name in ("pack", "packing", "rebuilding")},
    "vscode": {f".vscode/{name}.json" for name in ("extensions", "launch", "settings", "tasks")},
    "direnv": {".envrc"},
    "devcontainer": {".devcontainer/devcontainer.json"},
    "docker": {".dockerignore", "Dockerfile", "apptainer.def", "kubernetes-job.yaml"},
    "pre-commit": {".pre-commit-config.yaml", "tools/in_env.sh"},
    "github": {
        ".github/workflows/audit.yml",
        ".github/workflows/checks.yml",
        ".github/workflows/template-update.yml",
        "tools/template_update.py",
    },
    "gitlab": {".gitlab-ci.yml", "tools/template_update.py"},
    "renovate": {"renovate.json"},
    "citation": {"CITATION.cff"},
    "agents": {"AGENTS.md"},
    "cards": {"tools/runs/cards.py"},
    "types": {"src/my_project/py.typed"},
    "sweep": {
        "configs/sweep.toml",
        *(
            f"tools/sweep/{name}.py"
            for name in ("__main__", "journal", "pictures", "results", "search", "space", "worker")
        ),
    },
}
HELPERS = {
    "tcsh": {"activate.csh", "tools/leave.csh"},
    "xonsh": {"activate.xsh"},
    "nushell": {"activate.nu"},
}
PARTS = ("__main__", "environment", "follow", "launch", "tie", "worker")
CLUSTER = {f"tools/cluster/{name}.py" for name in PARTS}
ENGINES = {
    "dask": CLUSTER | {"tools/cluster/on_dask.py"},
    "ray": CLUSTER | {"tools/cluster/on_ray.py"},
    "slurm": CLUSTER
    | {"tools/cluster/on_slurm.py", "tools/cluster/on_slurm.sh"}
    | {"slurm/train.sbatch", "slurm/workers.sbatch"},
}


def parsed(project: Path, name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((project / name).read_text(encoding="utf-8"))
    return read


def test_every_choice_is_in_the_table() -> None:
    question = yaml.safe_load((ROOT / "questions" / "extras.yml").read_text(encoding="utf-8"))
    assert set(question["extras"]["choices"].values()) == set(FILES)
    assert set(question["shells"]["choices"].values()) == set(HELPERS)
    assert set(question["scale_out"]["choices"].values()) == set(ENGINES)


@pytest.fixture(scope="module")
def bare(template: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return tree(render(template, tmp_path_factory.mktemp("bare") / "p", extras=[]))


@pytest.mark.parametrize("extra", FILES)
def test_a_choice_brings_its_files_and_no_others(
    extra: str, bare: dict[str, bytes], template: Path, tmp_path: Path
) -> None:
    full = tree(render(template, tmp_path / "full", extras=[extra]))
    assert set(full) - set(bare) == FILES[extra]


@pytest.mark.parametrize("shell", HELPERS)
def test_a_shell_brings_its_helper_and_no_others(
    shell: str, bare: dict[str, bytes], template: Path, tmp_path: Path
) -> None:
    full = tree(render(template, tmp_path / "full", extras=[], shells=[shell]))
    assert set(full) - set(bare) == HELPERS[shell]


@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_brings_its_launcher_and_library_and_no_others(
    engine: str, bare: dict[str, bytes], template: Path, tmp_path: Path
) -> None:
    full = tree(render(template, tmp_path / "full", extras=[], scale_out=[engine]))
    assert set(full) - set(bare) == ENGINES[engine]
    brought = {
        name
        for name in ("dask", "ray", "dask-jobqueue")
        if re.search(rf"^{name}==", full["requirements-dev.txt"].decode(), re.MULTILINE)
    }
    assert brought == {engine} - {"slurm"}


def test_tracking_brings_its_library_and_a_function_and_no_files(
    bare: dict[str, bytes], template: Path, tmp_path: Path
) -> None:
    answers = {"extras": [], "tracking": "mlflow", "package_name": "own"}
    full = tree(render(template, tmp_path / "full", **answers))
    assert len(full) == len(bare)
    assert b"\nmlflow==" in full["requirements.txt"]
    assert b"def track(" in full["src/own/_runs.py"]
    # What it leaves is ignored in all projects: an update that gives it up leaves it there.
    named = [name for name, content in bare.items() if b"mlflow" in content]
    assert named == [".gitignore"]


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="there is no shellcheck on this machine")
def test_the_files_for_slurm_are_sound_bash(template: Path, tmp_path: Path) -> None:
    project = render(template, tmp_path / "p", framework="pytorch", scale_out=["slurm"])
    scripts = [*project.glob("slurm/*.sbatch"), project / "tools" / "cluster" / "on_slurm.sh"]
    assert len(scripts) == 4
    subprocess.run(["shellcheck", "-x", *scripts], cwd=project, check=True)


def test_dask_on_slurm_brings_what_starts_its_workers_as_jobs(
    template: Path, tmp_path: Path
) -> None:
    project = render(template, tmp_path / "p", scale_out=["dask", "slurm"])
    assert "\ndask-jobqueue==" in (project / "requirements-dev.txt").read_text("utf-8")
    assert "\ndask-jobqueue==" not in (project / "requirements.txt").read_text("utf-8")


@pytest.mark.parametrize(
    ("location", "name", "expected"),
    [
        ("inside", ".venv", None),
        ("inside", "my env", "${workspaceFolder}/my env/bin/python"),
        ("alongside", "x.venv", "${workspaceFolder}/../x.venv/bin/python"),
        ("central", "x", "${env:HOME}/.virtualenvs/x/bin/python"),
    ],
)
def test_vs_code_finds_the_environment_wherever_it_lives(
    location: str, name: str, expected: str | None, template: Path, tmp_path: Path
) -> None:
    project = render(
        template, tmp_path / "p", extras=["vscode"], env_location=location, env_name=name
    )
    settings = parsed(project, ".vscode/settings.json")
    assert settings.get("python.defaultInterpreterPath") == expected
    assert settings["python.testing.pytestEnabled"] is True


@pytest.mark.parametrize("framework", ["none", "scikit-learn"])
def test_vs_code_starts_what_there_is(framework: str, template: Path, tmp_path: Path) -> None:
    project = render(
        template, tmp_path / "p", extras=["vscode", "types"], framework=framework, libraries=[]
    )
    asked = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    tasks = parsed(project, ".vscode/tasks.json")["tasks"]
    names = [task["args"][-1] for task in tasks if "poe" in task["args"]]
    assert {"test", "lint", "format", "types"} <= set(names) <= set(asked["tool"]["poe"]["tasks"])
    launches = parsed(project, ".vscode/launch.json")["configurations"]
    modules = [each["module"].split(".") for each in launches if "module" in each]
    assert len(modules) == (0 if framework == "none" else 2)
    assert all((project / "src" / package / f"{name}.py").is_file() for package, name in modules)


@pytest.mark.parametrize("manager", ["venv", "uv", "conda"])
def test_assistants_are_told_of_commands_and_files_that_there_are(
    manager: str, template: Path, tmp_path: Path
) -> None:
    answers = {"env_manager": manager, "extras": ["agents", "types", "pre-commit"]}
    project = render(template, tmp_path / "p", **answers)
    asked = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    text = (project / "AGENTS.md").read_text(encoding="utf-8")
    assert set(re.findall(r"poe ([a-z-]+)", text)) <= set(asked["tool"]["poe"]["tasks"])
    named = re.findall(r"`([\w./*-]+[./][\w./*-]*)`", text)
    missing = {name for name in named if not [*project.glob(name)]}
    assert missing <= {"pixi.lock", "runs/", "uv.lock"}  # made later


def test_a_dev_container_keeps_its_environment_outside_the_mount(
    template: Path, tmp_path: Path
) -> None:
    project = render(template, tmp_path / "p", extras=["devcontainer"], python_version="3.13")
    container = parsed(project, ".devcontainer/devcontainer.json")
    place = container["containerEnv"]["UV_PROJECT_ENVIRONMENT"]
    assert container["containerEnv"]["GIT_CONFIG_KEY_0"] == "safe.directory"
    assert place == "/opt/my-project"
    assert container["image"] == "python:3.13"
    settings = container["customizations"]["vscode"]["settings"]
    assert settings["python.defaultInterpreterPath"] == f"{place}/bin/python"


def test_a_dev_container_is_the_environment_of_the_image_where_there_is_one(
    template: Path, tmp_path: Path
) -> None:
    project = render(template, tmp_path / "p", extras=["devcontainer", "docker"])
    container = parsed(project, ".devcontainer/devcontainer.json")
    dockerfile = (project / "Dockerfile").read_text(encoding="utf-8")
    assert "image" not in container
    assert (project / ".devcontainer" / container["build"]["dockerfile"]).is_file()
    assert f" AS {container['build']['target']}\n" in dockerfile
    assert f"\nWORKDIR {container['workspaceFolder']}\n" in dockerfile
    place = container["containerEnv"]["UV_PROJECT_ENVIRONMENT"]
    assert f"UV_PROJECT_ENVIRONMENT={place} " in dockerfile


@pytest.mark.parametrize(
    ("accelerator", "flag", "resource"),
    [
        ("default", "", None),
        ("cuda", "--nv ", "nvidia.com/gpu"),
        ("rocm", "--rocm ", "amd.com/gpu"),
    ],
)
def test_a_gpu_is_asked_for_where_the_build_is_for_one(
    accelerator: str, flag: str, resource: str | None, template: Path, tmp_path: Path
) -> None:
    project = render(
        template,
        tmp_path / "p",
        extras=["devcontainer", "docker"],
        framework="pytorch",
        accelerator=accelerator,
    )
    container = parsed(project, ".devcontainer/devcontainer.json")
    wanted = {"gpu": "optional"} if accelerator == "cuda" else None
    assert container.get("hostRequirements") == wanted
    assert f"apptainer run {flag}--bind" in (project / "apptainer.def").read_text(encoding="utf-8")
    job = yaml.safe_load((project / "kubernetes-job.yaml").read_text(encoding="utf-8"))
    limits = job["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]
    assert set(limits) - {"memory"} == ({resource} if resource else set())


@pytest.mark.parametrize(
    "answers",
    [
        {"env_manager": "venv"},
        {"env_manager": "uv", "framework": "lightgbm"},
        {"env_manager": "conda", "framework": "pytorch", "accelerator": "cuda"},
        {"framework": "none", "libraries": ["lightgbm"]},
        {"framework": "xgboost", "accelerator": "[cpu, cuda]"},
    ],
    ids=["venv", "uv", "conda", "none", "two builds"],
)
def test_the_files_of_containers_are_what_their_tools_know(
    answers: dict[str, Any], template: Path, tmp_path: Path
) -> None:
    project = render(template, tmp_path / "p", extras=["docker"], **answers)
    hadolint = [Path(sys.executable).with_name("hadolint"), project / "Dockerfile"]
    looked = subprocess.run(hadolint, capture_output=True, text=True, check=False)
    assert looked.returncode == 0, looked.stdout + looked.stderr
    dockerfile = (project / "Dockerfile").read_text(encoding="utf-8")
    definition = (project / "apptainer.def").read_text(encoding="utf-8")
    for text in (dockerfile, definition):
        assert ("libgomp1" in text) == ("lightgbm" in str(answers))
    locks = re.search(r"^COPY (pyproject.*) \./$", dockerfile, re.MULTILINE)
    assert locks
    assert all(f"    {each} /app/{each}\n" in definition for each in locks[1].split())
    assert {path.name for path in project.glob("requirements*.txt")} <= set(locks[1].split())
    for text in (dockerfile, definition):
        assert ("SEEDBED_BUILD" in text) == ("cpu, cuda" in str(answers))
    if answers.get("framework") != "none":
        job = yaml.safe_load((project / "kubernetes-job.yaml").read_text(encoding="utf-8"))
        kubernetes_validate.validate(job, "1.37", strict=True)


def test_each_pod_of_a_job_goes_on_with_the_run_of_its_name(template: Path, tmp_path: Path) -> None:
    project = render(template, tmp_path / "p", extras=["docker"])
    job = yaml.safe_load((project / "kubernetes-job.yaml").read_text(encoding="utf-8"))
    container = job["spec"]["template"]["spec"]["containers"][0]
    name = container["env"][0]
    assert "job-name" in name["valueFrom"]["fieldRef"]["fieldPath"]
    assert container["args"] == ["poe", "train", "--name", f"$({name['name']})"]
    assert {"runs", "data"} == {mount["subPath"] for mount in container["volumeMounts"]}


def test_whoever_brings_versions_waits_as_long_as_the_window(
    template: Path, tmp_path: Path
) -> None:
    project = render(template, tmp_path / "p", extras=["renovate"])
    settings = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["tool"]["uv"]
    renovate = json.loads((project / "renovate.json").read_text("utf-8"))
    assert settings["exclude-newer"] == renovate["minimumReleaseAge"] == "7 days"


def test_no_uv_that_knows_no_window_works_on_a_project_of_uv(
    template: Path, tmp_path: Path
) -> None:
    project = render(template, tmp_path / "p", env_manager="uv")
    settings = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["tool"]["uv"]
    assert settings["required-version"] == f">={'.'.join(map(str, OLDEST))}"
