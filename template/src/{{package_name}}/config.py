"""The configuration: a TOML file, read into typed values and checked before anything runs."""

import sys
import tomllib
from dataclasses import dataclass, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from .data import DataConfig
from .errors import UserError
from .files import shown
from .model import ModelConfig

Section = TypeVar("Section")

DEFAULT = Path("configs/train.toml")
KINDS: dict[object, str] = {
    int: "a whole number",
    float: "a number",
    str: "a text in quotes",
    tuple[int, ...]: "a list of whole numbers",
}


@dataclass(frozen=True)
class Config:
    """All that decides a run, but for the data's content. Each module declares its own table."""

    seed: int
    data: DataConfig
    model: ModelConfig

    def problem(self) -> str | None:
        """What is wrong with the values, or None."""
        return None if 0 <= self.seed < 2**32 else "the seed must be from 0 to 4294967295"


def load(path: Path, seed: int | None = None) -> Config:
    """Reads a TOML file; `seed`, when given, takes the place of the seed in it.

    Raises UserError (exit code 2) that names the file and the key.
    """
    name = shown(path, Path.cwd())
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (FileNotFoundError, IsADirectoryError):
        happened = f"There is no configuration file {name}."
        raise UserError(happened, "Name one with --config FILE.", 2) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        happened = f"{name} is not valid TOML: {error}."
        raise UserError(happened, "Mend that place and run again.", 2) from None
    return parse(values if seed is None else {**values, "seed": seed}, name)


def parse(values: object, source: str) -> Config:
    """Checks nested tables, from TOML or JSON. `source` names them in the UserError."""
    return _section(Config, values, source, "")


def _section(kind: type[Section], values: object, source: str, prefix: str) -> Section:
    """One table as a dataclass: exactly its keys, each of its type."""
    if not isinstance(values, dict):
        happened = f"{source}: {prefix.rstrip('.') or 'the whole'} must be a table of keys."
        raise UserError(happened, f"Compare with {DEFAULT.as_posix()}.", 2)
    hints = get_type_hints(kind)
    for name in values:
        if name not in hints:
            near = get_close_matches(str(name), hints, 1)
            remedy = f"Did you mean {near[0]}?" if near else f"Known here: {', '.join(hints)}."
            raise UserError(f"{source}: there is no key {prefix}{name}.", remedy, 2)
    for name, hint in hints.items():
        if name not in values:
            what = "A table" if is_dataclass(hint) else KINDS[hint].capitalize()
            happened = f"{source}: the key {prefix}{name} is missing."
            raise UserError(happened, f"{what} is needed there: add it.", 2)
    section = kind(**{n: _value(h, values[n], source, prefix + n) for n, h in hints.items()})
    problem = section.problem()  # type: ignore[attr-defined]
    if problem:
        happened = f"{source}: {problem}."
        raise UserError(happened, f"Change {prefix.rstrip('.') or 'it'} and run again.", 2)
    return section


def _value(hint: Any, value: Any, source: str, name: str) -> object:
    """One value in the type asked for; a whole number will do where a number is asked for."""
    if is_dataclass(hint):
        return _section(hint, value, source, f"{name}.")
    if hint is float and type(value) in (int, float) and abs(value) <= sys.float_info.max:
        return float(value)
    if hint is int and type(value) is int:
        return value
    if hint is str and isinstance(value, str):
        return value
    if hint == tuple[int, ...] and isinstance(value, list) and all(type(n) is int for n in value):
        return tuple(value)
    raise UserError(f"{source}: {name} is {value!r}.", f"Put {KINDS[hint]} there.", 2)
