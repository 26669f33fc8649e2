"""The settings: a TOML file, then KEY=VALUE from the command line, read into typed values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import MISSING, asdict, dataclass, fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

try:
    import tomllib
except ModuleNotFoundError:  # before Python 3.11
    import tomli as tomllib

from .model import Settings

NEEDED = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}


@dataclass(frozen=True)
class Data:
    """The [data] table."""

    file: str
    target: str
    drop: tuple[str, ...] = ()
    split: Literal["random", "group", "time"] = "random"
    split_by: str = ""
    split_seed: int = 0
    validation: float = 0.2
    test: float = 0.2

    def __post_init__(self) -> None:
        if min(self.validation, self.test) <= 0 or self.validation + self.test >= 1:
            raise ValueError("data.validation and data.test must be above 0, and below 1 together")
        if (self.split == "random") == bool(self.split_by):
            raise ValueError("data.split_by names the column for split = group or time, else none")
        if self.split_seed < 0:
            raise ValueError("data.split_seed must not be below 0")


@dataclass(frozen=True)
class Config:
    """All that decides a run but the data's content; [model] is declared in model.py."""

    task: Literal["auto", "classification", "regression"]
    seed: int
    data: Data
    model: Settings

    def __post_init__(self) -> None:
        if self.seed not in range(2**31):
            raise ValueError("seed must be from 0 to 2147483647")


def load(path: Path, changes: Sequence[str] = ()) -> Config:
    """The settings of a file, with KEY=VALUE put over them. Raises ValueError, in words."""
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
    return _typed(Config, values)


def dump(config: Config) -> str:
    """The same settings as TOML, where a text or a list is written as in JSON."""
    text = ""
    for key, value in asdict(config).items():
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
