"""All that a repository says of itself, in one."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from . import Source, Unreadable, conda, locks, names, pipfile, pyproject, requirements, setuptools
from . import text_of as text


def read(root: Path) -> list[Source]:
    """What each file says, those first whose word goes before that of the others.

    A file that cannot be read is there, too: its one sentence says why. Raises Unreadable for a
    pyproject.toml, without which nothing can be merged.
    """
    found: list[Source | None] = []

    def each(name: str, reader: Callable[[Path], Source | None]) -> None:
        path = root / name
        if not path.is_file():
            return
        try:
            found.append(reader(path))
        except (Unreadable, LookupError, TypeError, AttributeError, ValueError) as error:
            broken = Source(name)
            broken.leave("all of it", f"is not taken, for {error or 'its tables are unusual'}")
            found.append(broken)

    if (root / "pyproject.toml").is_file():
        own = toml(root / "pyproject.toml")
        found.append(pyproject.standard(own))
        if "poetry" in own.get("tool", {}):
            each("pyproject.toml", lambda path: pyproject.poetry(own))
    each("setup.cfg", setuptools.cfg)
    each("setup.py", setuptools.py)
    each("Pipfile", lambda path: pipfile.read(toml(path)))
    for path in requirements.files(root):
        each(path.relative_to(root).as_posix(), lambda path: requirements.read(root, path))
    for name in ("environment.yml", "environment.yaml"):
        each(name, conda.read)
    for name in locks.TABLES:
        each(name, lambda path: locks.tables(path.name, toml(path)))
    each("Pipfile.lock", locks.pipfile)
    each(".python-version", python_version)
    sources = [source for source in found if source]
    written = [each for each in sources if not each.compiled]
    # Where nothing else asks for anything, a compiled list is all that there is.
    runs = any(each.dependencies for each in written)
    develops = runs or any(each.groups for each in written)
    for source in (each for each in sources if each.compiled):
        source.dependencies = [] if runs else source.dependencies
        source.groups = {} if develops else source.groups
    return sources


def toml(path: Path) -> dict[str, Any]:
    """A file's tables. Raises Unreadable."""
    try:
        return tomllib.loads(text(path))
    except tomllib.TOMLDecodeError as error:
        raise Unreadable(f"{path.name} is no TOML: {error}") from None


def python_version(path: Path) -> Source | None:
    """.python-version, of pyenv and uv: a version, or another name of pyenv's."""
    told = text(path).split()[:1]
    parts = told[0].split(".") if told else []
    if len(parts) < 2 or not all(part.isdecimal() for part in parts[:2]):
        return None
    return Source(path.name, python=f"=={parts[0]}.{parts[1]}.*")


def combined(sources: list[Source]) -> Source:
    """What all of them say together; of two words for one thing, the first one's."""
    whole = Source("")
    for source in sources:
        whole.name = whole.name or source.name
        whole.version = whole.version or source.version
        # One Python alone is what people have, and not all that the code can do with.
        if source.python and not source.python.startswith("=="):
            whole.python = whole.python or source.python
        # A list of nothing but pins beside another is what came of that one.
        result = bool(whole.dependencies) and names(source.dependencies) <= source.pins.keys()
        if not (result and source.file.endswith(".txt")):
            _add(whole.dependencies, source.dependencies)
        for table, more in ((whole.groups, source.groups), (whole.extras, source.extras)):
            for group, lines in more.items():
                _add(table.setdefault(group, []), lines)
        for name, version in source.pins.items():
            whole.pins.setdefault(name, version)
        whole.paths = {**source.paths, **whole.paths}
        whole.dynamic |= source.dynamic
        whole.build += source.build
        whole.read |= source.read
    for lines in whole.groups.values():  # a file to develop with often includes the one to run
        lines[:] = [line for line in lines if line not in whole.dependencies]
    return whole


def _add(mine: list[str], more: list[str]) -> None:
    known = names(mine)
    mine += [line for line in more if canonicalize_name(Requirement(line).name) not in known]


def package(root: Path, tables: Mapping[str, Any]) -> str | None:
    """The package's directory from the root, as "src/name" or "name"; None where there is none, or
    where there are several and nothing says which."""
    folders = ("src", ".") if not (root / "src" / "__init__.py").exists() else (".",)
    for folder in folders:
        found = [
            path.parent.relative_to(root).as_posix()
            for path in sorted((root / folder).glob("*/__init__.py"))
            if path.parent.name not in NO_PACKAGE and path.parent.name.isidentifier()
        ]
        name = canonicalize_name(str(tables.get("project", {}).get("name", "")))
        named = [each for each in found if canonicalize_name(Path(each).name) == name]
        if len(found) == 1 or named:
            return (named or found)[0]
    return None


NO_PACKAGE = (
    "test", "tests", "docs", "doc", "examples", "example", "scripts", "tools", "notebooks", "data",
    "models", "benchmarks", "build", "dist", "configs", "config",
)  # fmt: skip
"""Directories that may be packages to Python, and are nothing to install."""
