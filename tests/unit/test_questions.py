"""What stands in the prompt."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from support.template import ROOT

FILES = sorted((ROOT / "questions").glob("*.yml"))
QUESTIONS: dict[str, dict[str, Any]] = {
    name: question
    for file in FILES
    for name, question in yaml.safe_load(file.read_text(encoding="utf-8")).items()
    if isinstance(question, dict) and "help" in question
}
COLUMNS = 80
SIGN, YES_OR_NO, POINTER = len("🎤  "), len(" (Y/n)"), len(" » ○ ")


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_a_question_is_read_whole_in_a_terminal_of_80_columns(question: dict[str, Any]) -> None:
    hint = YES_OR_NO if question["type"] == "bool" else 0
    assert SIGN + len(question["help"]) + hint <= COLUMNS


def labels() -> list[str]:
    """Those of all choices but the libraries, whose line says more than a name."""
    managers = json.loads((ROOT / "questions" / "managers.json").read_text(encoding="utf-8"))
    found = [row["label"] for row in managers.values()]
    found += re.findall(r'^ +"[\w-]+": "(.+)",$', QUESTIONS["framework"]["choices"], re.MULTILINE)
    for question in QUESTIONS.values():
        choices = question.get("choices", ())
        found += [] if isinstance(choices, str) else map(str, choices)
    return found


@pytest.mark.parametrize("label", labels())
def test_a_choice_is_read_whole_in_a_terminal_of_80_columns(label: str) -> None:
    assert POINTER + len(label) <= COLUMNS
