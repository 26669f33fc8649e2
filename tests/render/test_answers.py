"""Questions: their defaults work, and a bad answer is refused with a sentence."""

from __future__ import annotations

import json
import keyword
import re
import sys
from pathlib import Path

import copier
import jinja2
import pytest
import yaml
from build import PARTS, load
from hypothesis import given
from hypothesis import strategies as st
from support.template import ROOT, render, tree

REFUSED = [
    ("package_name", "class", "word of the Python language"),
    ("package_name", "torch", "name of a library"),
    ("package_name", "sklearn", "name of a library"),
    ("package_name", "123abc", "starts with a letter"),
    ("package_name", "json", "standard library"),
    ("package_name", "my-app", "lower-case letters, digits and underscores"),
    ("package_name", "MyApp", "lower-case letters, digits and underscores"),
    ("package_name", "tests", "folder of the project"),
    ("package_name", "aux", "name of a device on Windows"),
    ("package_name", "com1", "name of a device on Windows"),
    ("package_name", "a" * 51, "under 50 characters"),
    ("project_name", "   ", "give it a name"),
    ("project_name", "x" * 201, "under 200 characters"),
    ("project_name", "a\x07b", "control character"),
    ("description", "a\x1bb", "control character"),
    ("project_slug", "numpy", "library of the environment"),
    ("project_slug", "A B", "lower-case letters"),
    ("project_slug", "nul", "name of a device on Windows"),
    ("author_email", "not an address", "looks like name@example.org"),
    ("license_year", "26", "Years look like 2026"),
    ("extra_requirements", "rich\nnumpy>=1.20<2", "write a comma between them"),
    ("env_name", "a/b", "letters, digits"),
    ("env_name", "..", "letters, digits"),
    ("env_name", "NUL.venv", "name of a device on Windows"),
    ("env_name", "Con", "name of a device on Windows"),
    ("env_name", "-x", "letters, digits"),
    ("env_name", "src", "directory of the project itself"),
    ("env_name", ".git", "directory of the project itself"),
]


