"""Brings the template's files into a repository as HEAD has it, and tells what came from where."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import repository
from adapting import adapted, another, has_code
from adopted import merged, without_package
from adoption_summary import some, summary
from declared import Source
from declared.project import combined, package, read
from declared.requirements import elsewhere
from dependencies import FILE
from engine import command, engine, parsed, say, strict
from pristine import NOW, files, jinja, owned, rendered
from project_tools import LOCAL, TEMPLATE
from relock import pristine_lock
from repository import tracked
from rules import LISTS, with_lines

SETTINGS = "tools/env.cfg"


def settle(chosen: Mapping[str, Any], written: str, answers_file: str, local: str) -> int:
    """Make the project; `written` is the answers' file as Copier wrote it. The exit code.

    Raises ValueError where pyproject.toml cannot be read or merged.
    """
    before, sources = tracked(), read(Path())
    told = combined(sources)
    answers, notes = adapted(chosen, answers_file, before, told, sources)
    bare = not sources and not has_code(before)  # a README and the like: it is a project as any new
    answers["adopted"] = not bare
    with rendered(TEMPLATE, NOW, answers, answers_file) as wanted:
        starter = f"src/{answers['package_name']}"
        place = package(Path(), {"project": {"name": told.name}})
        if not has_code(before) and (wanted / starter).is_dir():
            place = starter
        text = (wanted / FILE).read_text(encoding="utf-8")
        if not bare:
            text = pyproject(text, told, place)
        kept = put(wanted, before, locks=bare)
        brought = [name for name in files(wanted) if name not in kept]
        counted = parsed((wanted / answers_file).read_text(encoding="utf-8"))
    Path(FILE).write_text(text, encoding="utf-8")
    if "build-system" not in text and not place:
        settings = Path(SETTINGS).read_text(encoding="utf-8")
        Path(SETTINGS).write_text(without_package(settings), encoding="utf-8")
    if local:
        LOCAL.write_text(local, encoding="utf-8")
    Path(answers_file).write_text(recorded(written, counted), encoding="utf-8")
    stage(brought)
    code, versions, later = (0, [], []) if bare else lock(told, answers, sources)
    if code == 0 and answers["create_env"]:
        code = engine("sync")
        later = [f"The environment is not made. Mend what is said above; then:  {command('sync')}"]
    stage(brought)
    own = None if place == starter else place
    for_a_person = todo(before, told, own, conda=answers["env_manager"] == "conda")
    summary(sources, notes, for_a_person, kept, versions)
    for line in ("", *later) if code else ():
        say(line)
    return code if strict() else 0


def todo(before: Sequence[str], told: Source, place: str | None, *, conda: bool) -> list[str]:
    """What a person must change: each file that may read a list which is the lock now, what is not
    told of the package in `place`, lists that were not read, and what is no longer for pip where
    `conda` is."""
    locks = [name for name in before if re.fullmatch(r"requirements(-dev)?\.txt", name)]
    said = [
        f"{reader} names {name}, which is the lock now; let it read no list: {FILE} has it."
        for reader in ("setup.py", "setup.cfg")
        for name in locks
        if Path(reader).exists() and name in Path(reader).read_text("utf-8", "replace")
    ]
    if place and not told.python:
        said.append(
            f"{FILE} says requires-python for the lock's Python alone, as no file names others; "
            "name all that the package is for, where others install it."
        )
    parts = elsewhere(before, told)
    if parts:
        said.append(
            f"{some(parts)}: not taken, as for a part alone; what you develop with, add:"
            f" {command('add', '--dev', '-r', parts[0])}"
        )
    if conda and "environment.yml" in before:
        said.append(f"environment.yml is for conda alone now; leave its `pip:` list to {FILE}.")
    return said


def pyproject(ours: str, told: Source, place: str | None) -> str:
    """The merged pyproject.toml; `place` is the directory of the package, where there is one."""
    theirs = Path(FILE).read_text(encoding="utf-8") if Path(FILE).exists() else ""
    by_setuptools = any(Path(each).exists() for each in ("setup.py", "setup.cfg"))
    return merged(theirs, ours, told, place, by_setuptools=by_setuptools)


def put(wanted: Path, before: Sequence[str], *, locks: bool) -> list[str]:
    """Write the template's files where they are missing; those of the same names that stay.

    Its `locks` come as they are, or are left to be made for what is asked for here.
    """
    own = {each.split("/")[1] for each in owned(TEMPLATE)} if has_code(before) else set()
    readme = any(re.match(r"readme\b", name, re.IGNORECASE) for name in before)
    kept = []
    for name in files(wanted):
        path, lock = Path(name), re.fullmatch(r"requirements.*\.txt", name)
        if name == FILE or (name == "README.md" and readme and not locks):
            continue
        if name in LISTS:
            path.write_bytes(with_lines(path, (wanted / name).read_text("utf-8"), before))
        elif lock and not locks:
            path.unlink(missing_ok=True)  # what it asks for is locked anew
        elif name.split("/")[0] in own:
            continue  # the starter's, where there is code already
        elif path.exists():
            kept.append(name)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(wanted / name, path)
    return kept


def recorded(written: str, counted: Mapping[str, Any]) -> str:
    """The answers' file, of the answers that `counted` in the render: a name in the repository may
    be none that a question takes, and no update begins with such an answer."""
    head = "".join(line for line in written.splitlines(keepends=True) if line.startswith("#"))
    now = {
        key: value if key.startswith("_") else counted[key]
        for key, value in parsed(written).items()
        if key in counted or key.startswith("_")
    }
    body = jinja(TEMPLATE).from_string("{{ now | to_nice_yaml(sort_keys=false) }}").render(now=now)
    return head + body


def lock(
    told: Source, answers: Mapping[str, Any], sources: Sequence[Source]
) -> tuple[int, list[str], list[str]]:
    """Lock with the versions of today, and of the template's lock for what they do not name: the
    exit code, a line for each that was not kept, and what is left to do, for which another Python
    that the `sources` allow may do."""
    from env.requirements import pins_of

    blessed = pristine_lock(TEMPLATE, answers)
    other = another(answers["python_version"], sources)
    place = repository.git("rev-parse", "--git-path", "seedbed-pins.txt").decode().strip()
    pins = [f"{name}=={version}" for name, version in sorted(told.pins.items())]
    pins += [pin.text for pin in pins_of(blessed) if pin.name not in told.pins]
    Path(place).write_text("\n".join(pins) + "\n", encoding="utf-8")
    words = ["lock", "--prefer", place]
    code = engine(*words)
    if code:
        later = [
            "The files are in place; the lock is not made. Mend what is said above, then run:",
            f"  {command(*words)} && {command('sync')}",
        ]
        if other:
            later.append(
                f"Or take it back, and copy again for another Python: -d python_version={other}"
            )
        return code, [], later
    Path(place).unlink()
    locked: dict[str, set[str]] = {}
    for pin in pins_of(Path("requirements-dev.txt").read_text(encoding="utf-8")):
        locked.setdefault(pin.name, set()).add(str(pin.version))
    return (
        0,
        [
            f"{name} {version} -> {' or '.join(sorted(locked[name]))}"
            for name, version in sorted(told.pins.items())
            if name in locked and version not in locked[name]
        ],
        [],
    )


def stage(brought: Sequence[str]) -> None:
    """One change for git to show, new files too; what the template `brought` is in it, whatever
    their own lists or those of the machine ignore, for an update needs it."""
    repository.git("add", "--all", ".")
    there = [name for name in brought if Path(name).exists()]
    repository.git("add", "--force", "--", *there)
