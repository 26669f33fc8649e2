"""What git knows of the project: as it was before the update, and what the update did to it.

`copier update` starts from a clean working tree, so HEAD holds what the user had and each
difference to it is the update's. Paths are relative to the project, which may be a part of its
repository.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

PROGRAM, LINK = "100755", "120000"
"""Modes of git's: a file with its run bit, and a symbolic link."""


def git(*words: str, given: bytes = b"", check: bool = True) -> bytes:
    """Run git in the project; what it printed. Raises CalledProcessError, `check` willing."""
    argv = ["git", "-c", "core.safecrlf=false", *words]  # else it warns of each file's line ends
    return subprocess.run(argv, input=given, stdout=subprocess.PIPE, check=check).stdout


def said(*words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run git where it may fail, in words that can be looked for; 127 where there is no git."""
    argv, environ = ["git", *words], {**os.environ, "LC_ALL": "C"}
    how: dict[str, Any] = {"capture_output": True, "text": True, "errors": "replace"}
    try:
        return subprocess.run(argv, env=environ, input=given, check=False, **how)
    except OSError as error:
        return subprocess.CompletedProcess(argv, 127, "", str(error))


def in_progress() -> bool:
    """Whether git is in the midst of something that no commit holds yet."""
    begun = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply")
    words = [word for name in begun for word in ("--git-path", name)]
    return any(map(os.path.exists, os.fsdecode(git("rev-parse", *words)).splitlines()))


def unheld(names: Iterable[str]) -> dict[str, bool]:
    """Those of the files `names` that are there and that HEAD could not give back.

    The value is whether git has the file and was told not to look at it (`git update-index`). What
    git never got is often hidden by a list of ignored files. All else in the tree is as committed.
    """
    listed = os.fsdecode(git("ls-files", "-v", "-z")).split("\0")[:-1]
    tags = {each[2:]: each[0] for each in listed}
    alike = {name.casefold(): name for name in tags}

    def tag(name: str) -> str:
        if name in tags:
            return tags[name]
        # Where letters of either case name one file, a project may have chosen the other one.
        other = alike.get(name.casefold())
        same = other and os.path.samestat(os.lstat(other), os.lstat(name))
        return tags[other] if other and same else ""

    there = [each for each in sorted(names) if os.path.islink(each) or os.path.isfile(each)]
    found = {name: tag(name) for name in there}
    return {name: bool(each) for name, each in found.items() if each != "H"}


def committed(name: str) -> bytes | None:
    """A file's content before the update, None where there was none."""
    argv = ["git", "show", f"HEAD:./{name}"]
    done = subprocess.run(argv, capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else None


def tracked() -> list[str]:
    """What the last commit has here."""
    argv = ["git", "ls-tree", "-r", "-z", "--name-only", "HEAD", "."]
    done = subprocess.run(argv, capture_output=True, check=False)
    return os.fsdecode(done.stdout).split("\0")[:-1]


def with_crlf() -> list[str]:
    """The files of which git itself has lines that end as on Windows."""
    listed = os.fsdecode(git("ls-files", "--eol", "-z")).split("\0")[:-1]
    return [each.partition("\t")[2] for each in listed if each.startswith(("i/crlf", "i/mixed"))]


def mode(name: str) -> str | None:
    """The mode that a file had before the update, as git has them; None where there was none."""
    return git("ls-tree", "HEAD", "--", name).decode().partition(" ")[0] or None


def commit() -> str:
    """The commit that holds what the user had, as a short hash."""
    return git("rev-parse", "--short", "HEAD").decode().strip()


def changed(*names: str) -> bool:
    """Whether the update changed one of these files."""
    argv = ["git", "diff", "--quiet", "HEAD", "--", *names]
    return subprocess.run(argv, stderr=subprocess.DEVNULL, check=False).returncode != 0


def altered() -> dict[str, str]:
    """Each tracked file that is not as it was: "M" by its path, "D" where it is gone."""
    words = ("diff", "--name-status", "--no-renames", "--relative", "-z", "HEAD")
    fields = os.fsdecode(git(*words)).split("\0")[:-1]
    pairs = zip(fields[::2], fields[1::2], strict=True)
    return {path: letter for letter, path in pairs if letter in ("M", "T", "D")}


def new() -> list[str]:
    """The files that were not there before, those that git ignores left out."""
    return _paths("ls-files", "--others", "--exclude-standard", "-z")


def unmerged() -> list[str]:
    """Files with markers, as git knows them."""
    return _paths("diff", "--name-only", "--diff-filter=U", "--relative", "-z")


def conflicts() -> list[str]:
    """Files in which a person must choose: those with markers, and the .rej files."""
    # Also those that git ignores, as Copier itself does; not in directories that it ignores.
    words = ("ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z")
    rejected = [name for name in (*new(), *_paths(*words)) if name.endswith(".rej")]
    return sorted({*unmerged(), *rejected})


def staged(name: str, stage: int) -> bytes | None:
    """A file's content at a stage of the index, None where it has none there."""
    argv = ["git", "show", f":{stage}:./{name}"]
    done = subprocess.run(argv, capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else None


def mark_unmerged(name: str, ours: bytes, base: bytes, theirs: bytes) -> None:
    """Let git know of a conflict as after a merge of its own: `git status` shows it then."""
    prefix = os.fsdecode(git("rev-parse", "--show-prefix")).strip()
    file = PROGRAM if os.access(name, os.X_OK) and os.name != "nt" else "100644"
    lines = []
    for stage, content in ((1, base), (2, ours), (3, theirs)):
        found = git("hash-object", "-w", "--stdin", given=content).decode().strip()
        lines.append(f"{file} {found} {stage}\t{prefix}{name}\n")
    git("update-index", "--index-info", given=os.fsencode("".join(lines)))


def merged(ours: bytes, base: bytes, theirs: bytes, scratch: Path) -> tuple[bytes, bool]:
    """Three versions of a file in one, and whether that went without a conflict.

    Raises ValueError where it cannot be done, as for binary files.
    """
    files = [scratch / each for each in ("ours", "base", "theirs")]
    for file, content in zip(files, (ours, base, theirs), strict=True):
        file.write_bytes(content)
    labels = ["-L", "before updating", "-L", "last update", "-L", "after updating"]  # Copier's own
    argv: Sequence[str | Path] = ["git", "merge-file", "--stdout", *labels, *files]
    done = subprocess.run(argv, capture_output=True, check=False)
    if done.returncode >= 128 or done.returncode < 0:
        raise ValueError(done.stderr.decode(errors="replace").strip())
    return done.stdout, done.returncode == 0


def _paths(*words: str) -> list[str]:
    return sorted(set(os.fsdecode(git(*words)).split("\0")) - {""})
