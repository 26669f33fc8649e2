"""What pyproject.toml asks for: the direct dependencies, and the settings that decide a resolution.

The resolver is given a draft with just that, so nothing else can move the lock; the lock keeps a
hash of it, so an edit that was not locked is seen, and an edit of anything else is none.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from . import toml
from .difference import UNLOCKED, UNREADABLE, Difference
from .errors import EnvError
from .markers import SYSTEMS, applies, facts_of
from .project import Project, read_text
from .requirements import normalize, notes, text_of

FILE = "pyproject.toml"
REQUIREMENT = re.compile(
    r"\s*(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[(?P<extras>[^\]]*)\])?(?P<rest>[^;]*)"
    r"(;\s*(?P<marker>.+))?",
    re.DOTALL,
)
_DECISIVE = re.compile(
    r"index(-.*)?|extra-index-url|find-links|sources|pip|torch-backend|config-settings.*"
    r"|.*-dependencies|dependency-metadata|.*environments|conflicts|prerelease|resolution"
    r"|fork-strategy|no-(index|sources|binary|build)(-.*)?|exclude-newer(-.*)?"
)
"""The keys of [tool.uv] that decide a resolution."""

BUILDS = "no-binary-package"
"""The key for what may be built from source; all else is installed from wheels only."""


class Asked(NamedTuple):
    """What pyproject.toml asks for."""

    name: str
    requires_python: str
    dependencies: tuple[str, ...]
    groups: Mapping[str, tuple[str, ...]]
    """Those that the lock holds, by normalized name: [tool.uv] default-groups, else dev. What they
    include (PEP 735) is in them, and so is what the project's own extras bring."""

    settings: Mapping[str, Any]
    """Of [tool.uv], as far as they decide a resolution; those of a uv.toml go before them."""

    extras: frozenset[str]
    """Those of the project itself that are asked for, by normalized name."""

    members: Mapping[str, str]
    """Of a workspace whose root this project is: directories, seen from there, by name."""

    builds: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    """What each build needs besides: the group of its name, where there is one."""

    build: str | None = None
    """The one that is resolved."""

    @property
    def own(self) -> dict[str, tuple[str, ...]]:
        """The group of the build that is resolved, by its name; nothing where it has none."""
        return {name: self.builds[name] for name in self.builds if name == self.build}

    @property
    def buildable(self) -> tuple[str, ...]:
        """The packages that may be built from source."""
        return tuple(sorted(map(normalize, self.settings.get(BUILDS, ()))))

    @property
    def sha256(self) -> str:
        """Of all this, whatever its order, spaces, quotes and comments. catalogue/lock.jinja works
        out the same for a new project."""
        lines = [f"requires-python {_tight(self.requires_python)}"]
        every = {"": self.dependencies, **self.groups, **self.builds}
        for group, requirements in every.items():
            lines += [f"{group} {_canonical(line)}" for line in requirements]
        lines += [
            f"{key} {json.dumps(self.settings[key], sort_keys=True)}" for key in self.settings
        ]
        return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()

    @property
    def places(self) -> dict[str, str]:
        """Names of packages by the directory or file that they come from, seen from the project."""
        found = {place: name for name, place in self.members.items()}
        for name, source in self.settings.get("sources", {}).items():
            for each in source if isinstance(source, list) else [source]:
                if "path" in each:
                    found[each["path"]] = name
        return found

    @property
    def indexes(self) -> list[tuple[str, str, str]]:
        """The packages that have an index of their own: its name and address, as uv takes them, the
        package, and the marker of where that is so."""
        known = {
            each["name"]: each["url"] for each in self.settings.get("index", ()) if "name" in each
        }
        return [
            (f"{each['index']}={known[each['index']]}", normalize(name), each.get("marker", ""))
            for name, source in self.settings.get("sources", {}).items()
            for each in (source if isinstance(source, list) else [source])
            if each.get("index") in known
        ]

    def origin(self, name: str) -> str:
        """A short hash of what says that a package comes from elsewhere than an index, and where
        it is needed. Bounds are none of it: of what has a place of its own, uv heeds none."""
        sources = {normalize(each): at for each, at in self.settings.get("sources", {}).items()}
        lines = [_canonical(x[0]) for x in self.lines(name) if "@" in x["rest"] or x["marker"]]
        told = json.dumps([sources.get(name), lines], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()[:8]

    def lines(self, name: str) -> list[re.Match[str]]:
        """The requirements that ask for a package by its normalized name."""
        every = (self.dependencies, *self.groups.values(), *self.builds.values())
        found = (REQUIREMENT.match(line) for some in every for line in some)
        return [each for each in found if each and normalize(each["name"]) == name]

    def draft(self, root: Path, environments: Sequence[str]) -> str:
        """A pyproject.toml with this and nothing else, for any directory.

        What is relative in it is meant from `root`. Wheels are demanded for `environments`, markers
        each, unless it says itself for which.
        """
        settings = {"required-environments": list(environments), **_absolute(root, self)}
        project = {
            "name": self.name,
            "version": "0",
            "requires-python": self.requires_python or ">=3",
            "dependencies": [_located(root, line) for line in self.dependencies],
        }
        groups = {
            name: [_located(root, line) for line in lines]
            for name, lines in {**self.groups, **self.own}.items()
        }
        return toml.dumps({"project": project, "dependency-groups": groups, "tool.uv": settings})


def asked(project: Project, path: Path | None = None) -> Asked:
    """What the project's pyproject.toml asks for, or the draft of one at `path`.

    Raises EnvError where it cannot be read.
    """
    try:
        content = toml.loads(project, read_text(path or project.root / FILE, utf8=True))
        settings = dict(content.get("tool", {}).get("uv", {}))
        if (project.root / "uv.toml").exists():
            settings.update(toml.loads(project, read_text(project.root / "uv.toml", utf8=True)))
        return _whole(_asked(content, settings, project))
    except (AttributeError, LookupError, TypeError):
        reason: object = "a table of its dependencies is not what it should be"
    except (OSError, ValueError) as error:
        reason = error
    raise _unreadable(project, reason)


def write_setting(
    project: Project,
    draft: Path,
    before: Asked,
    *,
    key: str,
    value: Mapping[str, object] | Sequence[str],
    retry: str,
) -> Asked:
    """Let this be a key of [tool.uv] in the draft of a pyproject.toml; what that asks for then.

    `before` is what it asks for yet. A sequence is one of normalized names. Raises EnvError, which
    names `retry`, where it is not so afterwards: the table is written in a way unknown here.
    """

    def holds(found: Asked) -> bool:
        now = found.settings.get(key, ())
        return (dict(now) if isinstance(value, Mapping) else sorted(map(normalize, now))) == value

    if holds(before):
        return before
    found = before
    draft.write_text(toml.with_setting(read_text(draft), key, value), encoding="utf-8")
    with suppress(EnvError):
        found = asked(project, draft)
    if not holds(found):
        raise EnvError(
            f"The table [tool.uv] in {FILE} is written in a way that cannot be edited here.",
            f"Let its {key} be {toml.value_of(value)} by hand, then run again: {retry}",
        )
    return found


def whole(project: Project) -> dict[str, Any] | None:
    """All that stands in pyproject.toml, None where nothing here reads TOML.

    Raises EnvError where it cannot be read.
    """
    try:
        text = read_text(project.root / FILE, utf8=True)
        return toml.loads(project, text)
    except (OSError, ValueError) as error:
        raise _unreadable(project, error) from None
    except EnvError:
        return None


def _unreadable(project: Project, reason: object) -> EnvError:
    error = getattr(reason, "strerror", None) or reason  # the path is told already
    mend = f"Mend it or bring it back, then run: {project.command('lock')}"
    return EnvError(f"{FILE} cannot be read: {error}.", mend)


def name_at(directory: Path) -> str:
    """The name of the project in a directory; its own where pyproject.toml does not tell."""
    try:
        text = read_text(directory / FILE)
    except (OSError, ValueError):
        return normalize(directory.name)
    found = re.search(r"""^\[project\][^\[]*?^name\s*=\s*["']([^"']+)""", text, re.M | re.S)
    return normalize(found[1] if found else directory.name)


def unlocked(project: Project) -> Iterator[Difference]:
    """What was edited and not locked. A lock without a hash is of an older template, or of another
    tool: nothing is known, until it is locked again. Nor is there where nothing is asked for.
    """
    if not (project.root / FILE).exists() and not project.package:
        return
    locks = {path for each in project.every for path in (each.lock, each.run_lock)}
    locked = {notes(text_of(path)).asked for path in locks} - {None}
    try:
        if locked - {asked(project).sha256}:
            message = f"What {FILE} asks for has changed since it was locked."
            yield Difference(UNLOCKED, message)
    except EnvError as error:
        yield Difference(UNREADABLE, error.happened, "", FILE)


class _Tables(NamedTuple):
    """The tables of a pyproject.toml that name each other; keys are normalized."""

    name: str
    extras: Mapping[str, Sequence[str]]
    groups: Mapping[str, Sequence[Any]]
    held: set[str]
    """The extras that were asked for so far."""

    def group(self, name: str, inside: tuple[str, ...] = ()) -> Iterator[str]:
        """The requirements of a group, with those of the groups in it."""
        if name not in self.groups or name in inside:
            what = "includes itself" if name in inside else "is not there"
            raise ValueError(f"the dependency group {name} {what}")
        for each in self.groups[name]:
            if isinstance(each, str):
                yield from self.outside(each)
            else:
                yield from self.group(normalize(each["include-group"]), (*inside, name))

    def outside(self, line: str, inside: tuple[str, ...] = ()) -> Iterator[str]:
        """A requirement; for an extra of the project itself, all that this extra brings."""
        found = REQUIREMENT.match(line)
        if found is None or normalize(found["name"]) != self.name:
            yield line
            return
        for extra in map(normalize, re.findall(r"[\w.-]+", found["extras"] or "")):
            if extra not in self.extras:
                raise ValueError(f"{line} asks for an extra that the project does not have")
            self.held.add(extra)
            for each in self.extras[extra] if extra not in inside else ():
                for inner in self.outside(each, (*inside, extra)):
                    yield _under(inner, found["marker"])


def _whole(asked: Asked) -> Asked:
    """`asked`, where all of it can be used; TypeError and the like tell of a table that is none."""
    asked.draft(Path(), ())
    for key in ("environments", BUILDS):
        value = asked.settings.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise ValueError(f"{key} of [tool.uv] is no list of texts")
    for marker in asked.settings.get("environments", []):
        applies(marker, facts_of(SYSTEMS[0], "3.11"))
    return asked


def _asked(content: Mapping[str, Any], settings: Mapping[str, Any], of: Project) -> Asked:
    project = content["project"]
    if "dependencies" in project.get("dynamic", ()):
        raise ValueError("[project] has its dependencies made by a build; write them into it")
    extras, groups = (
        {normalize(name): table[name] for name in table}
        for table in (
            project.get("optional-dependencies", {}),
            content.get("dependency-groups", {}),
        )
    )
    tables = _Tables(normalize(project["name"]), extras, groups, set())
    chosen = settings.get("default-groups", ["dev"] if "dev" in tables.groups else [])
    every = sorted(tables.groups) if chosen == "all" else map(normalize, chosen)
    names = [name for name in every if name not in of.builds]
    builds = [name for name in of.builds if name in tables.groups]
    dependencies = [tables.outside(line) for line in project.get("dependencies", ())]
    return Asked(
        name=project["name"],
        requires_python=project.get("requires-python", ""),
        dependencies=tuple(dict.fromkeys(chain.from_iterable(dependencies))),
        groups={name: tuple(dict.fromkeys(tables.group(name))) for name in names},
        settings={key: settings[key] for key in settings if _DECISIVE.fullmatch(key)},
        extras=frozenset(tables.held),
        members=dict(_members(of.root, settings.get("workspace", {}))),
        builds={name: tuple(dict.fromkeys(tables.group(name))) for name in builds},
    )


def _members(root: Path, workspace: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """https://docs.astral.sh/uv/concepts/projects/workspaces/"""
    left_out = {path for pattern in workspace.get("exclude", ()) for path in root.glob(pattern)}
    for pattern in workspace.get("members", ()):
        for path in sorted(root.glob(pattern)):
            if path not in left_out and (path / FILE).exists():
                yield name_at(path), path.relative_to(root).as_posix()


def _under(line: str, marker: str | None) -> str:
    """A requirement for where `marker` holds, too."""
    if not marker:
        return line
    requirement, _, own = line.partition(";")
    return f"{requirement} ; ({marker}) and ({own})" if own else f"{requirement} ; {marker}"


def _tight(text: str) -> str:
    return re.sub(r"\s+", "", text).replace("'", '"')


def _canonical(line: str) -> str:
    found = REQUIREMENT.match(line)
    return _tight(normalize(found["name"]) + line[found.end("name") :]) if found else _tight(line)


def _located(root: Path, line: str) -> str:
    """A requirement whose reference is a relative path, with the address that it means."""
    found = re.match(r"([^;@]*@\s*)(?![A-Za-z][A-Za-z0-9+.-]+:)(\S+)(.*)", line, re.DOTALL)
    return f"{found[1]}{(root / found[2]).resolve().as_uri()}{found[3]}" if found else line


def _absolute(root: Path, asked: Asked) -> dict[str, Any]:
    """[tool.uv] with the paths in it absolute, and members of the workspace by their paths.

    A source for an extra or a group that is not asked for is left out: uv would look for that.
    """

    def path(text: str) -> str:
        return text if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", text) else str((root / text).resolve())

    def table(some: Mapping[str, Any], name: str = "") -> dict[str, Any]:
        found = {key: path(some[key]) if key in ("path", "url") else some[key] for key in some}
        found.pop("extra", None)
        if found.pop("workspace", False) and name in asked.members:
            found.update(path=path(asked.members[name]), editable=True)
        return found

    found = dict(asked.settings)
    if "find-links" in found:
        found["find-links"] = [path(each) for each in found["find-links"]]
    if "index" in found:
        found["index"] = [table(each) for each in found["index"]]
    if "sources" in found:
        sources = {
            name: [
                table(each, normalize(name))
                for each in (source if isinstance(source, list) else [source])
                if normalize(each.get("extra", "")) in ("", *asked.extras)
                and normalize(each.get("group", "")) in ("", *asked.groups, *asked.own)
            ]
            for name, source in found["sources"].items()
        }
        found["sources"] = {name: each for name, each in sources.items() if each}
    return found
