"""The lists of git's that a repository has, with the template's rules after its own, and the
engine's settings: files of lines, each of which is merged by itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import repository
from adapting import has_code
from pathspec import GitIgnoreSpec
from place import SETTINGS
from pristine import owned
from project_tools import TEMPLATE, TOOLS

LISTS = (".gitignore", ".gitattributes")
"""Files that are a rule a line."""


def merge() -> None:
    """Let the lists end with what the template's new version has more, where git saw a conflict:
    beside a repository's own rules stand the template's without its comments."""
    for name in set(LISTS) & set(repository.unmerged()):
        base, mine, theirs = ((repository.staged(name, stage) or b"") for stage in (1, 2, 3))
        new = set(theirs.splitlines()) - set(base.splitlines())
        more = b"\n".join(rule for rule in theirs.splitlines() if rule in new)
        Path(name).write_bytes(mine)
        Path(name).write_bytes(with_lines(Path(name), more.decode(), repository.tracked()))
        repository.git("reset", "--quiet", "--", name)


def merge_settings() -> None:
    """Take each line of tools/env.cfg from the side that changed it, where git saw a conflict: code
    that is not installed has another `package` than the template, beside the Pythons."""
    if SETTINGS not in repository.unmerged():
        return
    texts = ((repository.staged(SETTINGS, stage) or b"").decode() for stage in (1, 2, 3))
    base, mine, theirs = ({line.partition("=")[0]: line for line in x.splitlines()} for x in texts)
    for key in mine:
        if theirs.get(key) == base.get(key):
            theirs[key] = mine[key]
        elif mine[key] not in (base.get(key), theirs.get(key)):
            return  # both did
    Path(SETTINGS).write_text("".join(f"{line}\n" for line in theirs.values()), encoding="utf-8")
    repository.git("reset", "--quiet", "--", SETTINGS)


def with_lines(path: Path, ours: str, before: Sequence[str]) -> bytes:
    """A list with our rules after theirs, without those that mean a file that git has already.

    Where there was none, an attribute is left out only where git would see a file as changed."""
    theirs = path.read_bytes() if path.exists() else b""
    known = set(theirs.decode("utf-8", "replace").splitlines())
    attributes = path.name == ".gitattributes" and not theirs
    held = [
        name
        for name in (repository.with_crlf() if attributes else before)
        if not name.startswith(TOOLS)
    ]
    starter = tuple(owned(TEMPLATE)) if has_code(before) else ()
    rules = [rule for rule in ours.splitlines() if rule and not rule.startswith("#")]
    lines = []
    for rule in rules:
        if rule in known:
            continue
        # Where data and models are is not the template's to say in code that it did not start.
        if rule.lstrip("!").startswith(starter):
            continue
        pattern = GitIgnoreSpec.from_lines([rule.split()[0]])
        if rule.startswith("!") or not any(pattern.match_files(held)):
            lines.append(rule)
    if not theirs and lines == rules:
        return ours.encode()
    if not lines:
        return theirs
    head = "# For tools/env, which the template owns"
    return (theirs.rstrip() + b"\n\n" + "\n".join([head, *lines, ""]).encode()).lstrip()
