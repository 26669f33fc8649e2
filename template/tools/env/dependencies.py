"""Changes the direct dependencies in pyproject.toml, and locks what follows: `add`, `remove`.

uv edits the file, so comments and order stay. What it is given, by hand or in a requirements file,
is first made what a project can ask for that others have too.
https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from . import editable, pyproject, window
from .errors import WRONG_USE, EnvError, InstallerFailed
from .lock import held, preferences, replace
from .processes import say
from .project import Project, read_text, same_file
from .pyproject import REQUIREMENT, Asked
from .requirements import normalize, pins_of
from .resolution import NoWheel, Task, resolve, resolver
from .sources import beside, has_login, path_of
from .temporary import temporary_folder
from .uv import Uv

_DIRECTORY = re.compile(r"(?P<before>\A|-e |@ )(?P<place>\.\.?(?:/[^;]*?)?)(?=\s*(?:;|\Z))")
"""In a requirement, a directory as it is seen from the project's root."""

_PLACED = re.compile(
    r"(?:(?P<name>[\w.-]+\s*(?:\[[^\]]*\])?)\s*@\s*)?(?P<place>[^;]+?)(?P<rest>\s*(?:;.*)?)"
)
_EGG = re.compile(r"[#&]egg=(?P<name>[\w.-]+(?:\[[^\]]*\])?)")
_OPTION = re.compile(r"\s+(--[a-z][a-z-]*)")
_INCLUDED = re.compile(r"(?:-r|--requirement)[\s=]*(?P<file>\S.*)")


def wanted(project: Project, words: Sequence[str], files: Sequence[str]) -> list[str]:
    """The words of the command line, then the lines of requirements files, as requirements.

    "-e " begins that of a directory that is to be editable. Says which lines of a file are not
    taken as they stand. Raises EnvError where a word, or all lines, are nothing for a project that
    others have too.
    """
    found = [_requirement(project, word, Path.cwd(), "-e ") for word in words]
    for path in map(Path, files):
        for line in _lines(path, set()):
            found += _taken(project, line, path.parent)
    if not found:
        raise EnvError(
            "There is nothing to add.",
            f"Name a package: {project.command('add', 'NAME')}",
            WRONG_USE,
        )
    return found


def edit(
    project: Project,
    verb: str,
    words: Sequence[str],
    *,
    retry: str,
    dev: bool = False,
    build: bool = False,
    newest: Sequence[str] = (),
    versions: Mapping[str, str] = MappingProxyType({}),
) -> list[str]:
    """`add` requirements to the direct dependencies, or `remove` names, and lock; returns changes.

    `dev` means the development group, `versions` are by name those to take where they can be.
    `build` lets what has no wheel be built from source, from now on and for everybody, and `newest`
    lets these packages in at any age. `retry` is the command to name where it fails.
    Raises EnvError, with all files as they were, where uv refuses or there is no solution.
    """
    editable.refuse(project, retry)
    uv = resolver(project, editing=True)
    kept = "".join(f"{name}=={version}\n" for name, version in versions.items())
    kept += preferences(project, list(versions) or None, None)
    with temporary_folder("lock-") as place:
        draft = place / pyproject.FILE
        shutil.copy(project.root / pyproject.FILE, draft)
        _edit(project, uv, verb, words, dev, draft, retry)
        asked = window.exempted(project, draft, newest, fresh=True, retry=retry)

        def allow(names: Iterable[str]) -> Asked:
            key, value = pyproject.BUILDS, sorted(names)
            return pyproject.write_setting(project, draft, asked, key=key, value=value, retry=retry)

        while True:
            task = Task(project, uv, place, asked, retry, kept=kept, held=held(project, asked))
            try:
                drafts = resolve(task._replace(building=build))
                break
            except NoWheel as error:
                name = str(error)
                say(f"{pyproject.FILE}: {name} has no wheel, and may be built from source now")
                asked = allow({*asked.buildable, name})
        # What is not locked any more needs no record of how it is made.
        locked = {pin.name for each in project.every for pin in pins_of(drafts[each.lock])}
        now = allow(locked.intersection(asked.buildable))
        drafts = {path: text.replace(asked.sha256, now.sha256) for path, text in drafts.items()}
        # Last: with the old pyproject.toml, a new lock still holds all that it asks for.
        drafts[project.root / pyproject.FILE] = read_text(draft)
        return replace(project, drafts, retry)


