"""What `add` is given, by hand or in a requirements file, as requirements for pyproject.toml.

https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from .errors import WRONG_USE, EnvError
from .processes import say
from .project import Project, read_text, same_file
from .references import beside, has_login, path_of

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
