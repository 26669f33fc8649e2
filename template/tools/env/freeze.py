"""Adopts what a person installed past the lock, with a plain `pip install` say: `freeze`.

Only what was asked for becomes a direct dependency. What merely came along follows by itself when
the lock is resolved.
"""

from __future__ import annotations

import email.parser
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from . import distributions, drift, editable, references, state, unresolved, withdrawn
from .difference import EXTRA_PACKAGE, OTHER_SOURCE, WRONG_VERSION
from .distributions import Distribution
from .errors import DIFFERENT, EnvError
from .markers import applies
from .project import Project
from .requirements import locked, normalize
from .resolution import resolver
from .temporary import temporary_folder

_NEED = re.compile(
    r"\s*(?P<name>[\w.-]+)\s*(?:\[(?P<extras>[^\]]*)\])?[^;]*(?:;(?P<marker>.*))?", re.DOTALL
)


class Found(NamedTuple):
    """What is installed and is not what the lock says."""

    direct: dict[str, str]
    """What a person asked for: by name the requirement, as "uvicorn[standard]"."""

    versions: dict[str, str]
    """Version by name of all that is adopted: of `direct`, and of what came along with it."""

    left: dict[str, str]
    """What cannot be adopted: the reason by "name==version"."""


def look(project: Project) -> Found:
    """Look into the environment, and ask the index for what is found there.

    Raises EnvError where there is no environment to look into, or the index is not reached.
    """
    seen = state.assess(project)
    if seen.manifest is None or seen.state not in (state.READY, state.STALE):
        raise EnvError(seen.reason, f"Mend it with: {state.remedy(project, seen)}", DIFFERENT)
    site = project.env / seen.manifest.site_packages
    pins = locked(project.lock, project.command("lock"), seen.manifest.markers)
    present = {dist.name: dist for dist in distributions.scan(site)}
    withdrawn.refuse(present.values(), project.command("sync"))
    found = list(present.values())
    own = editable.names(project, editable.installs(project, site, found))
    differ = {
        each.package: present[each.package]
        for each in (
            *drift.compare(pins, found, own),
            *references.differences(project.root, site, pins, found),
        )
        if each.code in (EXTRA_PACKAGE, WRONG_VERSION, OTHER_SOURCE)
    }
    referred, left = _references(project, site, differ.values())
    rest = [dist for name, dist in differ.items() if name not in referred and name not in left]
    versions = {dist.name: dist.version for dist in rest}
    left.update(_unserved(project, versions))

    new = differ.keys() - pins.keys()
    asked = {name for name in new if name in referred or _requested(site, differ[name])}
    graph = _Graph(site, present, seen.manifest.markers)
    orphans = new - graph.below((present.keys() - new) | (asked - left.keys()))
    for name in orphans & graph.below(left) - left.keys():
        left[name] = "it came along with those"
    extras, tops = graph.explained(orphans - left.keys())
    direct = {name: name for name in (asked | tops | extras.keys()) - left.keys()}
    direct.update(referred)
    for name, brought in extras.items():
        direct[name] = references.with_extras(direct[name], brought)
    return Found(
        dict(sorted(direct.items())),
        {name: dist.version for name, dist in sorted(differ.items()) if name not in left},
        {_pin(differ[name]): why for name, why in sorted(left.items())},
    )


def not_kept(project: Project, found: Found) -> Iterator[str]:
    """A sentence for each version that was adopted and is not in the lock after all."""
    seen = state.assess(project)
    facts = seen.manifest.markers if seen.manifest else {}
    pins = locked(project.lock, project.command("lock"), facts)
    for name, version in found.versions.items():
        if name not in found.direct or "@" not in found.direct[name]:
            pin = pins.get(name)
            if pin is None or pin.version != version:
                have = f"{pin.version} is locked" if pin else "it is not locked"
                ask = project.command("add", f"{name}=={version}")
                yield f"{have} in place of {name} {version}, as others ask for it; to ask: {ask}"


def _references(
    project: Project, site: Path, found: Iterable[Distribution]
) -> tuple[dict[str, str], dict[str, str]]:
    """The requirements of those that came past an index, and why some of them cannot be one."""
    referred, left = {}, {}
    for dist in found:
        requirement, reason = references.requirement(project.root, site, dist)
        if reason:
            left[dist.name] = reason
        elif requirement:
            referred[dist.name] = requirement
    return referred, left


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


def _pin(dist: Distribution) -> str:
    return f"{dist.name}=={dist.version}"


class _Need(NamedTuple):
    """A Requires-Dist of a distribution."""

    name: str
    extras: list[str]
    marker: str


class _Graph:
    """What is installed, and what of it needs what (on this system)."""

    def __init__(
        self, site: Path, present: Mapping[str, Distribution], facts: Mapping[str, str]
    ) -> None:
        self._facts = facts
        self._needs: dict[str, list[_Need]] = {}
        self._extras: dict[str, list[str]] = {}
        for name, dist in present.items():
            self._needs[name], self._extras[name] = _metadata(site, dist)

    def below(self, names: Iterable[str], extra: str = "") -> set[str]:
        """The names, and all that they (with their `extra`) need, however far down."""
        waiting = [(name, extra) for name in names]
        seen = set(waiting)
        while waiting:
            for each in self._required(*waiting.pop()):
                if each not in seen and each[0] in self._needs:
                    seen.add(each)
                    waiting.append(each)
        return {name for name, _ in seen}

    def explained(self, orphans: set[str]) -> tuple[dict[str, list[str]], set[str]]:
        """Why packages are there that nothing needs: the extras that bring them, by package.

        What no extra brings was asked for by itself; of a circle, each counts.
        """
        orphans, extras = set(orphans), dict[str, list[str]]()
        while orphans:
            ways = {way: self.below([way[0]], way[1]) & orphans for way in self._whole_extras()}
            name, extra = max(sorted(ways), key=lambda way: len(ways[way]), default=("", ""))
            if not ways.get((name, extra)):
                break
            extras.setdefault(name, []).append(extra)
            orphans -= ways[name, extra]
        below = {name: self.below([name]) for name in orphans}
        tops = {
            name
            for name in orphans
            if all(name not in below[other] for other in orphans - below[name])
        }
        return extras, tops

    def _whole_extras(self) -> Iterator[tuple[str, str]]:
        """The extras of which all is installed."""
        for name, extras in self._extras.items():
            for extra in extras:
                brought = {other for other, _ in self._required(name, extra)}
                if brought and brought <= self._needs.keys():
                    yield name, extra

    def _required(self, name: str, extra: str) -> Iterator[tuple[str, str]]:
        """What a package, or one of its extras, needs itself: names and their extras."""
        if extra:
            yield name, ""
        for need in self._needs.get(name, ()):
            if _holds(need.marker, {**self._facts, "extra": extra}):
                yield from ((need.name, each) for each in ("", *need.extras))


def _metadata(site: Path, dist: Distribution) -> tuple[list[_Need], list[str]]:
    """A distribution's Requires-Dist and Provides-Extra; none where it tells nothing."""
    try:
        text = (site / dist.directory / "METADATA").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return [], []
    told = email.parser.HeaderParser().parsestr(text)
    found = filter(None, map(_NEED.match, told.get_all("Requires-Dist") or []))
    needs = [
        _Need(
            normalize(each["name"]),
            re.findall(r"[\w.-]+", each["extras"] or ""),
            (each["marker"] or "").strip(),
        )
        for each in found
    ]
    return needs, list(told.get_all("Provides-Extra") or [])


def _holds(marker: str, facts: Mapping[str, str]) -> bool:
    try:
        return applies(marker, facts)
    except ValueError:
        return False
