"""What is rendered, for ordinary and for nasty answers. Nothing is run and nothing is trusted."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
import tomllib
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.template import ROOT, render, tree

QUOTES = 'Zoë\'s "quoted" # back\\slash {{ braces }} {% raw %} $HOME `tick` <tag> & ; | 🚀 «é»'
NASTY = {
    "quotes": QUOTES,
    "newlines": "first line\nsecond line\r\n\n  - third: [a, b]\n# fourth",
    "toml": "'''\"\"\" = [x] \\u0041",
    "yaml": "- a: {b}\n  !tag &anchor *alias | > ---",
    "long": "long words and more of them " * 7,
    "rtl": "مشروع תפוח 机器学习 ẞ",
}


CATALOGUE = json.loads((ROOT / "catalogue" / "libraries.json").read_text(encoding="utf-8"))
FRAMEWORKS = list(CATALOGUE["frameworks"])
OLDEST = min(CATALOGUE["legacy"], key=lambda minor: int(minor.partition(".")[2]))


def newest(framework: str) -> str:
    """The newest Python that a framework can be had for."""
    needs = CATALOGUE["frameworks"][framework]
    entries = [each for each in CATALOGUE["libraries"] if each["name"] in needs]
    fitting: list[str] = [
        python
        for python in CATALOGUE["python"]
        if all(python in entry["pythons"] for entry in entries)
    ]
    return fitting[-1]


def documents(project: Path) -> dict[str, Any]:
    """Every file of a structured format, parsed; a broken one fails right here."""
    parsed: dict[str, Any] = {}
    for path in sorted(project.rglob("*")):
        if not path.is_file() or ".git" in path.parts:
            continue
        name, text = str(path.relative_to(project)), path.read_text(encoding="utf-8")
        if path.suffix == ".toml":
            parsed[name] = tomllib.loads(text)
        elif path.suffix in (".yml", ".yaml"):
            parsed[name] = yaml.safe_load(text)
        elif path.suffix in (".json", ".ipynb"):
            parsed[name] = json.loads(text)
        elif path.suffix == ".py":
            parsed[name] = ast.parse(text)
        elif path.suffix == ".sh":
            subprocess.run(["bash", "-n", str(path)], check=True)
    return parsed


@pytest.fixture(scope="module")
def plain(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of the defaults, whatever a team makes the usual licence and extras; nobody writes
    into it."""
    place = tmp_path_factory.mktemp("plain") / "p"
    return render(template, place, project_name="Digits", license="None", extras=[])


