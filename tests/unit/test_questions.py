"""What stands in the prompt."""

from __future__ import annotations

import json
import re
from typing import Any

import jinja2
import pytest
import yaml
from build import load
from support.template import ROOT

FILES = sorted((ROOT / "questions").glob("*.yml"))
QUESTIONS: dict[str, dict[str, Any]] = {
    name: question
    for file in FILES
    for name, question in yaml.safe_load(file.read_text(encoding="utf-8")).items()
    if isinstance(question, dict) and "help" in question
}
COLUMNS = 77  # of the 80 of a terminal: some emoji are drawn wider than they say
SIGN, YES_OR_NO, POINTER = len("🎤  "), len(" (Y/n)"), len(" » ○ ")


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_a_question_is_read_whole_in_a_terminal_of_80_columns(question: dict[str, Any]) -> None:
    hint = YES_OR_NO if question["type"] == "bool" else 0
    assert SIGN + len(question["help"]) + hint <= COLUMNS


def labels() -> list[str]:
    """Those of all choices but what the catalogue offers, see below."""
    managers = json.loads((ROOT / "questions" / "managers.json").read_text(encoding="utf-8"))
    found = [row["label"] for row in managers.values()]
    found += re.findall(r'^ +"[\w-]+": "(.+)",$', QUESTIONS["framework"]["choices"], re.MULTILINE)
    for question in QUESTIONS.values():
        choices = question.get("choices", ())
        found += [] if isinstance(choices, str) else map(str, choices)
    return found


CATALOGUE = load()
OFFERED: Any = (
    jinja2.Environment(
        loader=jinja2.FileSystemLoader(ROOT),
        extensions=["jinja2_ansible_filters.AnsibleCoreFiltersExtension"],
    )
    .get_template("catalogue/choices.jinja")
    .module
)


@pytest.mark.parametrize("python", CATALOGUE["python"])
@pytest.mark.parametrize("framework", CATALOGUE["frameworks"])
def test_what_the_catalogue_offers_is_read_whole_too(framework: str, python: str) -> None:
    """With the reason where one cannot be chosen, which the prompt shows in brackets."""
    brought = json.loads(OFFERED.needed(CATALOGUE, framework))
    libraries = json.loads(OFFERED.libraries(CATALOGUE, python, [], False, brought))
    kinds = json.loads(OFFERED.kinds(CATALOGUE, python))
    marked = [value for label, value in libraries if label.endswith(" (in the starter)")]
    assert {*marked} == {*brought} - {
        value["value"] for _, value in libraries if isinstance(value, dict)
    }
    for label, value in libraries + kinds:
        reason = f" ({value['validator']})" if isinstance(value, dict) else ""
        assert POINTER + len(label + reason) <= COLUMNS, label + reason


def test_each_kind_of_work_is_of_libraries_that_go_together() -> None:
    names = {entry["name"] for entry in CATALOGUE["libraries"]}
    usual = CATALOGUE["python_question"]["default"]
    assert all(names >= {*kind["libraries"]} for kind in CATALOGUE["kinds"].values())
    kinds = json.loads(OFFERED.kinds(CATALOGUE, usual))
    assert [value for _, value in kinds] == [*CATALOGUE["kinds"], "choose"]


@pytest.mark.parametrize("label", labels())
def test_a_choice_is_read_whole_in_a_terminal_of_80_columns(label: str) -> None:
    assert POINTER + len(label) <= COLUMNS
