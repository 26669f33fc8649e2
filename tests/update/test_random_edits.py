"""Whatever lines a user changes, and whatever release the project comes from: no line is lost."""

from __future__ import annotations

import random
import re
import shlex
from itertools import combinations
from pathlib import Path

import pytest
from support.template import git, tree
from support.updates import commit, update

from .conftest import Made

VERSIONS = ("v1.0.0", "v1.1.0", "v1.2.0", "v1.3.0", "v1.4.0", "v1.5.0", "v2.0.0")
PAIRS = [*combinations(VERSIONS, 2), ("v1.0.0", "v2.0.0")]
DERIVED = (".copier-answers.yml", "requirements.txt", "requirements-dev.txt")
ENDS = (b"", b" ", b"\t# \xc3\xa9\xe2\x80\xa8", b" \xe9", b"\r", b" <<<<<<<", b" \x0c;")
"""What a line can end with besides its number: white space, UTF-8, Latin-1, old line ends."""

SOME, MORE, ALL = 1, 7, 300
SEEDS = [
    *range(SOME),
    *(pytest.param(seed, marks=pytest.mark.thorough) for seed in range(SOME, MORE)),
    *(pytest.param(seed, marks=pytest.mark.weekly) for seed in range(MORE, ALL)),
]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_line_that_a_user_added_is_there_or_named(made: Made, home: Path, seed: int) -> None:
    chance = random.Random(seed)
    old, new = chance.choice(PAIRS)
    project = made(old)
    mine = {name: edit(project / name, chance) for name in chosen(project, chance)}
    before = git(commit(project), "rev-parse", "--short", "HEAD").strip()

    done = update(project, home, "--vcs-ref", new)

    assert done.stdout.startswith("Template: "), done.stderr
    found = b"\n".join(tree(project).values())
    gone = {name for name, lines in mine.items() if not all(line in found for line in lines)}
    named = dict(re.findall(rf"^- (\S+) .*: (git checkout {before} -- .+)$", done.stdout, re.M))
    assert gone <= set(named), (old, new, done.stdout, done.stderr)
    assert done.returncode != 0 or not gone
    for name in gone:
        git(project, *shlex.split(named[name])[1:])
        assert all(line in (project / name).read_bytes() for line in mine[name])


def chosen(project: Path, chance: random.Random) -> list[str]:
    """One to five files that a person can edit, those at the top more often than all others."""
    names = [name for name in git(project, "ls-files").splitlines() if name not in DERIVED]
    top = [name for name in names if "/" not in name]
    return sorted({chance.choice(chance.choice((names, top))) for _ in range(chance.randint(1, 5))})


def edit(path: Path, chance: random.Random) -> list[bytes]:
    """Insert, delete or change some lines; those that are the user's now."""
    lines = path.read_bytes().split(b"\n")[:-1]
    mine: list[bytes] = []
    for _ in range(chance.randint(1, 4)):
        at = chance.randint(0, len(lines))
        line = b"# mine %d" % chance.randrange(10**9) + chance.choice(ENDS)
        what = chance.choice(("insert", "delete", "change"))
        gone = lines[at : at + 1] if what != "insert" else []
        lines[at : at + len(gone)] = [line] if what != "delete" else []
        mine = [each for each in mine if each not in gone]
        mine += [line] if what != "delete" else []
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return [line.rstrip(b"\r") for line in mine]  # git takes it from a text file at the commit
