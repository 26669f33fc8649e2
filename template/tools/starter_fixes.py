# Owned by the template.
# /// script
# requires-python = ">=3.10"
# dependencies = ["copier>=9.19,<10"]
# ///
"""Merge what the template changed in the starter since a version into this project's own code.

    uv run --script tools/starter_fixes.py VERSION [--answers-file FILE]

Updates leave the project's code alone, and name the files and the VERSION for this command. It is a
merge of git's own: the starter of VERSION is the base, today's is theirs, the last commit is ours.
What comes is staged and not committed. Exit codes: 0 merged, or nothing to merge; 1 there are
conflicts to resolve; 3 it could not be done, and nothing was changed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from template_check import ANSWERS, read, render

MERGED, CONFLICTS, COULD_NOT = 0, 1, 3
CODE = ("src", "tests", "configs")
Files = Mapping[str, bytes]
"""Contents by path, from the project's root."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="starter_fixes.py", description=__doc__.split("\n")[0])
    parser.add_argument("version", metavar="VERSION", help="the template's, as an update names it")
    parser.add_argument("-a", "--answers-file", default=ANSWERS)
    told = parser.parse_args()
    os.chdir(Path(__file__).resolve().parent.parent)
    try:
        return merge_into_project(told.version, told.answers_file)
    except (ImportError, OSError, ValueError, subprocess.SubprocessError) as error:
        print(f"error: The starter's changes could not be merged: {error}", file=sys.stderr)
        print("       Nothing was changed. Mend that, then run the same again.", file=sys.stderr)
        return COULD_NOT


def merge_into_project(version: str, answers_file: str) -> int:
    if git("status", "--porcelain", "--untracked-files=no"):
        raise ValueError("what you changed is not committed, and only git can give it back")
    answers = read(Path(answers_file).read_bytes(), answers_file)
    base, _ = starter({**answers, "_commit": version}, answers_file)
    theirs, modules = starter(answers, answers_file)
    names = changes(base, theirs, files(Path()))
    if not names:
        print(f"Nothing fits: the starter is as it was at {version}, or yours is another by now.")
        return MERGED
    merge(
        {name: base[name] for name in names if name in base},
        {name: theirs[name] for name in names} | lacking(modules, b"".join(theirs.values())),
    )
    staged = git("diff", "--cached", "--name-only", "--relative").splitlines()
    conflicts = git("diff", "--name-only", "--diff-filter=U", "--relative").splitlines()
    for name in staged:
        print(f"  {'conflicts' if name in conflicts else 'merged'}: {name}")
    if conflicts:
        print("Resolve them, then: git add --all && git commit. To undo all: git reset --hard")
        return CONFLICTS
    print("See it with: git diff --cached. Then: git commit. To undo all: git reset --hard")
    return MERGED


def starter(answers: dict[str, Any], answers_file: str) -> tuple[Files, Files]:
    """The starter's code for these answers at their version, and what of it updates bring."""
    with tempfile.TemporaryDirectory(prefix="starter-fixes-") as place:
        render(answers, Path(place), ["*", *patterns()], answers_file)
        return files(Path(place)), files(Path(place), updates=True)


def lacking(modules: Files, code: bytes) -> dict[str, bytes]:
    """Those that the code asks for and that the update left out, since none asked for them."""
    asked = {name: each for name, each in modules.items() if Path(name).stem.encode() in code}
    return {name: each for name, each in asked.items() if not Path(name).exists()}


def patterns() -> list[str]:
    """What Copier leaves in where all else is excluded."""
    return [f"!/{folder}{end}" for folder in CODE for end in ("", "/**")]


def files(project: Path, *, updates: bool = False) -> Files:
    """The code that is the project's own, or the modules beside it that updates bring."""
    found = [path for folder in CODE for path in (project / folder).rglob("*.*")]
    return {
        path.relative_to(project).as_posix(): path.read_bytes().replace(b"\r\n", b"\n")
        for path in sorted(found)
        if path.suffix in (".py", ".toml") and path.is_file() and updated(path) == updates
    }


def updated(path: Path) -> bool:
    """Whether it is a module of the template's own, which each update brings by itself."""
    return path.name.startswith("_") and not path.name.startswith("__")


def changes(base: Files, theirs: Files, ours: Files) -> list[str]:
    """The files whose change from `base` to `theirs` can be merged into `ours`.

    None where the project has another starter, or the template's was written anew. A file that the
    project deleted stays so, and one that the template deleted is left to the project.
    """
    if not (akin(base, theirs) and akin(base, ours)):
        return []
    changed = [name for name, content in theirs.items() if base.get(name) != content]
    return [name for name in changed if name in ours or name not in base]


def akin(base: Files, other: Files) -> bool:
    """Whether half of the lines of the starter's own modules are still there."""
    modules = [name for name in base if name.startswith("src/")]
    there = sum((lines(base[name]) & lines(other.get(name, b""))).total() for name in modules)
    return 2 * there >= sum(lines(base[name]).total() for name in modules)


def lines(content: bytes) -> Counter[bytes]:
    return Counter(line.strip() for line in content.splitlines() if line.strip())


def merge(base: Files, theirs: Files) -> None:
    """Let git merge; what came, and where it conflicts, is in the index and in the files."""
    before = commit(base)
    argv = ["git", "cherry-pick", "--no-commit", commit(theirs, "-p", before)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode and not git("ls-files", "--unmerged"):
        raise ValueError(done.stderr.strip().splitlines()[0])


def commit(contents: Files, *words: str) -> str:
    """A commit of these files alone, which no branch has."""
    prefix = git("rev-parse", "--show-prefix")
    entries = []
    for name, content in contents.items():
        blob = git("hash-object", "-w", "--stdin", "--path", name, given=content)
        entries.append(f"100644 {blob}\t{prefix}{name}\n")
    who = {f"GIT_{part}_NAME": "starter" for part in ("AUTHOR", "COMMITTER")}
    who |= {f"GIT_{part}_EMAIL": "starter@example.invalid" for part in ("AUTHOR", "COMMITTER")}
    with tempfile.TemporaryDirectory(prefix="starter-fixes-") as place:
        environ = {**who, "GIT_INDEX_FILE": str(Path(place, "index"))}
        index = "".join(entries).encode()
        git("update-index", "--add", "--index-info", given=index, environ=environ)
        return git(
            "commit-tree",
            "-m",
            "The starter",
            *words,
            git("write-tree", environ=environ),
            environ=environ,
        )


def git(*words: str, given: bytes = b"", environ: Mapping[str, str] | None = None) -> str:
    """What git prints. Raises ValueError with its own words where it fails."""
    variables = {**os.environ, "LC_ALL": "C", **(environ or {})}
    argv = ["git", "-c", "core.safecrlf=false", "-c", "core.quotePath=false", *words]
    done = subprocess.run(argv, input=given, env=variables, capture_output=True, check=False)
    if done.returncode:
        raise ValueError(done.stderr.decode(errors="replace").strip())
    return done.stdout.decode().strip("\n")


if __name__ == "__main__":
    sys.exit(main())
