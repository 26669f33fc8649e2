"""When a file of the template is rendered, told from its path and from `_exclude` of copier.yml.

A condition is what JSON can hold, so that a page can ask it of any answers: True or False, or

    ["in", VALUE, QUESTION]     the answer, a text or a list, has this in it
    ["is", VALUE, QUESTION]     it is this
    ["any", QUESTION]           it is not empty
    ["not", CONDITION]          and "and" and "or" of two
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import nodes
from pathspec import PathSpec

Condition = bool | list[Any]
_JINJA = jinja2.Environment(trim_blocks=True, lstrip_blocks=True)
_MARK = "\0"
"""Around the name of a question within a pattern."""


class Unknown(Exception):
    """A condition of a kind that nothing here reads; the text has it."""


def files(
    template: Path,
    exclude: Sequence[str],
    names: Mapping[str, str],
    choices: Mapping[str, Sequence[str]],
) -> dict[str, Condition]:
    """When each file below `template` is rendered, by its path in the project; one that never is
    has none. `names` are the answers that stand in paths alone, `choices` the values of questions.

    Raises Unknown.
    """
    patterns = [
        (given, PathSpec.from_lines("gitignore", [text]))
        for part in exclude
        for given, text in _patterns(_JINJA.parse(part).body, True, choices)
    ]
    found: dict[str, Condition] = {}
    for file in sorted(template.rglob("*")):
        if not file.is_file() or "__pycache__" in file.parts:
            continue
        path, there = _path(file.relative_to(template), names)
        excluded: Condition = False
        for given, pattern in patterns:  # the last one that matches decides
            include = pattern.check_file(path).include
            if include is not None:
                excluded = _or(given, excluded) if include else _and(_not(given), excluded)
        there = _and(there, _not(excluded))
        if there is not False:
            found[path] = there
    return found


def _path(path: Path, names: Mapping[str, str]) -> tuple[str, Condition]:
    """A path as it is in the project, and the condition that its parts put on it."""
    parts: list[str] = []
    given: Condition = True
    for part in path.parts:
        text = ""
        for node in _JINJA.parse(part).body:
            if isinstance(node, nodes.If):
                given = _and(given, _condition(node.test))
            text += "".join(_text(each, names) for each in getattr(node, "body", [node]))
        parts.append(text)
    return "/".join(parts).removesuffix(".jinja"), given


def _text(output: nodes.Node, names: Mapping[str, str]) -> str:
    if not isinstance(output, nodes.Output):
        raise Unknown(f"A path has {output} in it.")
    parts = []
    for node in output.nodes:
        if isinstance(node, nodes.TemplateData):
            parts.append(node.data)
        else:
            parts.append(names[node.attr if isinstance(node, nodes.Getattr) else _name(node)])
    return "".join(parts)


def _patterns(
    body: Sequence[nodes.Node], given: Condition, choices: Mapping[str, Sequence[str]]
) -> Iterator[tuple[Condition, str]]:
    """The patterns in a part of `_exclude`, each with when it counts."""
    for node in body:
        if isinstance(node, nodes.Output):
            text = ""
            for each in node.nodes:
                if isinstance(each, nodes.TemplateData):
                    text += each.data
                else:
                    text += _MARK + _name(each) + _MARK
            for line in filter(str.strip, text.splitlines()):
                yield from _spelled_out(line, given, choices)
        elif isinstance(node, nodes.If) and not node.else_ and not node.elif_:
            both = _and(given, _condition(node.test))
            if both is not False:
                yield from _patterns(node.body, both, choices)
        else:
            raise Unknown(f"_exclude has {node} in it.")


def _spelled_out(
    line: str, given: Condition, choices: Mapping[str, Sequence[str]]
) -> Iterator[tuple[Condition, str]]:
    """A pattern for each value of the question that stands in it, if one does."""
    if _MARK not in line:
        yield given, line
        return
    before, question, after = line.split(_MARK)
    for value in choices[question]:
        yield _and(given, ["is", value, question]), before + value + after


def _condition(node: nodes.Node) -> Condition:
    if isinstance(node, nodes.And):
        return _and(_condition(node.left), _condition(node.right))
    if isinstance(node, nodes.Or):
        return _or(_condition(node.left), _condition(node.right))
    if isinstance(node, nodes.Not):
        return _not(_condition(node.node))
    if isinstance(node, nodes.Name):
        return ["any", _name(node)]
    if isinstance(node, nodes.Filter) and node.name == "default":
        return False  # nobody is asked for `adopted`: what a page shows is a new project
    if isinstance(node, nodes.Compare) and len(node.ops) == 1:
        left, operator, right = node.expr, node.ops[0].op, node.ops[0].expr
        if operator in ("in", "notin") and isinstance(left, nodes.Const):
            found: Condition = ["in", left.value, _name(right)]
            return _not(found) if operator == "notin" else found
        if operator == "in" and isinstance(right, nodes.List):
            any_of: Condition = False
            for value in right.as_const():
                any_of = _or(any_of, ["is", value, _name(left)])
            return any_of
        if operator in ("eq", "ne") and isinstance(right, nodes.Const):
            # That of Copier itself: what a page shows is a copy.
            is_copy = right.value == "copy" if _name(left) == "_copier_operation" else None
            found = ["is", right.value, _name(left)] if is_copy is None else is_copy
            return _not(found) if operator == "ne" else found
    raise Unknown(f"A condition has {node} in it.")


def _name(node: nodes.Node) -> str:
    if isinstance(node, nodes.Name):
        return node.name
    raise Unknown(f"Where the name of a question should stand, there is {node}.")


def _not(one: Condition) -> Condition:
    if isinstance(one, bool):
        return not one
    return one[1] if one[0] == "not" else ["not", one]


def _and(one: Condition, other: Condition) -> Condition:
    if isinstance(one, bool):
        return other if one else False
    if isinstance(other, bool):
        return one if other else False
    return one if one == other else ["and", one, other]


def _or(one: Condition, other: Condition) -> Condition:
    return _not(_and(_not(one), _not(other)))
