# Owned by the template: `copier update` merges its changes with yours.
"""Settings out of TOML and KEY=VALUE, typed as their dataclass declares, and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import MISSING, asdict, fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

try:
    import tomllib
except ModuleNotFoundError:  # before Python 3.11
    import tomli as tomllib

NEEDED = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}


def read(kind: Any, path: Path, changes: Sequence[str] = ()) -> Any:
    """A dataclass out of a file, with KEY=VALUE put over it. Raises ValueError, in words."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (FileNotFoundError, IsADirectoryError):
        raise ValueError(f"There is no file {path} here. Name one: --config FILE.") from None
    except ValueError as error:  # of TOML, or of UTF-8
        raise ValueError(f"{path} is not valid TOML ({error}). Mend that place.") from None
    for key, _, text in (change.partition("=") for change in changes):
        *tables, last = key.split(".")
        table = values
        for name in tables:
            table = table.setdefault(name, {})
            if not isinstance(table, dict):
                raise ValueError(f"There is no key {key}: {name} is no table. Leave it out.")
        try:
            table[last] = tomllib.loads(f"x = {text}")["x"]
        except ValueError:  # a text without quotes
            table[last] = text
    return _typed(kind, values)


def dump(settings: Any) -> str:
    """The same settings as TOML, where a text or a list is written as in JSON."""
    text = ""
    for key, value in asdict(settings).items():
        if isinstance(value, dict):
            text += f"\n[{key}]\n"
        for name, each in (value if isinstance(value, dict) else {key: value}).items():
            text += f"{name} = {json.dumps(each, ensure_ascii=False)}\n"
    return text


def _typed(hint: Any, value: Any, key: str = "") -> Any:
    """A value as its declaration asks; a table as its dataclass, with no other keys."""
    kinds, kind = get_args(hint), type(value)
    if is_dataclass(hint):
        needed, fits = "a table of keys", kind is dict
    elif get_origin(hint) is Literal:
        needed, fits = f"one of {', '.join(kinds)}", value in kinds
    elif kinds:
        needed = f"a list in brackets, each {NEEDED[kinds[0]]},"
        fits = kind is list and all(type(each) is kinds[0] for each in value)
    else:
        needed = NEEDED[hint]
        fits = kind in (int, float) and abs(value) < 1e300 if hint is float else kind is hint
    if not fits:
        raise ValueError(f"{key} is {value!r}. {needed.capitalize()} is needed.")
    if not is_dataclass(hint):
        return tuple(value) if kind is list else float(value) if hint is float else value
    hints, prefix = get_type_hints(hint), f"{key}." if key else ""
    for name in value:
        if name not in hints:
            near = get_close_matches(name, hints, 1)
            advice = f"Did you mean {prefix}{near[0]}?" if near else f"Known: {', '.join(hints)}."
            raise ValueError(f"There is no key {prefix}{name}. {advice}")
    for field in fields(hint):
        if field.name not in value and field.default is MISSING:
            raise ValueError(f"The key {prefix}{field.name} is missing. Add it to the settings.")
    return hint(**{name: _typed(hints[name], each, prefix + name) for name, each in value.items()})
