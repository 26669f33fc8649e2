"""Reads out of the engine's code what it can say: errors, states and differences.

Each text is followed to its parts: constants, f-strings, the variables of the function, arguments
of calls in the same module. What is known only when it runs becomes a word in brackets: ⟨version⟩.
"""

from __future__ import annotations

import ast
import importlib
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

ENGINE = Path(__file__).resolve().parent.parent / "template" / "tools" / "env"
COMMAND = "python3 tools/env"
# How many of the arguments of each class are for people.
_KINDS = {"EnvError": 3, "NoInterpreter": 2, "Trouble": 1, "Assessment": 2, "Difference": 2}
# A reader's words, and what they stand for in the code: expressions, or the last name in one.
_READERS = {
    "--python ⟨wanted⟩": "asked",
    "⟨Python⟩": "found.path; interpreter.path",
    "add": "verb",
    "⟨another directory⟩": "stamp.project",
    f"`{COMMAND} add --build ⟨names⟩`": "building",
    "⟨command⟩": "drift.mend(project, [each]); state.remedy(project, seen); words[0]",
    "⟨difference⟩": "message",
    "⟨directory⟩": "folder; gone; root",
    "⟨environment⟩": "env label; label",
    "⟨file⟩": "line.path; link; pack.name; path; path.name; paths",
    "⟨keys⟩": "missing",
    "⟨lock⟩": "names; project.lock.name; run.name",
    "⟨managers⟩": "names()",
    "⟨names⟩": "words",
    "⟨packages⟩": "absent; again; bare; owners; shown",
    "⟨package⟩": "name; own; own name; owner; parent; without",
    "⟨package⟩ ⟨version⟩ was made by attackers (⟨advisory⟩)": "taken",
    "⟨path⟩": "base; shlex; env; prefix; prefix of; project.env; python path",
    "⟨platform⟩": "asked['platform']",
    "⟨program⟩": "named",
    f"`{COMMAND} lock`": "mend",
    "⟨place⟩": "url; where",
    "⟨reason⟩": "error",
    "⟨state⟩.": "seen.reason",
    "⟨kernel⟩": "project.name",
    "⟨number⟩": "len(paths)",
    "`⟨the same command⟩`": "retry; task.again",
    "⟨uv⟩": "uv.name",
    "⟨uv or pip⟩ failed in `⟨command⟩`": "str(error).rstrip('.')",
    "⟨value⟩": "toml",
    "⟨versions⟩": "have; versions",
    "⟨version⟩": "minor; found.python; have[0]; is now; listed; locked; manifest.python; "
    "newest; pin.exact; pin.version; project.python; project.python_minimum; record; values",
}
WORDS = {code: word for word, codes in _READERS.items() for code in codes.split("; ")}


class Message(NamedTuple):
    where: str
    """Module and function, as "sync._refuse"."""

    kind: str
    """The class that carries it."""

    parts: tuple[str, ...]
    """Its arguments as a person reads them."""


class Said(NamedTuple):
    """One thing that an expression can say."""

    text: str
    when: dict[str, bool]
    """The conditions under which it does, each of an `a if condition else b`."""


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Scope = dict[str, list[Said]]


def messages() -> list[Message]:
    """All that the engine can say, module by module."""
    sys.path.insert(0, str(ENGINE.parent))
    found: list[Message] = []
    for file in sorted(ENGINE.rglob("*.py")):
        parts = file.relative_to(ENGINE.parent).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        if file.name != "__main__.py":
            tree = ast.parse(file.read_text(encoding="utf-8"))
            found += _Reader(importlib.import_module(name), tree).messages()
    return list(dict.fromkeys(found))


