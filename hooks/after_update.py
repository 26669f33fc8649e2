"""Runs once, after `copier update` has merged the template's changes into a project.

The lock is never merged: where the template's pins or the direct dependencies have changed, it is
resolved again, with the template's pins preferred and everything that the user added kept. Trouble
ends in a failure here: the project is merged by then and nothing is lost, and a bot must not go on.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from engine import answers, command, engine, facts, in_a_temporary_copy

DIRECT = ("pyproject.toml", "environment.yml")
SETTINGS = "tools/env.cfg"
LOCK = "requirements-dev.txt"


def main(template: Path, answers_file: str) -> int:
    """Exit code 0 where lock and environment are up to date, else that of what failed."""
    if in_a_temporary_copy():
        return 0
    conflicts = [name for name in (*DIRECT, SETTINGS) if "<<<<<<< " in _text(name)]
    if conflicts:
        print(f"\nConflicts are left in {' and '.join(conflicts)}.", file=sys.stderr)
        print(f"Resolve them, then run: {command('lock')} and {command('sync')}", file=sys.stderr)
        return 1
    chosen = answers(answers_file)
    code = relock(template, chosen) if changed(*DIRECT, answers_file) else 0
    if code == 0 and (chosen["create_env"] or facts().get("state") not in (None, "missing")):
        code = engine("sync")
    report_the_place_before()
    if code:
        print("\nThe project is merged; lock or environment are not up to date.", file=sys.stderr)
        print(f"Finish with: {command('lock')} and {command('sync')}", file=sys.stderr)
    return code


def relock(template: Path, chosen: dict[str, Any]) -> int:
    """Resolve again where the lock lacks a blessed pin or the dependencies changed; exit code."""
    blessed = pristine_lock(template, chosen)
    if pins(blessed) <= pins(_text(LOCK)) and not changed(*DIRECT):
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / LOCK
        path.write_text(blessed, encoding="utf-8")
        return engine("lock", "--prefer", str(path))


def report_the_place_before() -> None:
    """Where the environment has moved, the old one is left where it is: say how to delete it."""
    before, now = (_place(text) for text in (_committed(SETTINGS), _text(SETTINGS)))
    if before in ("", now):
        return
    old = facts(environment=before)
    if old.get("state") in (None, "missing", "foreign"):
        return
    print(f"\nThe old environment at {old['path']} is not used any more.", file=sys.stderr)
    setting = f"UV_PROJECT_ENVIRONMENT={shlex.quote(before)}"
    print(f"Delete it with: {setting} {command('delete')}", file=sys.stderr)


def pristine_lock(template: Path, chosen: dict[str, Any]) -> str:
    """The lock that the template renders for these answers: its blessed pins."""
    import jinja2  # Copier's own dependency, like the filters

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template),
        extensions=["jinja2_ansible_filters.AnsibleCoreFiltersExtension"],
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        lstrip_blocks=True,
        trim_blocks=True,
    )
    return environment.get_template(f"template/{LOCK}.jinja").render(chosen)


def changed(*names: str) -> bool:
    """Whether the update changed one of these files; it starts from a clean repository."""
    argv = ["git", "diff", "--quiet", "HEAD", "--", *names]
    return subprocess.run(argv, check=False).returncode != 0


def pins(lock: str) -> set[str]:
    """The lines of a lock that name a version."""
    return set(re.findall(r"^\S+==\S+", lock, re.MULTILINE))


def _place(settings: str) -> str:
    """The environment's place in the text of tools/env.cfg, "" where it names none."""
    found = re.search(r"^env = (.+)$", settings, re.MULTILINE)
    return found[1].strip() if found else ""


def _committed(name: str) -> str:
    """A file's text before the update."""
    argv = ["git", "show", f"HEAD:./{name}"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""


def _text(name: str) -> str:
    try:
        return Path(name).read_text(encoding="utf-8")
    except OSError:
        return ""


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
