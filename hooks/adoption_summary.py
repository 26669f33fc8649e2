"""What an adoption did, to be read on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from declared import Source
from engine import command, say

SHOWN = 5
UNDO = "git restore --staged --worktree . && git clean -fdxq tools/env tools/.env-turn"


def summary(
    sources: Sequence[Source],
    notes: Sequence[str],
    todo: Sequence[str],
    kept: Sequence[str],
    versions: Sequence[str],
) -> None:
    say("\nAdopted. What was taken, and from where:" if sources else "\nAdopted.")
    for source in sources:
        say(f"- {source.file}: {counted(source)}")
    part("Answers", notes)
    part("Other versions than you had", versions)
    part("Not taken", [line for source in sources for line in source.untaken])
    part("To be changed by you", todo)
    part("Yours, and left as they are; the template has others", kept)
    say("\nAll of it is staged, and nothing is committed. Look at it, then commit it:")
    say("  git diff --cached")
    say("  git commit -m 'Adopt the template'")
    say("Or take all of it back:")
    say(f"  {command('delete', '--yes')}; {UNDO}")


def counted(source: Source) -> str:
    """What a file gave, in words."""
    parts = [
        (len(source.dependencies), "to run"),
        (sum(map(len, source.groups.values())), "to develop"),
        (sum(map(len, source.extras.values())), "of extras"),
        (len(source.pins), "pinned"),
    ]
    said = [f"{number} {what}" for number, what in parts if number]
    said += [f"Python {source.python}"] if source.python else []
    return ", ".join(said) or "nothing"


def part(title: str, lines: Sequence[str]) -> None:
    if lines:
        say(f"{title}:")
        for line in lines:
            say(f"- {line}")


def some(names: Sequence[str]) -> str:
    """The first names of many."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
