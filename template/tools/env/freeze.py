"""Adopts what a person installed past the lock, with a plain `pip install` say: `freeze`.

Only what was asked for becomes a direct dependency. What merely came along follows by itself when
the lock is resolved.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path
from typing import NamedTuple

from . import distributions, drift, editable, sources, state, unresolved, withdrawn
from .difference import EXTRA_PACKAGE, OTHER_SOURCE, WRONG_VERSION
from .distributions import Contents, Distribution
from .errors import DIFFERENT, EnvError
from .markers import applies
from .project import Project
from .pyproject import REQUIREMENT
from .requirements import locked, normalize
from .resolution import resolver
from .temporary import temporary_folder


class Found(NamedTuple):
    """What is installed and is not what the lock says."""

    direct: dict[str, str]
    """What a person asked for: by name the requirement, as "uvicorn[standard]"."""

    versions: dict[str, str]
    """Version by name of all that is adopted: of `direct`, and of what came along with it."""

    left: dict[str, str]
    """What cannot be adopted: the reason by "name==version"."""

    prints: dict[str, str]
    """What is installed of `versions`, by name (distributions.fingerprint)."""


def look(project: Project) -> Found:
    """Look into the environment, and ask the index for what is found there.

    Raises EnvError where there is no environment to look into, or the index is not reached.
    """
    seen = state.assess(project)
    if seen.manifest is None or seen.state not in (state.READY, state.STALE):
        raise EnvError(seen.reason, f"Mend it with: {state.remedy(project, seen)}", DIFFERENT)
    site = project.env / seen.manifest.site_packages
    pins = locked(project, seen.manifest.markers)
    here = distributions.contents(site)
    present = {dist.name: dist for dist in here.present}
    by_hand = drift.by_hand(here, seen.manifest)
    withdrawn.refuse(present.values(), project.command("sync"))
    found = list(present.values())
    own = editable.names(project, editable.installs(project, site, found))
    differ = {
        each.package: present[each.package]
        for each in (
            *drift.compare(pins, found, own),
            *sources.differences(project.root, site, pins, found),
        )
        if each.code in (EXTRA_PACKAGE, WRONG_VERSION, OTHER_SOURCE) and each.package in by_hand
    }
    left: dict[str, str] = {}

    def referring(dist: Distribution) -> str | None:
        try:
            return sources.requirement(project.root, site, dist)
        except ValueError as error:
            left[dist.name] = str(error)
            return None

    referred = {name: line for name in differ if (line := referring(differ[name]))}
    rest = [dist for name, dist in differ.items() if name not in referred and name not in left]
    versions = {dist.name: dist.version for dist in rest}
    left.update(_unserved(project, versions))

    new = differ.keys() - pins.keys()
    asked = {name for name in new if name in referred or _requested(site, differ[name])}
    graph = _graph(site, found, seen.manifest.markers)
    orphans = new - _below(graph, (present.keys() - new) | (asked - left.keys()))
    for name in orphans & _below(graph, left) - left.keys():
        left[name] = "it came along with those"
    extras, tops = _explained(graph, orphans - left.keys())
    direct = {name: name for name in (asked | tops | extras.keys()) - left.keys()}
    direct.update(referred)
    for name, brought in extras.items():
        listed = f"[{','.join(sorted(brought))}]"
        direct[name] = re.sub(r"\A((?:-e )?[\w.-]+)", rf"\1{listed}", direct[name])
    return Found(
        dict(sorted(direct.items())),
        {name: dist.version for name, dist in sorted(differ.items()) if name not in left},
        {f"{name}=={differ[name].version}": why for name, why in sorted(left.items())},
        {name: print for name, print in _prints(here).items() if name not in left},
    )


def not_kept(project: Project, found: Found) -> Iterator[str]:
    """A sentence for each version that was adopted and is not in the lock after all."""
    seen = state.assess(project)
    facts = seen.manifest.markers if seen.manifest else {}
    pins = locked(project, facts)
    for name, version in found.versions.items():
        if name not in found.direct or "@" not in found.direct[name]:
            pin = pins.get(name)
            if pin is None or pin.version != version:
                have = f"{pin.version} is locked" if pin else "it is not locked"
                ask = project.command("add", f"{name}=={version}")
                yield f"{have} in place of {name} {version}, as others ask for it; to ask: {ask}"


def replaced(project: Project, found: Found) -> Iterator[str]:
    """A sentence for each adopted package of which the index has another file than was there."""
    seen = state.assess(project)
    site = project.env / seen.manifest.site_packages if seen.manifest else project.env
    now = _prints(distributions.contents(site))
    for name, version in found.versions.items():
        if now.get(name, "") != found.prints.get(name, ""):
            yield (
                f"the index has another file of {name} {version} than was installed, and that is "
                "here now. Look at where it comes from before you use it"
            )


def _prints(here: Contents) -> dict[str, str]:
    records = ((dist.name, here.records.get(dist.directory)) for dist in here.present)
    return {name: distributions.fingerprint(each.lines) for name, each in records if each}


def _unserved(project: Project, versions: Mapping[str, str]) -> dict[str, str]:
    """Of packages with these versions, those that no lock can hold: the reason by name.

    Raises EnvError where there is no uv, or the index is not reached.
    """
    uv, found = resolver(project), dict[str, str]()
    with temporary_folder("lock-") as place:
        pins = {name: f"{name}=={version}" for name, version in sorted(versions.items())}
        if not pins or uv.unserved(list(pins.values()), place) is None:
            return found
        for name, pin in pins.items():
            error = uv.unserved([pin], place)
            if error and error.unreachable and not error.tells("no solution found"):
                raise unresolved.explained(error, project.command("freeze"))
            if error and unresolved.without_any(error):
                build = project.command("add", "--build", pin)
                found[name] = f"it has no wheel, so ask for a build: {build}"
            elif error:
                found[name] = "the index has no such version for all that the lock is for"
    return found


def _requested(site: Path, dist: Distribution) -> bool:
    """Whether a person named it, as pip notes (PEP 376); uv notes the same of all packages."""
    folder = site / dist.directory
    try:
        installer = (folder / "INSTALLER").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        installer = ""
    return installer != "uv" and (folder / "REQUESTED").exists()


_Node = tuple[str, str]
"""A package with one of its extras, or "" as markers know it."""


def _graph(
    site: Path, present: Iterable[Distribution], facts: Mapping[str, str]
) -> dict[_Node, set[_Node]]:
    """What is installed needs, on this system: of each package alone, and with each extra."""
    graph = {}
    for dist in present:
        told = _metadata(site, dist)
        needs = [*filter(None, map(REQUIREMENT.match, told.get_all("Requires-Dist") or ()))]
        for extra in ("", *(told.get_all("Provides-Extra") or ())):
            graph[dist.name, normalize(extra)] = {(dist.name, "")} if extra else set()
            for need in needs:
                if _holds(need["marker"] or "", {**facts, "extra": extra}):
                    extras = map(normalize, re.findall(r"[\w.-]+", need["extras"] or ""))
                    nodes = ((normalize(need["name"]), each) for each in ("", *extras))
                    graph[dist.name, normalize(extra)].update(nodes)
    return graph


def _below(graph: Mapping[_Node, set[_Node]], names: Iterable[str], extra: str = "") -> set[str]:
    """The names, and all that they (with their `extra`) need, however far down."""
    waiting, seen = [(name, extra) for name in names], set[_Node]()
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting += graph.get(node, ())
    return {name for name, _ in seen}


def _explained(
    graph: Mapping[_Node, set[_Node]], names: Collection[str]
) -> tuple[dict[str, list[str]], set[str]]:
    """Why packages are there that nothing needs: the extras that bring them, by package.

    What no extra brings was asked for by itself; of a circle, each counts.
    """
    orphans, extras = set(names), dict[str, list[str]]()
    installed = {name for name, _ in graph}
    whole = [way for way in graph if way[1] and {name for name, _ in graph[way]} <= installed]
    while orphans:
        ways = {(name, extra): _below(graph, [name], extra) & orphans for name, extra in whole}
        name, extra = max(sorted(ways), key=lambda way: len(ways[way]), default=("", ""))
        if not ways.get((name, extra)):
            break
        extras.setdefault(name, []).append(extra)
        orphans -= ways[name, extra]
    below = {name: _below(graph, [name]) for name in orphans}
    tops = {
        name for name in orphans if all(name not in below[other] for other in orphans - below[name])
    }
    return extras, tops


def _metadata(site: Path, dist: Distribution) -> Message:
    """What a distribution tells of itself; nothing where that cannot be read."""
    try:
        text = (site / dist.directory / "METADATA").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    return HeaderParser().parsestr(text)


def _holds(marker: str, facts: Mapping[str, str]) -> bool:
    try:
        return applies(marker, facts)
    except ValueError:
        return False
