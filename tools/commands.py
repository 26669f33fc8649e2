"""`make pages`: docs/commands.md, the engine's commands and options as `--help` tells them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from messages import COMMAND, ENGINE

sys.path.insert(0, str(ENGINE.parent))

from env import cli

PAGE = Path(__file__).resolve().parent.parent / "docs" / "commands.md"
HEAD = """\
# Commands

`make pages` writes this page out of the engine's code: it is what `--help` tells. What each
command promises stands in [the engine](engine.md). `--project DIR`, before the command, names
another project than the one that the engine is in.
"""


def main() -> int:
    PAGE.write_text(page(), encoding="utf-8")
    print(f"docs/{PAGE.name}: written")
    return 0


def page() -> str:
    """The whole page."""
    text = HEAD
    for name, help_text, parser in commands():
        words = [name, *(f"{each.metavar} ..." for each in parser._actions if _positional(each))]
        text += f"\n## `{name}`\n\n`{COMMAND} {' '.join(words)}`: {help_text}.\n"
        rows = [row(each) for each in parser._actions if each.option_strings]
        if rows[1:]:  # the first one is --help
            text += "\n| option | meaning |\n|---|---|\n" + "".join(rows[1:])
    return text


def commands() -> Iterator[tuple[str, str, argparse.ArgumentParser]]:
    """Name, help and parser of each command, in the order of `--help`."""
    for action in cli._parser()._actions:
        if isinstance(action, argparse._SubParsersAction):
            for listed in action._choices_actions:
                yield listed.dest, str(listed.help), action.choices[listed.dest]


def row(option: argparse.Action) -> str:
    """An option's row of the table."""
    value = "" if option.nargs == 0 else f" {_value(option)}"
    names = ", ".join(f"`{name}{value}`" for name in option.option_strings)
    chosen = f": {', '.join(f'`{each}`' for each in option.choices)}" if option.choices else ""
    return f"| {names} | {option.help}{chosen} |\n"


def _value(option: argparse.Action) -> str:
    name = option.metavar if isinstance(option.metavar, str) else "X"
    return f"[{name} ...]" if option.nargs == "*" else name


def _positional(action: argparse.Action) -> bool:
    return not action.option_strings and isinstance(action.metavar, str)


if __name__ == "__main__":
    sys.exit(main())
