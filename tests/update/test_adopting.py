"""A repository with code of its own becomes a project, and not a line of it is lost."""

from __future__ import annotations

import subprocess
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml
from adoption_summary import UNDO
from support.copying import COMMAND
from support.engine import MINOR, run
from support.layouts import LAYOUTS, committed, repository
from support.template import copy_parts, git, release, render, tree
from support.wheels import wheel

OURS = ("pip", "poethepoet", "pytest", "ruff", "uv", "uv-build", "setuptools", "poetry-core",
        "flit-core", "ipykernel", "pyrefly")  # fmt: skip
VERSIONS = {"setuptools": "64.0", "ipykernel": "7.0", "uv-build": "0.9"}
"""What the template and the back ends of the layouts bring along."""


@pytest.fixture
def served(wheelhouse: Path, alpha: object, beta: object) -> Path:
    """An index with what the layouts ask for: alpha and gamma in two versions each."""
    for name, version in (("alpha", "1.1"), ("gamma", "1.0"), ("gamma", "2.0")):
        wheel(wheelhouse, name, version)
    for name in OURS:
        wheel(wheelhouse, name, VERSIONS.get(name, "3.2"))
    return wheelhouse


def copy(template: Path, root: Path, environ: dict[str, str], *words: str) -> Any:
    """`copier copy --trust TEMPLATE .`, without a terminal and without an environment."""
    argv = [*COMMAND, "copy", "--trust", "--defaults", "--quiet"]
    argv += ["-d", "create_env=false", *words, str(template), "."]
    return subprocess.run(
        argv, cwd=root, env=environ, capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


def pins(root: Path) -> set[str]:
    lines = (root / "requirements-dev.txt").read_text(encoding="utf-8").splitlines()
    return {line.split()[0] for line in lines if "==" in line and not line.startswith("#")}


KEPT = {
    "src": {"beta==2.0"},
    "flat": {"gamma==1.0", "alpha==1.1"},
    "setup.cfg": {"beta==2.0", "alpha==1.1"},
    "poetry": {"alpha==1.0", "gamma==1.0"},
    "pipenv": {"alpha==1.0", "gamma==2.0"},
    "conda": {"alpha==1.0", "gamma==1.0"},
    "notebooks": {"alpha==1.0", "gamma==2.0"},
    "ccds-1": {"alpha==1.1", "beta==2.0"},
    "ccds-2": {"alpha==1.1", "gamma==2.0"},
    "member": {"beta==2.0"},
}
QUICK = {"src", "conda", "edited", "broken"}
"""The rows of each test run; all of them take a minute."""


def rows(names: Iterable[str]) -> list[Any]:
    return [
        pytest.param(name, id=name, marks=() if name in QUICK else pytest.mark.thorough)
        for name in names
    ]


@pytest.mark.parametrize("layout", rows(LAYOUTS))
def test_what_is_there_stays_and_what_it_asks_for_is_locked(
    layout: str, template: Path, served: Path, environ: dict[str, str], tmp_path: Path
) -> None:
    root = repository(tmp_path / "repository", layout)
    before = tree(root)
    done = copy(template, root, environ)
    assert done.returncode == 0, done.stderr
    after = tree(root)
    # Replaced is the list that is the lock now; merged are two files, of which each line is there.
    for name, content in before.items():
        if name in ("pyproject.toml", ".gitignore"):
            lines = after[name].splitlines()
            assert [line for line in content.splitlines() if line not in lines] == []
        elif name != "requirements.txt":
            assert after[name] == content, name
    assert KEPT[layout] <= pins(root), done.stderr
    assert "requirements-dev.txt is new: " in done.stderr  # and no list of what nobody had
    asked = tomllib.loads(after["pyproject.toml"].decode())["project"]["dependencies"]
    assert asked
    assert git(root, "log", "--format=%s").split("\n") == ["As it was", ""]
    assert git(root, "status", "--porcelain", "-z", "--untracked-files=all").count("?? ") == 0
    assert {"tools/env.cfg", "tools/env/managers/venv.py"} <= set(git(root, "ls-files").split())
    assert not (root / "src" / "my_project").exists()
    answers = yaml.safe_load(after[".copier-answers.yml"])
    assert (answers["framework"], answers["adopted"]) == ("none", True)
    git(root, "commit", "--quiet", "--message", "adopt")
    again = run("python3", root, "lock", environ=environ)
    assert "is up to date" in again.stderr, again.stderr


SPOILT: dict[str, tuple[Callable[[Path], Any], str]] = {
    "new": (lambda root: (root / "new.py").write_text(""), "these files as they are: new.py"),
    "edited": (lambda root: (root / "README.md").write_text("x"), "as they are: README.md"),
    "staged": (lambda root: git(root, "mv", "README.md", "READ"), "No commit has these files"),
    "no git": (lambda root: (root / ".git").rename(root.parent / "git"), "are in no commit"),
    "taken": (lambda root: _commit(root, "activate.sh", "echo mine\n"), "taken: activate.sh"),
    "other": (lambda root: _commit(root, ".copier-answers.yml", "x: y\n"), "another template"),
    "older": (
        lambda root: _commit(root, ".copier-answers.yml", "_commit: x\nenv_manager: uv\n"),
        "is a project of the template already",
    ),
    "file": (lambda root: _commit(root, "tools", "mine\n"), "`tools` is a file here"),
    "broken": (lambda root: _commit(root, "pyproject.toml", "[project\n"), "toml is no TOML"),
}


@pytest.mark.parametrize("how", rows(SPOILT))
def test_what_could_not_be_reviewed_is_refused_and_all_is_as_it_was(
    how: str, template: Path, environ: dict[str, str], tmp_path: Path
) -> None:
    spoil, said = SPOILT[how]
    root = repository(tmp_path / "repository", "src")
    spoil(root)
    before = tree(root)
    done = copy(template, root, environ)
    assert done.returncode != 0
    assert said in done.stderr
    assert "Nothing was changed" in done.stderr
    assert tree(root) == before


def test_a_project_of_the_template_is_not_adopted_again(
    template: Path, environ: dict[str, str], tmp_path: Path
) -> None:
    root = tmp_path / "project"
    root.mkdir()
    assert copy(template, root, environ, "-d", "git_init=false").returncode == 0
    committed(root)
    (root / "README.md").write_text("mine\n")
    before = tree(root)
    done = copy(template, root, environ, "-d", "description=other")
    assert done.returncode != 0
    assert "copier update --trust" in done.stderr
    assert tree(root) == before


@pytest.mark.thorough
def test_a_repository_without_code_gets_the_starter(
    template: Path, environ: dict[str, str], tmp_path: Path
) -> None:
    files = {"README.md": "# Mine\n", ".gitignore": "*.log\n"}
    root, _ = _adopted_unlocked(template, environ, tmp_path, files)
    assert (root / "README.md").read_text() == "# Mine\n"
    assert (root / ".gitignore").read_text().startswith("*.log\n")
    fresh = render(template, tmp_path / "fresh", project_name=root.name, package_name="seeds")
    for name in ("src/seeds/train.py", "pyproject.toml", "requirements-dev.txt", "tools/env.cfg"):
        assert (root / name).read_bytes() == (fresh / name).read_bytes(), name
    assert yaml.safe_load((root / ".copier-answers.yml").read_text())["adopted"] is False


@pytest.mark.thorough
def test_the_starter_is_installed_where_there_are_requirements_and_no_code(
    template: Path, environ: dict[str, str], tmp_path: Path
) -> None:
    root, said = _adopted_unlocked(template, environ, tmp_path, {"requirements.txt": "alpha\n"})
    content = tomllib.loads((root / "pyproject.toml").read_text())
    assert content["tool"]["uv"]["build-backend"] == {"module-name": "seeds"}
    assert "\npackage = seeds\n" in (root / "tools" / "env.cfg").read_text()
    assert "the lock is not made" in said  # there is no uv, and that is said


@pytest.mark.thorough
def test_a_login_in_a_file_comes_into_none_of_the_projects(
    template: Path, served: Path, environ: dict[str, str], tmp_path: Path
) -> None:
    text = (
        "--index-url https://me:SECRET@pypi.example.invalid/simple\nalpha\n"
        "tool @ git+https://SECRET@example.invalid/tool.git\n"
    )
    root = repository(tmp_path / "repository", "notebooks", **{"requirements.txt": text})
    done = copy(template, root, environ)
    assert done.returncode == 0
    held = [name for name, content in tree(root).items() if b"SECRET" in content]
    assert held == []
    assert "SECRET" not in done.stdout + done.stderr
    assert "has a login in its address" in done.stderr
    assert UNDO in done.stderr
    subprocess.run(UNDO, cwd=root, env=environ, shell=True, check=True, capture_output=True)
    assert git(root, "status", "--porcelain") == ""


@pytest.mark.thorough
def test_a_member_is_taken_back_alone(
    template: Path, environ: dict[str, str], tmp_path: Path
) -> None:
    root = repository(tmp_path / "repository", "member")
    _commit(root, "pyproject.toml", "[project\n")
    other = tmp_path / "repository" / "packages" / "common" / "pyproject.toml"
    other.write_text("# not committed\n")
    before = tree(tmp_path / "repository")
    done = copy(template, root, environ)
    assert "toml is no TOML" in done.stderr
    assert tree(tmp_path / "repository") == before
    _commit(root, "pyproject.toml", '[project]\nname = "seeds"\nversion = "1"\n')
    other.write_text("# not committed again\n")
    before = tree(tmp_path / "repository")
    assert copy(template, root, {**environ, "UV": "/nowhere/uv"}).returncode == 0
    assert tree(tmp_path / "repository") != before
    subprocess.run(UNDO, cwd=root, env=environ, shell=True, check=True, capture_output=True)
    assert tree(tmp_path / "repository") == before


MORE = {
    "Dockerfile", ".dockerignore", ".vscode/extensions.json", ".vscode/launch.json",
    ".vscode/settings.json", ".vscode/tasks.json", ".copier-answers.yml",
}  # fmt: skip
"""What these extras bring to adopted code: nothing that names a place in src/."""


# The second one's package is called as no answer may be.
@pytest.mark.thorough
@pytest.mark.parametrize("layout", ["poetry", "ccds-1"])
def test_an_update_of_an_adopted_project_loses_no_line(
    layout: str, served: Path, environ: dict[str, str], tmp_path: Path
) -> None:
    template = tmp_path / "seedbed"
    template.mkdir()
    copy_parts(template)
    git(template, "init", "--quiet", "--initial-branch=main")
    release(template, "v1.0.0")
    root = repository(tmp_path / "repository", layout)
    assert copy(template, root, environ).returncode == 0
    git(root, "commit", "--quiet", "--message", "adopt")
    before = tree(root)
    path = template / "template" / "pyproject.toml.jinja"
    text = path.read_text(encoding="utf-8")
    task = 'lint = { cmd = "ruff check"'
    assert task in text
    path.write_text(text.replace(task, f'new = {{ cmd = "true" }}\n{task}'), encoding="utf-8")
    ignored = template / "template" / ".gitignore.jinja"
    ignored.write_text(ignored.read_text(encoding="utf-8") + "*.bak\n", encoding="utf-8")
    release(template, "v2.0.0")
    argv = [*COMMAND, "update", "--defaults", "--trust", "-d", "extras=[vscode, docker, types]"]
    argv += ["-d", "python_version=3.12"]
    done = subprocess.run(
        argv, cwd=root, env=environ, capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    after = tree(root)
    changed = {"requirements-dev.txt", "requirements.txt"}
    answers = before.pop(".copier-answers.yml").decode()
    for name in before.keys() - changed:
        lines = after[name].splitlines()
        lost = [line for line in before[name].splitlines() if line not in lines]
        assert [line for line in lost if b"3.13" not in line] == [], name
    told = tomllib.loads(after["pyproject.toml"].decode())["project"]["requires-python"]
    assert told == {"poetry": ">=3.9,<4.0", "ccds-1": "==3.12.*"}[layout]
    assert b'new = { cmd = "true" }' in after["pyproject.toml"]
    assert b"*.bak" in after[".gitignore"]
    assert KEPT[layout] <= pins(root)
    assert b"!/.vscode/" in after[".gitignore"]
    assert after.keys() - before.keys() == MORE
    assert b"src/" not in after["Dockerfile"]
    now = {"_commit": "v2.0.0", "python_version": "3.12", "extras": ["vscode", "docker", "types"]}
    assert yaml.safe_load(after[".copier-answers.yml"]) == {**yaml.safe_load(answers), **now}


@pytest.mark.weekly
def test_the_environment_of_an_adopted_project_is_made_and_takes_more(
    template: Path, served: Path, environ: dict[str, str], tmp_path: Path
) -> None:
    root = repository(tmp_path / "repository", "conda")
    text = (root / "environment.yml").read_text().replace("3.12", MINOR)
    _commit(root, "environment.yml", text)
    done = copy(template, root, environ, "-d", "create_env=true")
    assert ".venv: ready" in done.stderr, done.stderr
    added = run("python3", root, "add", "beta", environ=environ)
    assert added.returncode == 0, added.stderr
    assert run("python3", root, "check", environ=environ).returncode == 0
    assert {"alpha==1.0", "beta==2.0", "gamma==1.0"} <= pins(root)


def _adopted_unlocked(
    template: Path, environ: dict[str, str], tmp_path: Path, files: dict[str, str]
) -> tuple[Path, str]:
    """A repository of these files after the copy, without a uv that could lock; what was said."""
    root = tmp_path / "repository"
    root.mkdir()
    for name, text in files.items():
        (root / name).write_text(text)
    committed(root)
    done = copy(template, root, {**environ, "UV": "/nowhere/uv"}, "-d", "package_name=seeds")
    assert done.returncode == 0, done.stderr
    return root, done.stderr


def _commit(root: Path, name: str, text: str) -> None:
    (root / name).write_text(text, encoding="utf-8")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", name)
