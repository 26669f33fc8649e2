# Owned by the template.
# /// script
# requires-python = ">=3.10"
# dependencies = ["copier>=9.19,<10"]
# ///
"""Is this project on the newest version of its template, and which of the template's files differ?

    uv run --script tools/template_check.py [--json] [--answers-file FILE]

uv brings Copier for it, so that the project's own lock need not. `poe template-check` is the same,
where no conflict is in pyproject.toml. Exit codes: 0 yes; 1 there is a newer version, or an update
needs a person; 3 it could not be told. Differing files are no failure: a project may change them,
and updates merge that.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ANSWERS = ".copier-answers.yml"
"""Copier's own name for the file; a project of several templates has others (`copier copy -a`)."""

NOTE = "refs/worktree/seedbed-before-update"
"""Names the commit before an update until all of it is told; the template's hooks set it."""

CURRENT, BEHIND, COULD_NOT = 0, 1, 3
MARKERS = (b"<<<<<<< before updating", b">>>>>>> after updating")


def main() -> int:
    parser = argparse.ArgumentParser(prog="template_check.py", description=__doc__.split("\n")[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("-a", "--answers-file", default=ANSWERS)
    told = parser.parse_args()
    os.chdir(Path(__file__).resolve().parent.parent)
    try:
        facts = compare(told.answers_file)
    except (ImportError, OSError, ValueError, KeyError, subprocess.SubprocessError) as error:
        print(f"error: The template could not be looked at: {error}", file=sys.stderr)
        print(f"       When that is mended, run: {again(told.answers_file)}", file=sys.stderr)
        return COULD_NOT
    if told.json:
        print(json.dumps(facts, indent=2))
    else:
        tell(facts, told.answers_file)
    return (
        BEHIND if facts["update_available"] or facts["stopped"] or facts["conflicts"] else CURRENT
    )


def compare(answers_file: str) -> dict[str, Any]:
    """What there is to tell; the keys are those of --json."""
    if not Path(answers_file).is_file():
        raise ValueError(f"There is no {answers_file}; name the file with --answers-file.")
    answers = read(Path(answers_file).read_bytes(), answers_file)
    newest = versions(answers_file)
    pristine = templates_own(answers, answers_file)
    found = {name: difference(Path(name), content) for name, content in pristine.items()}
    stopped, missing = stopped_update(answers_file)
    return {
        "template": without_login(answers["_src_path"]),
        "version": newest["current_version"],
        "latest": newest["latest_version"],
        "update_available": newest["update_available"],
        "differ": {name: what for name, what in found.items() if what},
        "conflicts": [name for name in pristine if unresolved(Path(name))],
        "stopped": stopped,
        "missing": missing,
        "withdrawn": withdrawn(answers) if newest["update_available"] else [],
    }


def read(content: bytes, name: str) -> dict[str, Any]:
    """The answers in a file. Raises ValueError where it has none."""
    import yaml  # Copier's own dependency, like all that is imported late: hooks read this, too

    try:
        answers = yaml.safe_load(content.decode("utf-8"))
    except (yaml.YAMLError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"{name} cannot be read: {reason}") from None
    if not isinstance(answers, dict) or not {"_src_path", "_commit"} <= answers.keys():
        raise ValueError(f"{name} does not say where the project came from.")
    return answers


def versions(answers_file: str) -> dict[str, Any]:
    """The project's version and the newest one, both as Copier compares them (1.2.0 for v1.2.0)."""
    argv = [sys.executable, "-m", "copier", "check-update", "--output-format", "json"]
    argv += ["--answers-file", answers_file, "."]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:  # the last line says it, also of a traceback of Copier's
        last = (done.stderr.strip().splitlines() or ["Copier gave no reason."])[-1]
        raise ValueError(without_login(re.sub(r"^Stderr: *\| ", "", last)))
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def templates_own(answers: dict[str, Any], answers_file: str) -> dict[str, bytes]:
    """The files that the template owns, by path, as it makes them at the version in `answers`.

    Copier leaves a file that is the project's own as it finds it, and overwrites all others. So the
    second time it tells them apart.
    """
    with tempfile.TemporaryDirectory(prefix="template-check-") as place:
        folder = Path(place)
        for _ in range(2):
            # Copier's own is left out, which it would read the second time
            render(answers, folder, [f"/{answers_file}"], answers_file)
            found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
            files = {name: path.read_bytes() for name, path in found.items() if path.is_file()}
            for name in files:
                (folder / name).write_bytes(MARKERS[0])
    return {name: content for name, content in files.items() if content != MARKERS[0]}


def render(
    answers: dict[str, Any], folder: Path, exclude: Sequence[str], answers_file: str = ANSWERS
) -> None:
    """Make the project of these answers; where they name no version, that of the newest one."""
    import copier
    from plumbum import ProcessExecutionError

    try:
        copier.run_copy(
            answers["_src_path"],
            folder,
            data={key: value for key, value in answers.items() if not key.startswith("_")},
            answers_file=answers_file,
            vcs_ref=answers.get("_commit"),
            exclude=exclude,
            defaults=True,
            overwrite=True,
            skip_tasks=True,
            quiet=True,
        )
    except (copier.errors.CopierError, ProcessExecutionError) as error:
        reason = without_login(getattr(error, "stderr", "") or str(error))
        raise ValueError(reason.strip()) from None


def withdrawn(answers: dict[str, Any]) -> list[str]:
    """A sentence for each version of the lock that the newest template knows attackers made."""
    from env import project, requirements
    from env import withdrawn as known

    pins = requirements.parse(project.load(Path(), os.environ).lock.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="template-check-") as place:
        only = ["*", "!/tools", "!/tools/env", f"!/tools/env/{known.LIST.name}"]
        render({"_src_path": answers["_src_path"]}, Path(place), only)
        found = known.among(pins, Path(place, "tools", "env", known.LIST.name))
    return [f"{taken}. {known.CREDENTIALS}" for taken in found]


def difference(path: Path, pristine: bytes) -> str:
    """ "changed", "deleted" or ""; the line ends of the system do not count."""
    if not path.is_file():
        return "deleted"
    now = path.read_bytes().replace(b"\r\n", b"\n")
    return "" if now == pristine.replace(b"\r\n", b"\n") else "changed"


def unresolved(path: Path) -> bool:
    """Whether the conflict of an update was left in a file."""
    return path.is_file() and any(
        line.rstrip() in MARKERS for line in path.read_bytes().splitlines()
    )


def stopped_update(answers_file: str) -> tuple[str, list[str]]:
    """The commit before an update that was stopped midway, "" where none was.

    Where that is committed by now, also the template's files that lack lines of that commit. An
    update that was stopped at its questions has changed nothing: the answers are what they were.
    """
    note, head = (git("rev-parse", "--short", "--verify", "-q", each) for each in (NOTE, "HEAD"))
    if not note:
        return "", []
    if note == head:
        return (note if git("diff", "--name-only", "HEAD", "--", answers_file) else ""), []
    before = shown(note, answers_file)
    if before is None or before == shown("HEAD", answers_file):
        return "", []
    pristine = templates_own(read(before, f"{answers_file} of {note}"), answers_file)
    had = {name: shown(note, name) for name in pristine}
    missing = [
        name
        for name, base in pristine.items()
        if (mine := had[name]) is not None and lost(mine, base, shown("HEAD", name))
    ]
    return (note if missing else ""), missing


def lost(mine: bytes, base: bytes, now: bytes | None) -> bool:
    """Whether a line that the user added to `base` is not in `now`, or that file is gone."""
    if now is None:
        return mine != base
    added = Counter(mine.splitlines()) - Counter(base.splitlines())
    return bool(added - Counter(now.splitlines()))


def tell(facts: dict[str, Any], answers_file: str) -> None:
    print(f"Made from {facts['template']} at {facts['version']}.")
    for sentence in facts["withdrawn"]:
        print(sentence)
    if facts["update_available"]:
        update = f"uvx copier update --trust{option(answers_file)}"
        print(f"There is {facts['latest']}. Get it with: {update}")
    else:
        print("That is the newest version.")
    for name, what in facts["differ"].items():
        print(f"  {what}: {name}")
    for name in facts["conflicts"]:
        print(f"An update left conflicts in {name}. Resolve them, then: git add {name}")
    if facts["missing"]:
        print(what_is_missing(facts["stopped"], facts["missing"]))
    elif facts["stopped"]:
        print("An update was stopped midway. All that you had before it is in your last commit:")
        print("  git reset --hard, then git clean -fd, then update again")


def what_is_missing(commit: str, names: list[str]) -> str:
    """What to say where an update that was stopped midway has been committed."""
    look = shlex.join(["git", "diff", commit, "HEAD", "--", *names])
    return (
        f"An update was stopped midway and committed so: edits of {commit} may be missing.\n"
        f"See which, and bring back what is missing: {look}\n"
        f"When that is committed: git update-ref -d {NOTE}"
    )


def again(answers_file: str) -> str:
    """The command that starts this."""
    return f"uv run --script tools/template_check.py{option(answers_file)}"


def option(answers_file: str) -> str:
    """What a command needs where the answers have another name than Copier's own."""
    return "" if answers_file == ANSWERS else f" --answers-file {shlex.quote(answers_file)}"


def without_login(text: str) -> str:
    """A text whose addresses have no name and password in them."""
    return re.sub(r"(https?://)[^/@\s]+@", r"\1", text)


def shown(commit: str, name: str) -> bytes | None:
    """A file of the project in a commit, None where it has none."""
    argv = ["git", "show", f"{commit}:./{name}"]
    done = subprocess.run(argv, capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else None


def git(*words: str) -> str:
    """What git says in the project, "" where it says nothing or where there is no repository.

    Raises ValueError with git's words where it refuses, as in another person's repository.
    """
    environ = {**os.environ, "LC_ALL": "C"}
    done = subprocess.run(["git", *words], env=environ, capture_output=True, text=True, check=False)
    if done.stderr and "not a git repository" not in done.stderr:
        raise ValueError(done.stderr.strip())
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
