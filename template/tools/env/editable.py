"""The project's own install: editable, out of this directory, made of today's pyproject.toml.

https://packaging.python.org/en/latest/specifications/direct-url/
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from . import indexes, pyproject, toml
from .difference import MISSING_PACKAGE, STALE_PROJECT, Difference
from .distributions import Distribution, fingerprint, record
from .errors import EnvError
from .project import Project, read_text, same_file, sha256
from .requirements import normalize
from .sources import origin, path_of


def installs(project: Project, site: Path, present: Sequence[Distribution]) -> list[Distribution]:
    """Those that came out of the project's directory: one, where its name has not changed."""
    return [dist for dist in present if same_file(_directory(origin(site, dist)), project.root)]


def names(project: Project, ours: Sequence[Distribution]) -> set[str]:
    """The project's own distributions, `ours` or the one to be; none where it has no package."""
    if not project.package:
        return set()
    return {dist.name for dist in ours} or {pyproject.name_at(project.root)}


def differences(
    project: Project,
    site: Path,
    present: Sequence[Distribution],
    ours: Sequence[Distribution],
    proof: dict[str, str] | None,
) -> Iterator[Difference]:
    """Why the project's own install is not what it should be.

    `proof` is the manifest's, None where there is none yet; that of an older template is empty.
    """
    if not project.package:
        return
    if not ours:
        name = pyproject.name_at(project.root)
        other = [origin(site, dist) for dist in present if dist.name == name]
        if other:
            address = indexes.without_login(str(other[0].get("url", "an index")))
            message = f"The project itself, {name}, was installed from {address}, not from here."
            yield Difference(STALE_PROJECT, message, name)
        else:
            message = f"The project itself, {name}, is not installed."
            yield Difference(MISSING_PACKAGE, message, name)
        return
    name = ours[0].name
    if not all(origin(site, dist).get("dir_info", {}).get("editable") for dist in ours):
        message = f"The project itself, {name}, is installed as a copy that follows no edit."
        yield Difference(STALE_PROJECT, message, name)
    elif proof is not None and _print(site, ours) != proof.get("install"):
        message = f"The project itself, {name}, was installed again, in another way."
        yield Difference(STALE_PROJECT, message, name)
    elif proof is not None and not _is_made_of(project, proof):
        message = f"{pyproject.FILE} has changed since {name} was installed from it."
        yield Difference(STALE_PROJECT, message, name)


def refuse(project: Project, retry: str) -> None:
    """EnvError where the project could not be installed; `retry` is the command to name.

    Its build would say so last of all, with everything else changed by then.
    """
    if not project.package and not (project.root / pyproject.FILE).exists():
        return
    content = pyproject.whole(project)
    for what, path in _needs(content or {}) if project.package else ():
        if not (project.root / path).exists():
            raise EnvError(
                f"{pyproject.FILE} names {path} as the project's {what}, and it is not there.",
                f"Bring it back, or change that line, then run: {retry}",
            )


def is_current(
    project: Project,
    site: Path,
    present: Sequence[Distribution],
    ours: Sequence[Distribution],
    proof: dict[str, str],
) -> bool:
    """Whether installing it again would change nothing, not even the list of its dependencies."""
    same = sha256(project.root / pyproject.FILE) == proof.get("pyproject")
    return same and not any(differences(project, site, present, ours, proof))


def proof(project: Project, site: Path, ours: Sequence[Distribution]) -> dict[str, str]:
    """What `differences` goes by later: the install itself, and what it was made of."""
    if not ours:
        return {}
    found = {"install": _print(site, ours), "pyproject": sha256(project.root / pyproject.FILE)}
    asked = _asked(project)
    return {**found, "asked": asked} if asked else found


def _is_made_of(project: Project, proof: dict[str, str]) -> bool:
    """Whether what decides the install stands in pyproject.toml as it did.

    Where that cannot be read, any change of the file counts.
    """
    if sha256(project.root / pyproject.FILE) == proof.get("pyproject"):
        return True
    asked = _asked(project)
    return asked is not None and asked == proof.get("asked")


def _asked(project: Project) -> str | None:
    """A hash of what decides the install, None where nobody can read it here.

    Not of the dependencies: whoever edits those locks and syncs, and that installs anew.
    """
    try:
        content = toml.loads(project, read_text(project.root / pyproject.FILE))
        own = {key: value for key, value in content["project"].items() if key != "dependencies"}
        build = content.get("build-system", {})
        backend = str(build.get("build-backend", "setuptools"))
        tools = {
            name: table.get("build-backend", table)  # uv's own has much more in it
            for name, table in content.get("tool", {}).items()
            if backend.startswith(name.replace("-", "_"))
        }
        text = json.dumps([own, build, tools], sort_keys=True, default=str)
    except (OSError, ValueError, KeyError, AttributeError, EnvError):
        return None
    return hashlib.sha256(text.encode()).hexdigest()


def _needs(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The files that a build needs, as far as that is known here: what each is, and its name."""
    with suppress(AttributeError, LookupError, TypeError):  # a table is none: the build tells
        told = content["project"]
        for key in ("readme", "license"):
            value = told.get(key)
            name = value.get("file") if isinstance(value, dict) else value
            if name and (key == "readme" or name != value):
                yield key, name
        if content["build-system"]["build-backend"] == "uv_build":
            uv = content.get("tool", {}).get("uv", {}).get("build-backend", {})
            module = uv.get("module-name", normalize(told["name"]).replace("-", "_"))
            if isinstance(module, str) and not uv.get("namespace"):
                yield "code", "/".join((uv.get("module-root", "src"), *module.split(".")))


def _print(site: Path, ours: Sequence[Distribution]) -> str:
    """The fingerprint, but for WHEEL, which tells the version of what built it."""
    found = (record(site, dist) for dist in ours)
    lines = [line for each in found if each for line in each.lines]
    return fingerprint([line for line in lines if not line.path.endswith(".dist-info/WHEEL")])


def _directory(came: Mapping[str, Any]) -> Path:
    """The directory that it came out of; the one of no install where it came otherwise."""
    url = str(came.get("url", ""))
    of_directory = url.startswith("file:") and "dir_info" in came
    return path_of(url) if of_directory else Path(os.devnull)
