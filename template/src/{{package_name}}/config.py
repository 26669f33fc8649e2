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
    for change in changes:
        *tables, last = change.partition("=")[0].split(".")
        table = values
        for name in tables:
            table = table.setdefault(name, {})
        try:
            table[last] = tomllib.loads("x = " + change.partition("=")[2])["x"]
        except ValueError:  # a text without quotes
            table[last] = change.partition("=")[2]
    return _typed(Config, values, "")


def dump(config: Config) -> str:
    """The same settings as TOML, where a text or a list is written as in JSON."""
    text = ""
    for key, value in asdict(config).items():
        if isinstance(value, dict):
            text += f"\n[{key}]\n"
        for name, each in (value if isinstance(value, dict) else {key: value}).items():
            text += f"{name} = {json.dumps(each, ensure_ascii=False)}\n"
    return text


def _typed(kind: Any, values: Any, prefix: str) -> Any:
    """A table as the dataclass `kind`: only its keys, each of its type."""
    if not isinstance(values, dict):
        raise ValueError(f"{prefix.rstrip('.')} is {values!r}. A table of keys is needed.")
    hints = get_type_hints(kind)
    for name in values:
        if name not in hints:
            near = get_close_matches(name, hints, 1)
            advice = f"Did you mean {prefix}{near[0]}?" if near else f"Known: {', '.join(hints)}."
            raise ValueError(f"There is no key {prefix}{name}. {advice}")
    for field in fields(kind):
        if field.name not in values and field.default is MISSING:
            raise ValueError(f"The key {prefix}{field.name} is missing. Add it to the settings.")
    return kind(**{name: _value(hints[name], values[name], prefix + name) for name in values})


def _value(hint: Any, value: Any, key: str) -> Any:
    options = get_args(hint)
    if is_dataclass(hint):
        return _typed(hint, value, f"{key}.")
    if get_origin(hint) is Literal:
        needed, fits = f"one of {', '.join(options)}", value in options
    elif options:
        needed = f"a list in brackets, each {NEEDED[options[0]]},"
        fits = isinstance(value, list) and all(type(each) is options[0] for each in value)
    elif hint is float:
        needed, fits = NEEDED[float], type(value) in (int, float) and abs(value) < 1e300
    else:
        needed, fits = NEEDED[hint], type(value) is hint
    if not fits:
        raise ValueError(f"{key} is {value!r}. {needed.capitalize()} is needed.")
    return tuple(value) if isinstance(value, list) else float(value) if hint is float else value