def _edit(
    project: Project, uv: Uv, verb: str, words: Sequence[str], dev: bool, draft: Path, retry: str
) -> None:
    """Let uv edit the draft, to which directories are elsewhere than to the project."""

    def address(found: re.Match[str]) -> str:
        return found["before"] + (project.root / found["place"]).resolve().as_uri()

    groups: dict[str | None, list[str]] = {"dev" if dev else None: list(words)}
    if verb == "remove" and project.builds and not dev:
        groups = _held_by(pyproject.asked(project, draft), words)
    try:
        for group, some in groups.items():
            edited = [_DIRECTORY.sub(address, word) for word in some]
            uv.edit(draft.parent, verb, edited, group=group)
    except InstallerFailed:
        raise EnvError(
            f"uv could not {verb} {' '.join(words)}; the lines above say why.",
            f"Mend that (nothing was changed) and run again: {retry}",
        ) from None
    text = read_text(draft)
    for place in (found["place"] for found in map(_DIRECTORY.search, words) if found):
        path = (project.root / place).resolve()
        for written in (str(path), path.as_posix()):
            text = text.replace(f"path = {json.dumps(written)}", f"path = {json.dumps(place)}")
    draft.write_text(text, encoding="utf-8")


def _held_by(asked: Asked, names: Sequence[str]) -> dict[str | None, list[str]]:
    """Names by the build that asks for them, None for the project; of what nobody does uv tells."""
    found: dict[str | None, list[str]] = {}
    for build, lines in asked.builds.items():
        held = {normalize(each["name"]) for each in map(REQUIREMENT.match, lines) if each}
        found[build] = [name for name in names if normalize(name) in held]
    known = {name for some in found.values() for name in some}
    direct = {
        normalize(each["name"]) for each in map(REQUIREMENT.match, asked.dependencies) if each
    }
    found[None] = [name for name in names if name not in known or normalize(name) in direct]
    return {build: some for build, some in found.items() if some}


def _requirement(project: Project, text: str, base: Path, editable: str = "") -> str:
    """One requirement; a directory in it is told as the project sees it, not as `base` does."""
    placed = _PLACED.fullmatch(text)
    if placed is None:
        return text  # what is wrong with it, uv says
    name, place = placed["name"], placed["place"]
    if has_login(place):
        raise EnvError(
            "An address with a login in it would come into pyproject.toml, and so into git.",
            "Put the login into ~/.netrc or git's credential helper, and name the address alone: "
            + project.command("add", "NAME@git+https://HOST/REPOSITORY"),
            WRONG_USE,
        )
    is_path = place.startswith(("file:", ".", "~")) or os.path.isabs(place) or "/" in place
    if not is_path or ("://" in place and not place.startswith("file:")):
        return text
    path = path_of(place) if place.startswith("file:") else base / os.path.expanduser(place)
    if not path.is_dir() or same_file(path, project.root):
        own = "the project itself" if path.is_dir() else "no directory"
        raise EnvError(
            f"{path} is {own}, and only a directory beside the project can be asked for by path.",
            f"Name a package by its address or its name: {project.command('add', 'NAME')}",
            WRONG_USE,
        )
    named = f"{name.strip()} @ " if name else ""
    return f"{editable}{named}{beside(project.root, path)}{placed['rest']}"


def _taken(project: Project, line: str, base: Path) -> list[str]:
    """What one line of a requirements file asks for; says what of it is not taken."""
    editable = re.match(r"(-e|--editable)[\s=]*", line)
    if line.startswith("-") and not editable:
        say(f"note: {re.split('[ =]', line)[0]} is not taken: it is no requirement")
        return []
    text, *options = _OPTION.split(line[editable.end() :] if editable else line)
    if any(option != "--hash" for option in options[::2]):
        say(f"note: the options of {text} are not taken")
    egg, placed = _EGG.search(text), _PLACED.fullmatch(text)
    name, place = (placed["name"], placed["place"]) if placed else ("", "")
    if egg and not name:
        address, _, fragment = text.partition("#")
        kept = "&".join(x for x in fragment.split("&") if not x.startswith("egg="))
        text = f"{egg['name']} @ {address}{'#' * bool(kept)}{kept}"
    if placed and name and place.startswith("file:") and not path_of(place).is_dir():
        # conda writes where a package was built, on a machine of its own
        say(f"note: {name.strip()} is taken by its name, without its file")
        text = name.strip() + placed["rest"]
    try:
        return [_requirement(project, text, base, "-e " if editable else "")]
    except EnvError as error:
        say(f"note: a line is not taken: {error.happened}")
        return []


def _lines(path: Path, seen: set[Path]) -> Iterator[str]:
    """The lines that count of a requirements file and of those that it includes, each whole.

    Raises EnvError where one cannot be read.
    """
    try:
        text = read_text(path)
    except (OSError, ValueError) as error:
        raise EnvError(
            f"{path} cannot be read: {error}.",
            "Name a requirements file that is there, written as UTF-8.",
            WRONG_USE,
        ) from None
    seen.add(path.resolve())
    for line in re.sub(r"\\\n", " ", text).splitlines():
        line = re.sub(r"(^|\s)#.*", "", line).strip()
        included = _INCLUDED.fullmatch(line)
        if included:
            file = path.parent / included["file"].strip("'\"")
            if file.resolve() not in seen:
                yield from _lines(file, seen)
        elif line:
            yield line
