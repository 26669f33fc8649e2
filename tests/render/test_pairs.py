"""Every pair of answers gives a project whose files parse and whose lock fits it, or a reason.

A choice that cannot work cannot be made.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from allpairspy import AllPairs
from packaging.requirements import Requirement
from pristine import names
from render.test_files import documents
from support.template import ROOT, render, tree

from env.project import parse_settings
from env.requirements import normalize, parse

ANSWERS_FILE = ".copier-answers.yml"
CATALOGUE = json.loads((ROOT / "catalogue" / "libraries.json").read_text(encoding="utf-8"))
ANSWERS: dict[str, list[Any]] = {
    "python_version": [*CATALOGUE["python"], *CATALOGUE["legacy"]],
    "framework": list(CATALOGUE["frameworks"]),
    "libraries": [[], ["torch"], ["torch", "xgboost"], ["keras"], ["jupyterlab", "pandera"]],
    "accelerator": ["default", "cpu", "cuda", "rocm", "[cpu, cuda]"],
    "torch_index": ["", "https://packages.example.org/torch/simple"],
    "extra_requirements": ["", "numpy==1.26.* rich", "pandas<3 ; sys_platform == 'linux'\nPyYAML"],
    "env_manager": ["venv", "uv", "conda"],
    "env_location": ["inside", "alongside", "central"],
    "license": ["None", "MIT", "BSD-3-Clause", "Apache-2.0"],
    "extras": [
        [],
        ["agents", "citation", "pack", "pre-commit", "types", "vscode"],
        ["direnv", "devcontainer", "docker", "github", "gitlab", "renovate"],
        ["sweep", "cards"],
    ],
    "shells": [[], ["tcsh"], ["xonsh", "nushell"]],
    "scale_out": [[], ["dask"], ["ray"], ["slurm", "dask"]],
    "tracking": ["none", "mlflow"],
}
ROWS = [dict(zip(ANSWERS, row, strict=True)) for row in AllPairs(list(ANSWERS.values()))]
REASONS = (
    "no wheels for Python",
    "cannot be together on Python",
    "One environment holds one CUDA",
    "uv needs the address of the index",
    "uv.lock is one lock",
    "each comes from an index",
    "needs the starter's model",
    "keeps the runs of the starter",
    "needs the starter's runs",
    "Invalid choice",  # an accelerator that nothing chosen has
)


def test_every_choice_of_a_question_is_in_a_row() -> None:
    for file in ("project", "environment", "framework", "advanced", "extras"):
        questions = yaml.safe_load((ROOT / "questions" / f"{file}.yml").read_text(encoding="utf-8"))
        for key, question in questions.items():
            choices = question.get("choices", [])
            if isinstance(choices, str):  # computed; what is offered stands in the catalogue
                assert key in ANSWERS
                continue
            values = choices.values() if isinstance(choices, dict) else choices
            values = [each["value"] if isinstance(each, dict) else each for each in values]
            tried = ANSWERS.get(key, [])
            if question.get("multiselect"):
                tried = [each for several in tried for each in several]
            assert set(values) <= set(tried), key


def refusal(template: Path, project: Path, answers: dict[str, Any]) -> str:
    """Why Copier does not render a project, "" where it did."""
    try:
        render(template, project, **answers)
    except ValueError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param(row, id=str(number), marks=pytest.mark.thorough if number % 8 else ())
        for number, row in enumerate(ROWS)
    ],
)
def test_it_is_rendered_or_refused(template: Path, tmp_path: Path, answers: dict[str, Any]) -> None:
    project = tmp_path / "p"
    reason = refusal(template, project, answers)
    if reason:
        assert any(words in reason for words in REASONS), reason
        assert not project.exists()
        return
    recorded = yaml.safe_load((project / ANSWERS_FILE).read_text(encoding="utf-8"))
    assert tree(project).keys() <= names(template, recorded, ANSWERS_FILE)  # as the hooks know them
    parsed = documents(project)
    settings = parse_settings((project / "tools" / "env.cfg").read_text(encoding="utf-8"))
    assert answers["python_version"] in settings["pythons"].split()
    metadata = parsed["pyproject.toml"]
    direct = [Requirement(line) for line in metadata["project"]["dependencies"]]
    text = (project / "requirements-dev.txt").read_text(encoding="utf-8")
    pins = parse(text)
    if "# Draft: " not in text:  # else resolving it is still to come
        locked = {pin.name for pin in pins}
        assert {normalize(each.name) for each in direct} <= locked
        gpu = [pin.name for pin in pins if re.match("nvidia-|triton", pin.name)]
        assert not (gpu and answers["accelerator"] == "cpu")
    assert len(direct) == len({(each.name, str(each.marker)) for each in direct})