@pytest.mark.parametrize(("key", "value", "sentence"), REFUSED)
def test_a_bad_answer_is_refused_with_a_sentence(
    template: Path, tmp_path: Path, key: str, value: str, sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        render(template, tmp_path / "p", **{"license": "MIT", key: value})
    assert not (tmp_path / "p").exists()


@pytest.mark.parametrize(
    "key",
    [
        "accelerators",
        "builds",
        "catalogue",
        "chosen",
        "derived",
        "managers",
        "reserved",
        "torch_build",
    ],
)
def test_what_follows_from_the_answers_cannot_be_one(
    template: Path, tmp_path: Path, key: str
) -> None:
    with pytest.raises(ValueError, match=r"please leave it out|the question is called"):
        copier.run_copy(
            str(template), tmp_path / "p", data={key: "[1]"}, defaults=True, skip_tasks=True
        )


def test_the_index_of_one_machine_is_refused_where_a_lock_would_name_it(
    template: Path, tmp_path: Path
) -> None:
    index = "https://packages.example.org/simple"
    with pytest.raises(ValueError, match=r"into uv\.lock"):
        render(template, tmp_path / "p", env_manager="uv", python_index=index)


MEANINGLESS = [
    ({"accelerator": "cpu"}, {}),
    ({"torch_index": "no address"}, {"framework": "xgboost"}),
    ({"torch_index": ""}, {"env_manager": "uv"}),
    ({"conda_packages": "no, packages"}, {}),
    ({"acelerator": "cpu"}, {"framework": "pytorch"}),
    ({"kinds": ["text"]}, {"libraries": ["rich"]}),
]


@pytest.mark.parametrize(("without", "others"), MEANINGLESS)
def test_an_answer_that_means_nothing_beside_the_others_is_left_out_with_a_word(
    template: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    without: dict[str, str],
    others: dict[str, str],
) -> None:
    data = {"project_name": "My project", **others, **without}
    copier.run_copy(str(template), tmp_path / "p", data=data, defaults=True, skip_tasks=True)
    (name,) = without
    said = [line for line in capfd.readouterr().err.splitlines() if "was left out" in line]
    assert said == [
        f"`{name}` was left out: there is no such question, or none beside these answers."
    ]
    assert tree(tmp_path / "p") == tree(render(template, tmp_path / "same", **others))


def test_a_library_that_is_not_in_the_catalogue_is_refused(template: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="libraries"):
        render(template, tmp_path / "p", libraries=["no-such-library"])


CATALOGUE = load()
RESERVED: dict[str, list[str]] = json.loads((ROOT / "questions" / "reserved.json").read_text())


def default_package_name() -> jinja2.Template:
    questions = yaml.safe_load((ROOT / "questions" / "project.yml").read_text())
    extensions = ["jinja2_ansible_filters.AnsibleCoreFiltersExtension"]
    environment = jinja2.Environment(extensions=extensions, undefined=jinja2.StrictUndefined)
    return environment.from_string(questions["package_name"]["default"])


PACKAGE_NAME = default_package_name()


def package_name(project_name: str) -> str:
    return PACKAGE_NAME.render(project_name=project_name, catalogue=CATALOGUE, reserved=RESERVED)


@given(st.text(max_size=200))
def test_any_project_name_gives_a_package_name_that_is_accepted(text: str) -> None:
    package = package_name(text)
    assert re.fullmatch(r"[a-z][a-z0-9_]{0,49}", package)
    for taken in (CATALOGUE["modules"], *RESERVED.values()):
        assert package not in taken


@pytest.mark.parametrize(
    ("text", "package"),
    [
        ("Iris", "iris"),
        ("3D Scans!", "project_3d_scans"),
        ("Torch", "torch_project"),
        ("Class", "class_project"),
        ("🚀", "project"),
        ("Straße & Café", "stra_e_caf"),
    ],
)
def test_package_names_out_of_project_names(text: str, package: str) -> None:
    assert package_name(text) == package


@pytest.mark.parametrize(
    ("folder", "name", "package"),
    [
        ("churn-model", "Churn model", "churn_model"),
        ("IoT_sensors", "IoT sensors", "iot_sensors"),
        ("torch", "Torch", "torch_project"),
        ("3d {{ scans }}", "3d {{ scans }}", "project_3d_scans"),
        ("-", "My project", "my_project"),
    ],
)
def test_a_name_is_proposed_from_the_folder(
    template: Path, tmp_path: Path, folder: str, name: str, package: str
) -> None:
    copier.run_copy(str(template), tmp_path / folder, defaults=True, skip_tasks=True, quiet=True)
    answers = yaml.safe_load((tmp_path / folder / ".copier-answers.yml").read_text())
    assert (answers["project_name"], answers["package_name"]) == (name, package)


def test_kinds_of_work_are_the_libraries_that_are_recorded(template: Path, tmp_path: Path) -> None:
    project = render(template, tmp_path / "p", kinds=["tables", "text"])
    answers = yaml.safe_load((project / ".copier-answers.yml").read_text())
    kinds = (CATALOGUE["kinds"][name]["libraries"] for name in ("tables", "text"))
    assert {*answers["libraries"]} == set().union(*kinds)
    assert "kinds" not in answers


def test_the_taken_names_are_those_of_this_python_and_the_catalogue() -> None:
    modules = {name.lower() for name in sys.stdlib_module_names if not name.startswith("_")}
    assert modules <= set(RESERVED["standard_library"])
    assert {word.lower() for word in keyword.kwlist} <= set(RESERVED["keywords"])
    catalogue = yaml.safe_load((ROOT / "catalogue" / "libraries.yml").read_text())
    entries = [entry for part in PARTS for entry in catalogue[part]]
    assert {entry["import"].split(".")[0] for entry in entries} <= set(CATALOGUE["modules"])


def test_answers_given_without_advanced_are_recorded(template: Path, tmp_path: Path) -> None:
    project = render(template, tmp_path / "p", env_name="env")
    answers = yaml.safe_load((project / ".copier-answers.yml").read_text())
    assert (answers["advanced"], answers["env_name"]) == (False, "env")


def test_every_question_has_a_help_text_and_a_default() -> None:
    for file in sorted((ROOT / "questions").glob("*.yml")):
        for key, question in yaml.safe_load(file.read_text()).items():
            assert "default" in question, key
            hidden = question.get("when") is False
            assert hidden != bool(question.get("help")), key
