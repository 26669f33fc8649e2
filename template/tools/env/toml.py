"""TOML, which Python reads from 3.11 on, and does not write."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from .errors import EnvError
from .processes import capture
from .project import Project
from .requirements import normalize

# Those of the field's tools stand in before 3.11.
_READERS = ("tomllib", "tomli", "pip._vendor.tomli")
_READ_FOR_US = f"""
import importlib, json, sys
for name in {_READERS}:
    try:
        print(json.dumps(importlib.import_module(name).loads(sys.argv[1]), default=str))
        break
    except ImportError:
        pass
    except ValueError as error:
        sys.exit("not TOML: " + str(error))
"""

_TOOL_UV = re.compile(r"^\[ *tool *\. *uv *\][^\n]*\n", re.MULTILINE)


def loads(project: Project, text: str) -> dict[str, Any]:
    """A TOML file of the project; ValueError where it is none, or nothing here can read one."""
    for name in _READERS:
        try:
            found: dict[str, Any] = import_module(name).loads(text)
        except ImportError:
            continue
        except RecursionError:
            raise ValueError("it is nested too deeply") from None
        return found
    # The environment's Python is newer than this one, or has a reader among its packages.
    argv = [str(project.python_path), "-I", "-c", _READ_FOR_US, text]
    _, output, errors = capture(argv, {})
    if errors.startswith("not TOML: "):
        raise ValueError(errors.partition(": ")[2].strip())
    if not output:
        version = ".".join(map(str, sys.version_info[:2]))
        raise EnvError(
            f"Python {version} reads no TOML, as pyproject.toml is.",
            f"Run it with 3.11 or newer; or make the environment first: {project.command('sync')}",
        )
    there: dict[str, Any] = json.loads(output)
    return there


def dumps(tables: Mapping[str, Mapping[str, object]]) -> str:
    """A file with these tables."""
    return "\n".join(
        f"[{title}]\n" + "".join(f"{_key(key)} = {value_of(table[key])}\n" for key in table)
        for title, table in tables.items()
    )


def value_of(value: object) -> str:
    """On one line, which for these is JSON but for tables."""
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{_key(key)} = {value_of(value[key])}' for key in value)} }}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(value_of, value)) + "]"
    return json.dumps(value, ensure_ascii=False, default=str)


def _key(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z0-9_-]+", text) else json.dumps(text)


def with_setting(text: str, key: str, value: Mapping[str, object] | Sequence[str]) -> str:
    """The text of a pyproject.toml with this as a key of [tool.uv], without it where it is empty.

    Names that are in a list before and after stay as they are written, comments and all.
    """
    written = rf"""^[ \t]*["']?{key}["']?[ \t]*=[ \t]*(\{{[^}}\n]*\}}|\[[^\]]*\])[^\n]*\n?"""
    found = re.search(written, text, re.MULTILINE)
    if found is None:
        table, line = _TOOL_UV.search(text), f"{key} = {value_of(value)}\n" if value else ""
        if table or not line:
            at = table.end() if table else 0
            return text[:at] + line + text[at:]
        return f"{text.rstrip()}\n\n[tool.uv]\n{line}"
    if not value:
        text = text[: found.start()] + text[found.end() :]
        return re.sub(r"\n\[tool\.uv\]\n\s*(?=\[|\Z)", "\n", text)
    whole = value_of(value) if isinstance(value, Mapping) else _listed(found[1], value)
    return text[: found.start(1)] + whole + text[found.end(1) :]


def _listed(written: str, names: Sequence[str]) -> str:
    """A list of names in TOML with those that are missing, and without others."""
    had: set[str] = set()

    def kept(found: re.Match[str]) -> str:
        name = normalize(found["name"] or "")
        had.add(name)
        return found[0] if not name or name in names else ""

    rest = re.sub(r"""#[^\n]*|[ \t]*["'](?P<name>[^"']+)["'] *,?""", kept, written[1:-1])
    new = [json.dumps(name) for name in names if name not in had]
    return f"[{', '.join(filter(str.strip, [*new, rest]))}]"
