"""Adopts what a person installed past the lock, with a plain `pip install` say: `freeze`.

Only what was asked for becomes a direct dependency. What merely came along follows by itself when
the lock is resolved.
"""

from __future__ import annotations

import email.parser
import json
import re
from dataclasses import dataclass
from pathlib import Path

from . import drift, installed, state
from .difference import EXTRA_PACKAGE
from .errors import DIFFERENT, EnvError
from .installed import Distribution
from .project import Project
from .requirements import locked, normalize


@dataclass(frozen=True)
class Extras:
    """What is installed and not in the lock; each list holds "name==version"."""

    top: list[str]
    """Asked for by nothing else: these are adopted."""

    along: list[str]
    """Required by one of those."""

    local: list[str]
    """From a directory, a file or a repository: no index serves them, so no lock can hold them."""


def extras(project: Project) -> Extras:
    """Look into the environment; EnvError where there is none to look into."""
    seen = state.assess(project)
    if seen.manifest is None or seen.state not in (state.READY, state.STALE):
        raise EnvError(seen.reason, f"Mend it with: {state.remedy(project, seen)}", DIFFERENT)
    site = project.env / seen.manifest.site_packages
    pins = locked(project.lock, project.command("lock"), seen.manifest.markers)
    present = installed.scan(site)
    names = {
        difference.package
        for difference in drift.compare(pins, present, drift.own_name(project))
        if difference.code == EXTRA_PACKAGE
    }
    return _sorted_out(site, [dist for dist in present if dist.name in names])


def _sorted_out(site: Path, found: list[Distribution]) -> Extras:
    needed = {name for dist in found for name in _required(site, dist) if name != dist.name}
    local = [dist for dist in found if _is_local(site, dist)]
    rest = [dist for dist in found if dist not in local]
    return Extras(
        top=[_pin(dist) for dist in rest if dist.name not in needed],
        along=[_pin(dist) for dist in rest if dist.name in needed],
        local=[_pin(dist) for dist in local],
    )


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