class _Reader:
    """Reads one module."""

    def __init__(self, module: ModuleType, tree: ast.Module) -> None:
        self.module = module
        self.functions = {
            each.name: each for each in ast.walk(tree) if isinstance(each, _FUNCTIONS)
        }
        self.constants = {
            ast.unparse(each.targets[0]): each.value
            for each in tree.body
            if isinstance(each, ast.Assign)
        }
        self.calls: dict[str, list[Scope]] = defaultdict(list)
        self.found: list[Message] = []

    def messages(self) -> list[Message]:
        for function in self.functions.values():  # to see what they call each other with
            self._block(function.name, function.body, {})
        calls, self.calls = self.calls, defaultdict(list)
        self.found = []
        for name, function in self.functions.items():
            for scope in calls[name] or [{}]:
                self._block(name, function.body, scope)
        return self.found

    def _block(self, where: str, body: Sequence[ast.stmt], scope: Scope) -> Scope | None:
        """Follow statements in their order; the variables afterwards, None where it ends there."""
        for statement in body:
            blocks = list(_blocks(statement))
            rows = self._rows(statement, scope)
            for row in rows[1:]:
                self._block(where, blocks[0], row)
            scope = rows[0]
            for node in _header(statement):
                if isinstance(node, ast.Call):
                    self._call(where, node, scope)
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                said = self._said(statement.value, scope)
                scope = {**scope, statement.targets[0].id: said or []}
            if isinstance(statement, ast.Return) and where == "unlocked" and statement.value:
                for each in self._said(statement.value, scope) or []:
                    if each.text != "None":
                        self._note(where, "Difference", ("unlocked", each.text))
            if isinstance(statement, (ast.Return, ast.Raise, ast.Continue, ast.Break)):
                return None
            after = [self._block(where, block, scope) for block in blocks]
            for branch in filter(None, after):
                scope = {
                    name: scope.get(name, []) + [x for x in said if x not in scope.get(name, [])]
                    for name, said in branch.items()
                }
        return scope

    def _rows(self, statement: ast.stmt, scope: Scope) -> list[Scope]:
        """The variables in a loop over the rows of a table, which is a tuple of tuples."""
        if not isinstance(statement, ast.For) or not isinstance(statement.target, ast.Tuple):
            return [scope]
        table = statement.iter
        if isinstance(table, ast.Name):
            table = self.constants.get(table.id, table)
        names = [ast.unparse(each) for each in statement.target.elts]
        rows = table.elts if isinstance(table, ast.Tuple) else []
        cells = [zip(names, row.elts, strict=True) for row in rows if isinstance(row, ast.Tuple)]
        found = [{name: self._said(cell, scope) or [] for name, cell in row} for row in cells]
        return [{**scope, **row} for row in found] or [scope]

    def _call(self, where: str, call: ast.Call, scope: Scope) -> None:
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        if name in _KINDS:
            told = [self._said(each, scope) or _word(each) for each in call.args[: _KINDS[name]]]
            for parts in product(*told):
                if _together(parts) is not None:
                    self._note(where, name, tuple(part.text for part in parts))
        elif name == "say":
            for said in self._said(call.args[0], scope) or []:
                if said.text.startswith("error: ") and not said.text.startswith("error: ⟨"):
                    happened, mend = said.text.removeprefix("error: ").split("\n")
                    self._note(where, "EnvError", (happened, mend.strip()))
        elif name in self.functions:
            names = [each.arg for each in self.functions[name].args.args]
            given = dict(zip(names, call.args, strict=False))
            bound = {key: self._said(value, scope) or _word(value) for key, value in given.items()}
            self.calls[name].append(bound)

    def _note(self, where: str, kind: str, parts: tuple[str, ...]) -> None:
        module = self.module.__name__.partition(".")[2]
        self.found.append(Message(f"{module}.{where}", kind, parts))

    def _said(self, node: ast.expr, scope: Scope) -> list[Said] | None:
        """What an expression can say, None where only running it tells."""
        if isinstance(node, ast.Constant):
            return [Said(str(node.value), {})]
        if isinstance(node, ast.JoinedStr):
            return self._joined(node.values, scope)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self._joined([node.left, node.right], scope)
        if isinstance(node, ast.IfExp):
            test = ast.unparse(node.test)
            yes, no = (self._said(each, scope) for each in (node.body, node.orelse))
            if yes is None or no is None:
                return None
            ways = [(said, True) for said in yes] + [(said, False) for said in no]
            return [Said(said.text, {**said.when, test: way}) for said, way in ways]
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".command"):
            words = self._joined(node.args, scope, " ")
            return [Said(f"`{COMMAND} {said.text}`", said.when) for said in words]
        if isinstance(node, ast.Name) and scope.get(node.id):
            return scope[node.id]
        constant = self._constant(node)
        return [Said(constant, {})] if constant else None

    def _joined(self, nodes: Sequence[ast.expr], scope: Scope, between: str = "") -> list[Said]:
        """What stands side by side in an f-string, a sum or a list of arguments."""
        ways = [Said("", {})]
        for node in nodes:
            repr_asked = isinstance(node, ast.FormattedValue) and node.conversion == ord("r")
            inner = node.value if isinstance(node, (ast.FormattedValue, ast.Starred)) else node
            said = self._said(inner, scope) or _word(inner)
            if repr_asked:
                said = [Said(f"'{each.text}'", each.when) for each in said]
            pairs = ((way, each, _together((way, each))) for way, each in product(ways, said))
            ways = [
                Said(way.text + between * bool(way.text) + each.text, when)
                for way, each, when in pairs
                if when is not None
            ]
        return ways

    def _constant(self, node: ast.expr) -> str:
        """The text or number of a name of the module, as `SETTINGS` or `state.ELSEWHERE`."""
        value: object = self.module
        for name in ast.unparse(node).split("."):
            value = getattr(value, name, None)
        return str(value) if isinstance(value, (str, int)) else ""


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The blocks inside of a statement that are run where it stands."""
    if not isinstance(statement, (*_FUNCTIONS, ast.ClassDef)):
        for name in ("body", "orelse", "finalbody"):
            yield from filter(None, [getattr(statement, name, None)])
        for handler in getattr(statement, "handlers", ()):
            yield handler.body


def _header(statement: ast.stmt) -> Iterator[ast.AST]:
    """What belongs to a statement itself and not to the blocks in it."""
    for child in ast.iter_child_nodes(statement):
        if not isinstance(child, (ast.stmt, ast.excepthandler)):
            yield from ast.walk(child)


def _together(parts: Sequence[Said]) -> dict[str, bool] | None:
    """The conditions under which all are said, None where they contradict each other."""
    when: dict[str, bool] = {}
    for part in parts:
        if any(when.get(test, way) is not way for test, way in part.when.items()):
            return None
        when.update(part.when)
    return when


def _word(node: ast.expr) -> list[Said]:
    """A reader's word for what is only known when it runs, made of the code's own."""
    names = [ast.unparse(node)]
    while not isinstance(node, (ast.Name, ast.Attribute)):
        if isinstance(node, ast.BoolOp):
            node = node.values[0]
        elif isinstance(node, (ast.Subscript, ast.Starred)):
            node = node.value
        elif isinstance(node, ast.GeneratorExp):
            node = node.elt
        elif isinstance(node, ast.Call):
            of_text = ast.unparse(node.func).endswith((".join", "str"))
            method = isinstance(node.func, ast.Attribute) and node.func.value
            node = node.args[0] if of_text else method or node.func
        else:
            break
        names.append(ast.unparse(node))
    plain = names[-1].rpartition(".")[2].replace("_", " ").strip()
    known = (WORDS[name] for name in (*names, plain) if name in WORDS)
    return [Said(next(known, f"⟨{plain}⟩"), {})]
