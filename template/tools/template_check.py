# Owned by the template.
# /// script
# requires-python = ">=3.10"
# dependencies = ["copier>=9.19,<10"]
# ///
"""Is this project on the newest version of its template, and which of the template's files differ?

    poe template-check [--json]

uv brings Copier for it, so that the project's own lock need not. Exit codes: 0 yes; 1 there is a
newer version, or an update needs a person; 3 it could not be told. Differing files are no failure:
a project may change them, and updates merge that.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import copier
import yaml
from copier.errors import CopierError
from plumbum import ProcessExecutionError

ROOT = Path(__file__).resolve().parent.parent
ANSWERS = ".copier-answers.yml"
NOTE = "refs/worktree/seedbed-before-update"
CURRENT, BEHIND, COULD_NOT = 0, 1, 3
MARKERS = (b"<<<<<<< before updating", b">>>>>>> after updating")


def main() -> int:
    parser = argparse.ArgumentParser(prog="poe template-check", description=__doc__.split("\n")[0])
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    try:
        facts = compare(yaml.safe_load((ROOT / ANSWERS).read_text(encoding="utf-8")))
    except (CopierError, ProcessExecutionError, OSError, ValueError, KeyError) as error:
        reason = getattr(error, "stderr", "") or str(error)
        print(f"error: The template could not be looked at: {reason.strip()}", file=sys.stderr)
        print("       When that is mended, run: poe template-check", file=sys.stderr)
        return COULD_NOT
    if as_json:
        print(json.dumps(facts, indent=2))
    else:
        tell(facts)
    return (
        BEHIND if facts["update_available"] or facts["stopped"] or facts["conflicts"] else CURRENT
    )


def compare(answers: dict[str, Any]) -> dict[str, Any]:
    """What there is to tell; the keys are those of --json."""
    argv = [sys.executable, "-m", "copier", "check-update", "--output-format", "json", str(ROOT)]
    done = subprocess.run(argv, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise ValueError("see the lines above.")
    newest = json.loads(done.stdout)
    with tempfile.TemporaryDirectory(prefix="template-check-") as folder:
        pristine = templates_own(answers, Path(folder))
    found = {name: difference(ROOT / name, content) for name, content in pristine.items()}
    return {
        "template": answers["_src_path"],
        "version": answers["_commit"],
        "latest": newest["latest_version"],
        "update_available": newest["update_available"],
        "differ": {name: what for name, what in found.items() if what},
        "conflicts": [name for name in pristine if unresolved(ROOT / name)],
        "stopped": git("for-each-ref", "--format=%(objectname:short)", NOTE),
    }


def templates_own(answers: dict[str, Any], folder: Path) -> dict[str, bytes]:
    """The files that the template owns, by path, as it makes them at the project's version.

    Copier leaves a file that is the project's own as it finds it, and overwrites all others. So the
    second time it tells them apart.
    """
    for _ in range(2):
        render(answers, folder)
        found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
        files = {name: path.read_bytes() for name, path in found.items() if path.is_file()}
        for name in files:
            (folder / name).write_bytes(MARKERS[0])
    return {name: content for name, content in files.items() if content != MARKERS[0]}


def render(answers: dict[str, Any], folder: Path) -> None:
    copier.run_copy(
        answers["_src_path"],
        folder,
        data={key: value for key, value in answers.items() if not key.startswith("_")},
        vcs_ref=answers["_commit"],
        exclude=[f"/{ANSWERS}"],  # Copier's own, which it would read the second time
        defaults=True,
        overwrite=True,
        skip_tasks=True,
        quiet=True,
    )


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


def tell(facts: dict[str, Any]) -> None:
    print(f"Made from {facts['template']} at {facts['version']}.")
    if facts["update_available"]:
        print(f"There is {facts['latest']}. Get it with: uvx copier update --trust")
    else:
        print("That is the newest version.")
    for name, what in facts["differ"].items():
        print(f"  {what}: {name}")
    for name in facts["conflicts"]:
        print(f"An update left conflicts in {name}. Resolve them, then: git add {name}")
    if facts["stopped"]:
        print(f"An update was stopped midway. All that you had is in {facts['stopped']}:")
        print(f"  git reset --hard {facts['stopped']}, then git clean -fd, then update again")


def git(*words: str) -> str:
    """What git says in the project, "" where it says nothing."""
    done = subprocess.run(
        ["git", "-C", str(ROOT), *words], stdout=subprocess.PIPE, text=True, check=False
    )
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
