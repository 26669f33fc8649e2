"""Questions: their defaults work, and a bad answer is refused with a sentence."""

from __future__ import annotations

import json
import keyword
import re
import sys
from pathlib import Path
from typing import Any

import copier
import jinja2
import pytest
import yaml
from build import PARTS, load
from hypothesis import given
from hypothesis import strategies as st
from support.template import ROOT, render, tree

REFUSED = [
    ("package_name", "class", "a word of Python"),
    ("package_name", "torch", "a library's name"),
    ("package_name", "sklearn", "a library's name"),
    ("package_name", "123abc", "a letter first"),
    ("package_name", "json", "a module of Python's own"),
    ("package_name", "my-app", "Only a-z, 0-9, _"),
    ("package_name", "MyApp", "Only a-z, 0-9, _"),
    ("package_name", "tests", "folder of the project"),
    ("package_name", "aux", "a device on Windows"),
    ("package_name", "com1", "a device on Windows"),
    ("package_name", "a" * 51, "At most 50 characters"),
    ("project_name", "   ", "give it a name"),
    ("project_name", "x" * 201, "At most 200 characters"),
    ("project_name", "a\x07b", "control character"),
    ("description", "a\x1bb", "control character"),
    ("project_slug", "numpy", "`numpy` is a library"),
    ("project_slug", "A B", "Only a-z, 0-9 and - in between"),
    ("project_slug", "nul", "a device on Windows"),
    ("author_email", "not an address", "Write it like name@example.org"),
    ("license_year", "26", "Years look like 2026"),
    ("extra_requirements", "rich\nnumpy>=1.20<2", "`numpy>=1.20<2`: "),
    ("python_index", "example.org", "No address of an index"),
    ("env_name", "a/b", "Only letters, digits"),
    ("env_name", "..", "Only letters, digits"),
    ("env_name", "NUL.venv", "a device on Windows"),
    ("env_name", "Con", "a device on Windows"),
    ("env_name", "-x", "Only letters, digits"),
    ("env_name", "src", "a directory of the project"),
    ("env_name", ".git", "a directory of the project"),
]


@pytest.mark.parametrize(("key", "value", "sentence"), REFUSED)
def test_a_bad_answer_is_refused_with_a_sentence(
    template: Path, tmp_path: Path, key: str, value: str, sentence: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)) as refused:
        render(template, tmp_path / "p", **{"license": "MIT", key: value})
    # A prompt shows it on one line, behind Copier's own words.
    assert sentence in str(refused.value)[:80]
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


@pytest.mark.parametrize(
    ("key", "value", "others", "reason"),
    [
        ("accelerator", "cuda", {"libraries": ["torch", "tensorflow"]}, "One environment holds"),
        ("tracking", "mlflow", {"python_version": "3.15"}, "no wheels for Python 3.15"),
    ],
)
def test_a_choice_that_cannot_be_is_no_choice(
    template: Path, tmp_path: Path, key: str, value: str, others: dict[str, Any], reason: str
) -> None:
    """Of one choice among several, a prompt asks no validator."""
    with pytest.raises(ValueError, match=f"Invalid choice for '{key}': {reason}"):
        render(template, tmp_path / "p", **{**others, key: value})


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
        ("Straße & Café", "strasse_cafe"),
        ("Büro Łódź", "buero_lodz"),
        ("Bu\u0308ro", "buro"),
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