@pytest.fixture(scope="module", params=FRAMEWORKS)
def started(
    request: pytest.FixtureRequest, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A project of each framework, for the newest Python that it can be had for."""
    framework: str = request.param
    answers = {"framework": framework, "python_version": newest(framework)}
    return render(
        template, tmp_path_factory.mktemp(framework) / "p", package_name="middle", **answers
    )


def test_a_project_has_exactly_these_places(plain: Path) -> None:
    top = {path.name for path in plain.iterdir()}
    assert top == {
        ".copier-answers.yml", ".gitattributes", ".gitignore", "README.md",
        "activate.bat", "activate.fish", "activate.ps1", "activate.sh",
        "configs", "data", "notebooks", "pyproject.toml",
        "requirements-dev.txt", "requirements.txt", "src", "tests", "tools",
    }  # fmt: skip
    assert {path.name for path in (plain / "src" / "digits").iterdir()} >= {
        "data.py", "model.py", "train.py", "evaluate.py", "predict.py",
    }  # fmt: skip


def test_a_project_gets_no_more_files_than_it_has(plain: Path) -> None:
    """Each costs its reader at every look, and Copier at every render, three times at an update."""
    assert len(tree(plain)) <= 81


def test_without_a_framework_there_is_no_starter(template: Path, tmp_path: Path) -> None:
    project = render(template, tmp_path / "p", project_name="Digits", framework="none")
    files = {name for name in tree(project) if not name.startswith("tools/")}
    assert {name for name in files if name.endswith((".py", ".toml", ".sha256"))} == {
        "pyproject.toml", "src/digits/__init__.py", "tests/test_package.py",
    }  # fmt: skip
    tasks = documents(project)["pyproject.toml"]["tool"]["poe"]["tasks"]
    assert set(tasks) == {"test", "lint", "format", "audit", "template-check"}
    readme = (project / "README.md").read_text(encoding="utf-8")
    assert not re.search(r"train|predict|evaluate|reproduce|doctor|configs/", readme)


@pytest.mark.parametrize(
    ("answers", "wanted"),
    [
        ({"framework": "scikit-learn"}, False),
        ({"framework": "jax"}, True),
        ({"framework": "none", "libraries": ["torch"]}, False),
    ],
)
def test_the_doctor_comes_with_a_framework_that_computes_on_gpus(
    template: Path, tmp_path: Path, answers: dict[str, Any], wanted: bool
) -> None:
    project = render(template, tmp_path / "p", **answers)
    assert (project / "tools" / "doctor.py").exists() == wanted
    assert ("doctor" in documents(project)["pyproject.toml"]["tool"]["poe"]["tasks"]) == wanted
    assert ("`doctor`" in (project / "README.md").read_text(encoding="utf-8")) == wanted


def test_only_the_model_and_what_it_is_made_of_know_the_framework(started: Path) -> None:
    libraries = r"\b(sklearn\.neural|xgboost|lightgbm|torch|tensorflow|keras|jax|optax)\b"
    for path in (started / "src" / "middle").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        imports = re.findall(r"^ *(?:import|from) .+", text, re.MULTILINE)
        known = [line for line in imports if re.search(libraries, line)]
        may = path.name in ("_device.py", "_epochs.py", "model.py", "train.py")
        assert may or not known, (path.name, known)


@pytest.mark.thorough
def test_a_first_notebook_is_rendered_where_notebooks_can_run_and_there_is_a_starter(
    template: Path, tmp_path: Path
) -> None:
    for number, (framework, library, expected) in enumerate(
        [
            ("pytorch", "ipykernel", True),
            ("scikit-learn", "jupyterlab", True),
            ("scikit-learn", "rich", False),
            ("none", "ipykernel", False),
        ]
    ):
        answers = {"framework": framework, "libraries": [library], "package_name": "digits"}
        project = render(template, tmp_path / str(number), **answers)
        notebook = documents(project).get("notebooks/first-look.ipynb")
        assert (notebook is not None) is expected, answers
        if notebook is not None:
            assert notebook["metadata"]["kernelspec"]["name"] == "digits"
            cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
            assert not any(cell["outputs"] for cell in cells)
            ast.parse("\n".join("".join(cell["source"]) for cell in cells))


def test_files_that_are_included_as_they_are_hold_no_jinja() -> None:
    files = [path for path in (ROOT / "frameworks").rglob("*") if path.is_file()]
    frameworks = {*FRAMEWORKS, *CATALOGUE["retired"]["frameworks"]} - {"none"}
    assert {path.parent.name for path in files} == frameworks
    for path in files:
        assert not re.search(r"{{|{%|{#", path.read_text(encoding="utf-8")), path


def test_the_same_answers_give_the_same_bytes(template: Path, tmp_path: Path) -> None:
    answers = {"project_name": "Twice", "libraries": ["polars", "scipy"], "license": "MIT"}
    first = tree(render(template, tmp_path / "a", **answers))
    second = tree(render(template, tmp_path / "elsewhere" / "b", **answers))
    assert first == second


@pytest.mark.thorough
def test_copiers_command_gives_them_too(template: Path, plain: Path, tmp_path: Path) -> None:
    """The other tests call Copier with some of its work spared: see support/copying.py."""
    argv = [sys.executable, "-m", "copier", "copy", "--quiet", "--defaults", "--skip-tasks"]
    for answer in ("project_name=Digits", "license=None", "extras=[]"):
        argv += ["--data", answer]
    argv += [str(template), str(tmp_path / "p")]
    subprocess.run(argv, check=True)
    assert tree(tmp_path / "p") == tree(plain)


TEXTS = list(zip(NASTY.values(), cycle(["MIT", "BSD-3-Clause"]), strict=False))


@pytest.mark.parametrize(("text", "license_"), TEXTS, ids=NASTY)
def test_any_text_in_the_free_fields_gives_files_that_parse(
    template: Path, tmp_path: Path, text: str, license_: str
) -> None:
    project = render(
        template,
        tmp_path / "p",
        project_name=text[:200],
        package_name="pack",
        description=text,
        author_name=text[:200],
        license=license_,
    )
    parsed = documents(project)
    metadata = parsed["pyproject.toml"]["project"]
    assert metadata["description"] == " ".join(text.split())
    assert metadata["authors"][0]["name"] == " ".join(text[:200].split())
    assert parsed[".copier-answers.yml"]["project_name"] == text[:200]
    readme = (project / "README.md").read_text(encoding="utf-8").splitlines()
    assert readme[0] == "# " + " ".join(text[:200].split())
    code = "import sys; sys.path[:0] = ['src']; import pack"
    subprocess.run([sys.executable, "-B", "-c", code], cwd=project, check=True)


def test_the_empty_free_fields_give_files_that_parse(template: Path, tmp_path: Path) -> None:
    project = render(template, tmp_path / "p", description="", author_name="", license="None")
    metadata = documents(project)["pyproject.toml"]["project"]
    assert "authors" not in metadata
    assert "license" not in metadata
    assert not (project / "LICENSE").exists()


@pytest.mark.parametrize("license_", ["MIT", "BSD-3-Clause", "Apache-2.0"])
def test_a_license_is_written_out(template: Path, tmp_path: Path, license_: str) -> None:
    project = render(template, tmp_path / "p", license=license_, author_name="Ada")
    text = (project / "LICENSE").read_text(encoding="utf-8")
    assert license_.split("-")[0] in text
    if license_ != "Apache-2.0":
        assert "Copyright (c) Ada\n" in text
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


@pytest.mark.parametrize("license_", ["MIT", "BSD-3-Clause"])
def test_a_license_has_the_year_that_was_answered(
    template: Path, tmp_path: Path, license_: str
) -> None:
    answers = {"license": license_, "license_year": "2024-2026", "author_name": "Ada"}
    project = render(template, tmp_path / "p", **answers)
    assert "Copyright (c) 2024-2026 Ada\n" in (project / "LICENSE").read_text(encoding="utf-8")


def test_no_jinja_and_no_path_of_this_machine_is_left(template: Path, plain: Path) -> None:
    for name, content in tree(plain).items():
        text = content.decode("utf-8")
        assert not re.search(r"{%-? *(if|for|set|from|include|end)|{{ *[a-z_]+ *(}}|\|)", text), (
            name
        )
        if name != ".copier-answers.yml":
            assert str(plain.parent) not in text, name
            assert str(template) not in text, name


def test_every_file_ends_with_one_newline_and_has_unix_line_ends(plain: Path) -> None:
    for name, content in tree(plain).items():
        if content:
            if name.endswith(".bat"):  # cmd misreads other line ends
                content = content.replace(b"\r\n", b"\n")
            assert b"\r" not in content, name
            assert content.endswith(b"\n"), name
            assert not content.endswith(b"\n\n"), name


@pytest.mark.parametrize(
    ("location", "name", "expected"),
    [
        ("inside", ".venv", ".venv"),
        ("inside", "my env", "my env"),
        ("alongside", "x.venv", "../x.venv"),
        ("central", "x", "$WORKON_HOME/x"),
    ],
)
def test_the_place_of_the_environment_reaches_settings_and_gitignore(
    template: Path, tmp_path: Path, location: str, name: str, expected: str
) -> None:
    project = render(template, tmp_path / "p", env_location=location, env_name=name)
    assert f"env = {expected}\n" in (project / "tools" / "env.cfg").read_text()
    (project / name).mkdir()
    (project / name / "file").touch()
    subprocess.run(["git", "init", "--quiet"], cwd=project, check=True)
    status = subprocess.check_output(["git", "status", "--short"], cwd=project, text=True)
    assert f"{name}/" not in status


def test_each_table_of_pyproject_has_the_address_of_its_manual(
    template: Path, tmp_path: Path
) -> None:
    answers = {"framework": "pytorch", "accelerator": "cpu"}
    index = "https://packages.example.org/torch"
    project = render(template, tmp_path / "p", env_manager="uv", torch_index=index, **answers)
    lines = (project / "pyproject.toml").read_text().splitlines()
    tables = [number for number, line in enumerate(lines) if line.startswith("[")]
    assert len(tables) > 10
    assert [lines[each] for each in tables if "https://" not in lines[each - 1]] == []


def test_data_models_and_runs_are_ignored_but_for_the_folder_of_data(
    plain: Path, tmp_path: Path
) -> None:
    project = shutil.copytree(plain, tmp_path / "p")
    for place in ("data/raw/x.csv", "data/interim/d/y", "models/m.joblib", "runs/1/run.json"):
        (project / place).parent.mkdir(parents=True, exist_ok=True)
        (project / place).write_text("content")
    for words in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *words], cwd=project, check=True)
    listed = subprocess.check_output(["git", "ls-files"], cwd=project, text=True).splitlines()
    assert "data/raw/.gitkeep" in listed
    assert not [name for name in listed if name.endswith((".csv", ".joblib", "run.json", "/y"))]


def test_the_project_passes_its_own_linter_and_formatter(started: Path) -> None:
    documents(started)
    lint(started)


@pytest.mark.parametrize(
    "answers",
    [
        *({"package_name": name} for name in ("z", "a" * 50)),
        pytest.param({"package_name": "zebra_x"}, marks=pytest.mark.thorough),
        *(
            pytest.param({"framework": each, "python_version": OLDEST}, marks=pytest.mark.thorough)
            for each in FRAMEWORKS
        ),
    ],
    ids=lambda answers: "-".join(answers.values()),
)
def test_so_it_does_for_other_names_and_an_old_python(
    template: Path, tmp_path: Path, answers: dict[str, str]
) -> None:
    project = render(template, tmp_path / "p", **answers)
    documents(project)
    lint(project)


def lint(project: Path) -> None:
    """The starter comes in lines of 100, whatever `line-length` a team gives its projects."""
    shorter = ["check", "--line-length", "88"]
    for words in (["check"], shorter, ["format", "--check", "--line-length", "100"]):
        argv = [sys.executable, "-m", "ruff", *words, "--no-cache"]
        done = subprocess.run(argv, cwd=project, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
