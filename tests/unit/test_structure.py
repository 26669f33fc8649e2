"""The engine's modules: what leads to what, and by which names a newcomer finds them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.template import ROOT

ENGINE = ROOT / "template" / "tools" / "env"
HOOKS = ROOT / "hooks"


def modules(folder: Path = ENGINE) -> dict[str, ast.Module]:
    """All modules in a folder by name, as "managers.venv"; "" is the package itself."""
    found = {}
    for file in folder.rglob("*.py"):
        parts = file.relative_to(folder).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        found[name] = ast.parse(file.read_text(encoding="utf-8"), str(file))
    return found


def imported(name: str, tree: ast.Module, known: set[str]) -> Iterator[str]:
    """The modules that one imports, within functions too; what only hints need is left out."""
    waiting: list[ast.AST] = [tree]
    package = name if any(other.startswith(f"{name}.") for other in known) else _above(name)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):  # the hooks begin at their own folder
            yield from {alias.name for alias in node.names} & known
        if isinstance(node, ast.ImportFrom):
            place = package if node.level else ""
            for _ in range(node.level - 1):
                place = _above(place)
            place = ".".join(filter(None, [place, node.module]))
            for alias in node.names:
                inner = ".".join(filter(None, [place, alias.name]))
                yield inner if inner in known else place
        waiting += ast.iter_child_nodes(node)


def _above(name: str) -> str:
    return name.rpartition(".")[0]


@pytest.mark.parametrize("folder", [ENGINE, HOOKS], ids=["engine", "hooks"])
def test_no_module_leads_back_to_itself(folder: Path) -> None:
    trees = modules(folder)
    leads = {
        name: {each for each in imported(name, tree, {*trees}) if each in trees} - {"", name}
        for name, tree in trees.items()
    }
    while leads:
        ends = {name for name, others in leads.items() if not others & leads.keys()}
        assert ends, f"these import each other in a circle, or lead to one: {sorted(leads)}"
        leads = {name: others for name, others in leads.items() if name not in ends}


def parts() -> dict[str, int]:
    """Of each module in the map of the engine, the place of its part; the lowest comes last."""
    text = ast.get_docstring(modules()[""]) or ""
    blocks = re.findall(r"(?<=\n)    \w.+\n(?:        .+\n)+", text)
    names = (re.findall(r"\b(\w+)(?:\.py|/ )", block) for block in blocks)
    return {name: place for place, some in enumerate(names) for name in some}


def test_the_map_of_the_engine_names_every_module() -> None:
    names = {name.partition(".")[0] for name in modules()} - {"", "__main__"}
    assert parts().keys() == names


def test_no_part_of_the_engine_imports_from_one_above_it() -> None:
    trees, place = modules(), parts()
    for name, tree in trees.items():
        for other in {*imported(name, tree, {*trees})}:
            here, there = (place.get(each.partition(".")[0]) for each in (name, other))
            if here is not None and there is not None:
                assert here <= there, f"{name} imports {other}"


def test_no_function_has_the_name_of_its_module() -> None:
    for name, tree in modules().items():
        functions = {each.name for each in tree.body if isinstance(each, ast.FunctionDef)}
        assert name.rpartition(".")[2] not in functions, name
        for node in ast.walk(tree):  # so that nobody has to call a module something else
            for alias in node.names if isinstance(node, (ast.Import, ast.ImportFrom)) else ():
                assert not (alias.asname or "").endswith("ing"), f"{name}: {alias.asname}"


def test_reason_codes_stand_in_one_place() -> None:
    found = modules()
    codes = {
        node.value.value
        for node in found.pop("difference").body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
    }
    for name, tree in found.items():
        texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
        assert not codes & texts, name
