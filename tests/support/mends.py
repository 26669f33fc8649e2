"""Situations that make the engine say something, and what becomes of it when one does as it says.

A row makes one message happen for real. Then whatever the message names is done, word by word, and
the message must be gone; where another one comes, that leads on, and no further.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple

import errors
import messages

from .engine import Tiny

LINKS = 2
"""How many messages may follow each other until all is well."""


@dataclass
class Case:
    """A project in trouble. `environ` is that of its commands, and a row may change it."""

    project: Tiny
    wheelhouse: Path
    way: int = 0
    """Which of the ways out that the message offers is taken."""

    fill: dict[str, str] = field(default_factory=dict)
    """What a person types in place of a word in a command, as NAME."""

    shown: str = ""
    """The command that said it; a row that changes this says what the person does instead."""

    @property
    def root(self) -> Path:
        return self.project.root

    @property
    def env(self) -> Path:
        return self.project.env

    @property
    def environ(self) -> dict[str, str]:
        return self.project.environ

    def settings(self, **values: str) -> None:
        """Change tools/env.cfg, as an answer does or a person."""
        path = self.root / "tools" / "env.cfg"
        text = path.read_text(encoding="utf-8")
        for key, value in values.items():
            text = re.sub(rf"^{key} =.*\n", "", text, flags=re.MULTILINE)
            text += f"{key} = {value}\n" if value else ""
        path.write_text(text, encoding="utf-8")

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.root / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")


Situation = Callable[[Case], Iterator[str]]
"""Makes it happen and yields the engine's command that tells of it; what it does after that is what
the message leaves to the person."""


class Row(NamedTuple):
    says: str
    """How the message begins, as docs/errors.md has it; enough to tell it from all others."""

    situation: Situation
    manager: str
    ways: tuple[int, ...] | None
    """The ways out that can be gone here, None for all."""


def situation(
    says: str, manager: str = "venv", ways: tuple[int, ...] | None = None
) -> Callable[[Situation], Situation]:
    """Makes a function a row of the table that its module keeps in ROWS."""

    def keep(function: Situation) -> Situation:
        rows: list[Row] = function.__globals__["ROWS"]
        rows.append(Row(says, function, manager, ways))
        return function

    return keep


class Message(NamedTuple):
    """A message as the page has it: ⟨what is only known when it happens⟩ in brackets."""

    happened: str
    mend: str

    @property
    def text(self) -> str:
        return f"{self.happened} {self.mend}"

    def ways(self) -> list[str]:
        """The ways out that it offers, each as it is written."""
        return re.split(r"[;,] or ", self.mend)

    def commands(self, said: Said, way: int = 0) -> list[str] | None:
        """The commands of one way out, in the words that were said; None where it is not this."""
        found = re.fullmatch(_pattern(self.mend), said.mend)
        if not found or not re.fullmatch(_pattern(self.happened), said.happened):
            return None
        before = sum(len(_COMMAND.findall(each)) for each in self.ways()[:way])
        return list(found.groups())[before:][: len(_COMMAND.findall(self.ways()[way]))]


# In the page's words, a command is code with a space in it; a path or a key has none.
_COMMAND = re.compile(r"`([^`]+ [^`]+)`|⟨command⟩")


@cache
def known() -> list[Message]:
    """Every message of the engine."""
    found = messages.messages()
    told = [Message(row.happened, row.mend) for row in errors.error_rows(found)]
    tables = errors.state_rows(found) + errors.difference_rows(found)
    told += [Message(row[1], row[2]) for row in tables]
    return list(dict.fromkeys(told))


def _pattern(text: str) -> str:
    """What a message looks like when it comes; its commands are groups."""
    text = text.replace("`⟨the same command⟩`", "⟨command⟩").replace(
        "--python ⟨wanted⟩ ", "⟨asked⟩"
    )
    parts = re.split(r"(`[^`]+`|⟨[^⟩]+⟩)", text)
    return "".join(map(_part, parts))


def _part(text: str) -> str:
    if text == "⟨command⟩":
        return "(.+?)"
    if text in ("⟨asked⟩", "⟨state⟩."):
        return ".*?"
    if text.startswith("⟨"):
        return ".+?"
    if not text.startswith("`"):
        return re.escape(text)
    inner = "".join(_part(each) for each in re.split(r"(⟨[^⟩]+⟩)", text[1:-1]))
    inner = inner.replace("python3", "python3?", 1)
    inner = re.sub(r" sync\Z", " sync(?: --full)?", inner.replace("\\ ", " "))
    return f"({inner})" if _COMMAND.fullmatch(text) else f"`?{inner}`?"


class Said(NamedTuple):
    """What one run of the engine said; both "" where all was well."""

    happened: str
    mend: str
    whole: str


def hear(case: Case, command: str) -> list[Said]:
    """Run an engine command; each error or difference that it tells of."""
    words = shlex.split(command)
    check = words[-1] == "check"
    done = case.project.run(*words, *["--json"] * check)
    whole = done.stdout + done.stderr
    assert "Traceback" not in whole
    found = re.search(r"^error: (.*)\n +(.*)$", done.stderr, re.MULTILINE)
    if found:
        return [Said(found[1], found[2], whole)]
    if check:
        content = json.loads(done.stdout)
        return [Said(each["message"], each["mend"], whole) for each in content["differences"]]
    assert done.returncode == 0, whole
    return []


def tried(case: Case, row: Row) -> None:
    """Make the situation of a row, and go one way out of it to the end."""
    wanted = named(row)
    acts = row.situation(case)
    case.shown = next(acts)
    said = hear(case, case.shown)
    found = (wanted.commands(each, case.way) for each in said)
    commands = next((each for each in found if each is not None), None)
    assert commands is not None, f"{wanted} was not said, but: {said}"
    assert next(acts, None) is None
    told = [wanted]
    for _ in range(LINKS):
        said = _done(case, commands) or hear(case, filled(case, case.shown))
        if not said:
            return
        now = next(each for each in known() if each.commands(said[0]) is not None)
        assert now not in told, f"still: {said[0]}"
        told.append(now)
        commands = now.commands(said[0]) or []
    raise AssertionError(f"nothing is well after {LINKS} messages: {told}")


def named(row: Row) -> Message:
    """The message that a row is for."""
    [found] = [each for each in known() if each.text.startswith(row.says)]
    return found


def filled(case: Case, command: str) -> str:
    """A command with the words in it that a person has to replace."""
    for word, value in case.fill.items():
        command = command.replace(word, value)
    return command


def _done(case: Case, commands: list[str]) -> list[Said]:
    """Type commands; what the first of them says that fails."""
    for command in commands:
        for each in filled(case, command).split(", then "):
            if variable := re.fullmatch(r"export (\w+)=(.+)", each):
                case.environ[variable[1]] = variable[2]
            elif variable := re.fullmatch(r"unset (\w+)", each):
                del case.environ[variable[1]]
            elif engine := re.fullmatch(r"python3? tools/env (.+)", each):
                if found := hear(case, engine[1]):
                    return found
            elif not each.startswith("copier "):  # of these, the row does what they change
                subprocess.run(each, shell=True, cwd=case.root, env=case.environ, check=True)
    return []
