# Owned by the template.
"""The table of a search, configs/sweep.toml, and the settings of a trial out of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import optuna

try:
    import tomllib
except ModuleNotFoundError:  # before Python 3.11
    import tomli as tomllib

NEEDED = {"metric": str, "direction": str, "trials": int, "seed": int, "space": dict}


def read(path: Path, fixed: set[str]) -> dict[str, Any]:
    """The table, its space by KEY without what is `fixed`. Raises ValueError, in words."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (FileNotFoundError, IsADirectoryError):
        raise ValueError(f"There is no file {path} here. Name one: --space FILE.") from None
    except ValueError as error:
        raise ValueError(f"{path} is not valid TOML ({error}). Mend that place.") from None
    for name in [*table, *NEEDED]:
        if name not in NEEDED:
            near = get_close_matches(name, NEEDED, 1)
            advice = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(NEEDED)}."
            raise ValueError(f"{path} has no key {name}. {advice}")
        if type(table.get(name)) is not NEEDED[name]:
            advice = f"Give one of the type {NEEDED[name].__name__}."
            raise ValueError(f"{name} in {path} is {table.get(name)!r}. {advice}")
    if table["direction"] not in ("minimize", "maximize"):
        raise ValueError(f"direction in {path} is none. Say minimize or maximize.")
    if table["trials"] < 1 or table["seed"] < 0:
        raise ValueError(f"trials or seed in {path} is too small. Take 1, and 0, or more.")
    space = {key: value for key, value in _flat(table["space"]) if key not in fixed}
    if not space:
        raise ValueError(f"{path} leaves nothing to search for. Add a key to its [space].")
    for key, dimension in space.items():
        _check(key, dimension, path)
    return {**table, "space": space}


def _check(key: str, dimension: Any, path: Path) -> None:
    try:
        suggest(optuna.create_study().ask(), {key: dimension})
    except (KeyError, TypeError, ValueError) as error:
        advice = "Give { low = 1, high = 9 }, with log = true or step = 2 if wanted, or a list."
        raise ValueError(f"{key} in {path} is no range or list ({error}). {advice}") from None


def ends(dimension: Any) -> list[str]:
    """What decides whether all of a dimension is possible: each choice, or low and high."""
    if isinstance(dimension, list):
        return [json.dumps(each, ensure_ascii=False) for each in dimension]
    return [json.dumps(dimension[end]) for end in ("low", "high")]


def suggest(trial: optuna.Trial, dimensions: dict[str, Any]) -> dict[str, str]:
    """The settings of a trial: the text of the value by KEY. Asked again, it says the same."""
    found = {}
    for key, dimension in dimensions.items():
        if isinstance(dimension, list):
            found[key] = trial.suggest_categorical(key, ends(dimension))
        elif type(dimension["low"]) is type(dimension["high"]) is int:
            found[key] = json.dumps(trial.suggest_int(key, **dimension))
        else:
            found[key] = json.dumps(trial.suggest_float(key, **dimension))
    return found


def _flat(table: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict) and all(
            isinstance(each, (dict, list)) for each in value.values()
        ):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
