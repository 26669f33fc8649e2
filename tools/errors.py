"""`make pages`: docs/errors.md, whatever the engine can say when something is wrong.

The texts come out of the code (messages.py), so the page cannot say anything else. What a topic is
called and what is in it stands here.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from messages import COMMAND, ENGINE, Message, messages

sys.path.insert(0, str(ENGINE.parent))

from env import drift, errors, state
from env.difference import Difference
from env.project import Project

PAGE = Path(__file__).resolve().parent.parent / "docs" / "errors.md"
HEAD = """\
# Whatever goes wrong: every message

`make pages` writes this page out of the engine's code, and a test holds it to that. An error is
two sentences: what happened, and what to do. Words in ⟨brackets⟩ stand for what is only known when
it happens.

- [Errors](#errors): a command could not do its work
- [States](#states): what `info` says of the environment as a whole
- [Differences](#differences): what `check` finds inside of it

What the states mean stands in [the engine](engine.md#states).

## Errors

An error goes to standard error, with `error:` in front; the second sentence is on a line of its
own. The number is the command's exit code. "The lines above" are those of uv, pip or py-rattler.
⟨state⟩ is a sentence from [below](#states), and ⟨environment⟩ its directory, mostly `.venv`. Where
the system itself refuses (a full disk, a file that may not be written), its own words stand for
the ⟨reason⟩.
"""
TROUBLE = """\
Before "could not be solved" and "could not be installed", one of these sentences may stand in the
lines above:

"""
STATES = """
## States

| state | it says | do this |
|---|---|---|
"""
DIFFERENCES = """
## Differences

`check` and `check --json` give each with its code. What each finds, and what other tools find, is
in [What check catches](checks.md). `sync` removes what is extra; to keep it, run
`python3 tools/env freeze` first. What leaves the size and time of its file as they were needs
`sync --full`, which `check` names then.

| code | it says | do this |
|---|---|---|
"""
# A heading, and the modules or functions whose errors stand under it; the longest name counts.
TOPICS = {
    "The project and its settings": ["project", "indexes", "managers.manager"],
    "Which Python": ["interpreters", "provision", "sync.running", "managers.venv"],
    "The place of the environment": ["state", "sync", "commands.delete", "commands._yes"],
    "Installing packages": [
        "sync.make_ready",
        "installation",
        "editable",
        "bootstrap",
        "uv",
        "sources",
    ],
    "The lock, and adding libraries": [
        "requirements",
        "lock",
        "resolution",
        "unresolved",
        "dependencies",
        "window",
        "pyproject",
        "managers.uv",
        "withdrawn",
    ],
    "Running a command, and freezing": ["commands.run", "freeze"],
    "A pack": ["pack", "packing", "commands._of_packs"],
    "With conda": ["managers.conda"],
    "Anything else": [""],
}
ERRORS = ("EnvError", "NoInterpreter")


class Row(NamedTuple):
    """An error."""

    where: str
    happened: str
    mend: str
    code: int


class _Shown(Project):
    """A project whose commands are written as in the pages."""

    def command(self, *args: str, quoted: object = None) -> str:
        return " ".join([COMMAND, *args])


_PROJECT = _Shown(Path(), "", None, "", "", "", Path(), ())


def main() -> int:
    PAGE.write_text(page(), encoding="utf-8")
    print(f"docs/{PAGE.name}: written")
    return 0


def page() -> str:
    """The whole page."""
    found = messages()
    text = HEAD
    for topic, rows in by_topic(error_rows(found)).items():
        text += f"\n### {topic}\n\n| it says | do this | code |\n|---|---|---|\n"
        text += _table([each.happened, each.mend, str(each.code)] for each in rows)
        if topic == "With conda":
            trouble = [each.parts[0] for each in found if each.kind == "Trouble"]
            text += f"\n{TROUBLE}" + "".join(f"- {each}\n" for each in trouble)
    text += STATES + _table(state_rows(found))
    return text + DIFFERENCES + _table(difference_rows(found))


def error_rows(found: Iterable[Message]) -> list[Row]:
    """What happened, what to do about it, and the exit code of each error."""
    rows = []
    for each in found:
        if each.kind in ERRORS:
            happened, mend, *code = each.parts
            rows.append(
                Row(each.where, happened, _marked(mend), int(code[0] if code else errors.COULD_NOT))
            )
    return rows


def state_rows(found: Iterable[Message]) -> list[list[str]]:
    """State, sentence and remedy, in the order of the engine's page."""
    told = [each.parts for each in found if each.kind == "Assessment" and each.parts[1]]
    order = [state.MISSING, state.FOREIGN, state.MOVED, state.INCOMPLETE, state.BROKEN, state.STALE]
    return [
        [f"`{word}`", sentence, f"`{state.remedy(_PROJECT, state.Assessment(word, sentence))}`"]
        for word, sentence in sorted(told, key=lambda each: order.index(each[0]))
    ]


def difference_rows(found: Iterable[Message]) -> list[list[str]]:
    """Code, sentence and remedy; those that stand for a state or another sentence are left out."""
    told = [each.parts for each in found if each.kind == "Difference"]
    told = [each for each in told if re.sub(r"⟨[^⟩]*⟩\.?", "", each[1])]
    rows = []
    for code, sentence in sorted(told):
        mend = drift.mend(_PROJECT, [Difference(code, sentence)])
        shown = (
            "`" + mend.replace(", then ", "`, then `") + "`" if mend else "nothing, it is a note"
        )
        rows.append([f"`{code}`", sentence, shown])
    return rows


def by_topic(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """The rows under their headings, without the empty ones and those that are there twice."""
    found: dict[str, list[Row]] = {topic: [] for topic in TOPICS}
    for row in rows:
        _, topic = max(
            (len(name), topic)
            for topic, names in TOPICS.items()
            for name in names
            if f"{row.where}.".startswith(f"{name}.") or not name
        )
        if row[1:] not in [each[1:] for each in found[topic]]:
            found[topic].append(row)
    return {topic: rows for topic, rows in found.items() if rows}


def _marked(mend: str) -> str:
    """With the command at its end marked as one, where it is not one of the engine's."""
    return re.sub(r"(: )([^:`⟨][^:`]*[^:`.])\Z", r"\1`\2`", mend)


def _table(rows: Iterable[Iterable[str]]) -> str:
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


if __name__ == "__main__":
    sys.exit(main())
