"""Adopts what a person installed past the lock, with a plain `pip install` say: `freeze`.

Only what was asked for becomes a direct dependency. What merely came along follows by itself when
the lock is resolved.
"""

from __future__ import annotations

import email.parser
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from . import drift, editable, installed, state, withdrawn
from .difference import EXTRA_PACKAGE
from .errors import DIFFERENT, EnvError
from .installed import Distribution
from .project import Project
from .requirements import locked, normalize


class Extras(NamedTuple):
    """What is installed and not in the lock; each list holds "name==version"."""

    top: list[str]
    """Asked for by nothing else: these are adopted."""

    along: list[str]
    """Required by one of those."""

    local: list[str]
    """From a directory, a file or a repository: no index serves them, so no lock can hold them."""

    with_local: list[str]
    """Required by one of the local ones, and by nothing else."""


def extras(project: Project) -> Extras:
    """Look into the environment; EnvError where there is none to look into."""
    seen = state.assess(project)
    if seen.manifest is None or seen.state not in (state.READY, state.STALE):
        raise EnvError(seen.reason, f"Mend it with: {state.remedy(project, seen)}", DIFFERENT)
    site = project.env / seen.manifest.site_packages
    pins = locked(project.lock, project.command("lock"), seen.manifest.markers)
    present = installed.scan(site)
    withdrawn.refuse(present, project.command("sync"))
    own = editable.names(project, editable.installs(project, site, present))
    names = {
        difference.package
        for difference in drift.compare(pins, present, own)
        if difference.code == EXTRA_PACKAGE
    }
    return _sorted_out(site, [dist for dist in present if dist.name in names])


def _sorted_out(site: Path, found: list[Distribution]) -> Extras:
    requires = {dist.name: _required(site, dist) for dist in found}
    local = {dist.name for dist in found if _is_local(site, dist)}
    top = {name for name in requires if name not in local and _is_top(name, requires)}
    along = _closure(top, requires) - top - local
    rest = requires.keys() - top - along - local
    by_name = [(dist.name, _pin(dist)) for dist in found]
    groups = (
        [pin for name, pin in by_name if name in group] for group in (top, along, local, rest)
    )
    return Extras(*groups)


def _is_top(name: str, requires: Mapping[str, set[str]]) -> bool:
    """Whether nothing requires it but what it requires itself: of a circle, each counts."""
    below = _closure({name}, requires)
    return not any(name in needs for other, needs in requires.items() if other not in below)


def _closure(names: set[str], requires: Mapping[str, set[str]]) -> set[str]:
    """The names and all that they require, however far down, as far as `requires` knows it."""
    found: set[str] = set()
    waiting = set(names)
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting |= (requires.get(name, set()) & requires.keys()) - found
    return found


def _pin(dist: Distribution) -> str:
    return f"{dist.name}=={dist.version}"


def _required(site: Path, dist: Distribution) -> set[str]:
    """The names in a distribution's Requires-Dist, those of its optional extras left out."""
    try:
        text = (site / dist.directory / "METADATA").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return set()
    lines = email.parser.HeaderParser().parsestr(text).get_all("Requires-Dist") or []
    return {
        normalize(re.split(r"[^A-Za-z0-9._-]", line.strip(), maxsplit=1)[0])
        for line in lines
        if not re.search(r"\bextra\s*==", line)
    }


def _is_local(site: Path, dist: Distribution) -> bool:
    """Whether direct_url.json (PEP 610) says that it came past an index."""
    try:
        text = (site / dist.directory / "direct_url.json").read_text(encoding="utf-8")
        return "url" in json.loads(text)
    except (OSError, ValueError):
        return False
