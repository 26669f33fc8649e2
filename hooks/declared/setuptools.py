"""setup.cfg, and setup.py where what it says is written down: it is read, and never run.

https://setuptools.pypa.io/en/latest/userguide/declarative_config.html
"""

from __future__ import annotations

import ast
import configparser
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import TO_DEVELOP, Source, Unreadable, text_of

_KEYS = {
    "description": "description", "long_description": "readme", "license": "license",
    "author": "authors", "author_email": "authors", "maintainer": "maintainers",
    "maintainer_email": "maintainers", "keywords": "keywords", "classifiers": "classifiers",
    "url": "urls", "project_urls": "urls", "scripts": "scripts", "entry_points": "entry-points",
    "extras_require": "optional-dependencies",
}  # fmt: skip
"""Other words of setup(), and the key of [project] that each is for.

Of `license_files` setuptools knows without, and breaks where `dynamic` names it:
https://github.com/pypa/setuptools/pull/3162"""

_ALIASES = {"classifier": "classifiers", "summary": "description", "home_page": "url"}
"""Words of distutils2 that setuptools takes in setup.cfg, too."""

_OLD = "setuptools<82"
"""What has pkg_resources: https://setuptools.pypa.io/en/stable/history.html#v82-0-0"""


_LIST = re.compile(r"requirements[\w-]*\.txt")


def cfg(path: Path) -> Source | None:
    """setup.cfg, None where it has settings of tools only. Raises Unreadable."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(text_of(path))
    except configparser.Error as error:
        raise Unreadable(" ".join(str(error).split())) from None
    if not {"metadata", "options"} & set(parser.sections()):
        return None
    table = {
        **{key.replace("-", "_"): value for key, value in _section(parser, "metadata").items()},
        **_section(parser, "options"),
    }
    table = {_ALIASES.get(key, key): value for key, value in table.items()}
    told: dict[str, Any] = {
        key: value for key, value in table.items() if not value.startswith(("attr:", "file:"))
    }
    dynamic = {key: table[key] for key in table.keys() - told.keys()}
    for key in ("install_requires", "tests_require", "setup_requires"):
        told[key] = _lines(told.get(key, ""))
    for key in ("entry_points", "extras_require"):
        if parser.has_section(f"options.{key}"):
            told[key] = _section(parser, f"options.{key}")
    return _source("setup.cfg", told, dynamic)


def py(path: Path) -> Source | None:
    """setup.py, None where it leaves all to setup.cfg. Raises Unreadable."""
    text = text_of(path)
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError) as error:
        raise Unreadable(f"it is not Python 3 ({error})") from None
    known: dict[str, Any] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            value = _value(node.value, known)
            if value is not None:
                known[node.targets[0].id] = value
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    call = next((each for each in calls if ast.unparse(each.func).split(".")[-1] == "setup"), None)
    if call is None:
        raise Unreadable("it calls no setup()")
    words = {word.arg: word.value for word in call.keywords if word.arg}
    old = [_OLD] if "pkg_resources" in text else []
    if not words:
        return Source("setup.py", build=old) if old else None
    told = {key: _value(node, known) for key, node in words.items()}
    computed = {key: "yes" for key, value in told.items() if value is None}
    found = _source("setup.py", {key: told[key] for key in told.keys() - computed}, computed)
    found.build += old
    for key in ("install_requires", "python_requires"):
        # What it reads from requirements.txt is read from there here, too.
        if key in computed and not (key == "install_requires" and _LIST.search(text)):
            found.leave(key, "is worked out as it runs; name what it gives with tools/env add")
    return found


def _source(file: str, told: Mapping[str, Any], computed: Mapping[str, Any]) -> Source:
    found = Source(file, name=told.get("name"), version=told.get("version"))
    found.python = told.get("python_requires")
    found.classify(_listed(told.get("classifiers")))
    for line in _listed(told.get("install_requires")):
        found.ask(line)
    for line in _listed(told.get("tests_require")):
        found.ask(line, into=found.groups.setdefault("dev", []))
    for line in _listed(told.get("setup_requires")):
        found.ask(line, into=found.build)
    extras = told.get("extras_require")
    for extra, lines in extras.items() if isinstance(extras, Mapping) else ():
        if extra.lower() in TO_DEVELOP:
            for line in _listed(lines):
                found.ask(line, into=found.groups.setdefault("dev", []))
    given = {*told, *computed}
    found.dynamic = {_KEYS[key] for key in given & _KEYS.keys()}
    if "entry_points" in given:
        found.dynamic |= {"scripts", "gui-scripts"}
    if "version" in computed or (file == "setup.py" and "version" not in told):
        found.dynamic.add("version")
    return found


def _value(node: ast.expr, known: Mapping[str, Any]) -> Any:
    """What an expression is where it is written down, None where it must be worked out."""
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts = [_value(each, known) for each in (node.left, node.right)]
        same = None not in parts and type(parts[0]) is type(parts[1])
        return parts[0] + parts[1] if same else None
    if isinstance(node, ast.Dict):
        keys = [_value(key, known) if key else None for key in node.keys]
        values = [_value(each, known) for each in node.values]
        return None if None in keys + values else dict(zip(keys, values, strict=True))
    if isinstance(node, (ast.List, ast.Tuple)):
        items = [_value(each, known) for each in node.elts]
        return None if None in items else items
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def _section(parser: configparser.ConfigParser, name: str) -> dict[str, str]:
    return dict(parser[name]) if parser.has_section(name) else {}


def _lines(text: str) -> list[str]:
    return [
        line for line in (re.sub(r"#.*", "", each).strip() for each in text.split("\n")) if line
    ]


def _listed(value: Any) -> list[str]:
    if isinstance(value, str):
        return _lines(value)
    return [each for each in value or () if isinstance(each, str)]
