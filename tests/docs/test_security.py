"""SECURITY.md names all that runs with `--trust`, and nothing else does."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest
import yaml
from docs.pages import rows, section, text
from support.template import ROOT

HOOKS = sorted((ROOT / "hooks").glob("*.py"))
STARTERS = {"run", "Popen", "check_output", "check_call", "call"}
RUNS = rows(section("SECURITY.md", "What `--trust` runs"))


def test_the_scripts_are_those_of_copiers_settings() -> None:
    settings = next(yaml.safe_load_all(text("copier.yml").partition("\n---\n")[0]))
    steps = [*settings["_tasks"], *settings["_migrations"]]
    for step in steps:
        assert step["command"][:2] == ["{{ _copier_python }}", "-B"]
        assert isinstance(step["command"], list)  # so that no shell reads it
    scripts = [step["command"][2].partition("/hooks/")[2] for step in steps]
    assert [cells[1] for cells in RUNS[: len(scripts)]] == [f"`hooks/{each}`" for each in scripts]


def test_rendering_runs_no_code() -> None:
    settings = next(yaml.safe_load_all(text("copier.yml").partition("\n---\n")[0]))
    assert not {"_jinja_extensions", "_external_data", "_subprocess"} & settings.keys()


def test_the_programs_are_those_that_the_hooks_start() -> None:
    started = {program for hook in HOOKS for program in programs(ast.parse(hook.read_text()))}
    assert started == {cells[0].split("`")[1] for cells in RUNS if "hooks/" not in cells[1]}


def programs(tree: ast.Module) -> Iterator[str]:
    """The first word of each command; in the hooks, one that is not written in place is `argv`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("subprocess."):
            if node.func.attr in STARTERS:  # type: ignore[attr-defined]
                given = node.args[0]
                known = isinstance(given, ast.List) or "argv" in ast.unparse(given)
                assert known, f"line {node.lineno}: {ast.unparse(given)}"
                yield from first(given)
        elif isinstance(node, ast.Call):
            assert ast.unparse(node.func) not in ("os.system", "os.popen", "exec", "eval")
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).startswith("argv"):
            yield from first(node.value)
        elif isinstance(node, ast.FunctionDef) and node.name == "_argv":
            yield from first(node.body[-1].value)  # type: ignore[attr-defined]


def first(node: ast.expr) -> Iterator[str]:
    """The program of a command that is written in place; of one that has a name, none."""
    values = node.elts if isinstance(node, ast.Tuple) else [node]  # argv, environ = ..., ...
    for each in values:
        if isinstance(each, ast.List) and not isinstance(each.elts[0], ast.Starred):
            word = each.elts[0]
            yield str(word.value) if isinstance(word, ast.Constant) else ast.unparse(word)


@pytest.mark.parametrize(
    "bad", ["import os\nos.system('x')", "import subprocess\nsubprocess.run(x)"]
)
def test_a_hook_that_starts_something_unseen_is_found(bad: str) -> None:
    with pytest.raises(AssertionError):
        list(programs(ast.parse(bad)))
