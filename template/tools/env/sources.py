"""Where packages come from that are no wheels of the ordinary index, there and back.

Builds of PyTorch for a CPU, for CUDA or for ROCm are on an index of their own each. PyTorch's own
is known to uv by the name of the build. A company's has an address: resolving finds it in
pyproject.toml, and installing takes the packages it is for from there and nowhere else.
https://docs.astral.sh/uv/guides/integration/pytorch/

Others have an address themselves, are a commit of a repository, or a directory: direct references.
Commits and directories have no hash. They are built here, and so are source archives. What is
installed tells where it came from in direct_url.json.
https://packaging.python.org/en/latest/specifications/direct-url/
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from .difference import OTHER_SOURCE, Difference
from .distributions import Distribution
from .errors import EnvError
from .indexes import without_login
from .manifest import folder
from .project import Project, read_text, same_file
from .requirements import Pin, is_directory, is_path, notes

_LOGIN = re.compile(
    r"://[^/@\s]*:[^/@\s]*@|\bhttps?://[^/@\s]+@"
    r"|[?&][\w-]*(token|key|secret|password|sig|signature)=",
    re.IGNORECASE,
)


class Part(NamedTuple):
    """Some lines of the lock, and what holds for them."""

    requirements: Path
    names: list[str]
    again: list[str]
    """Those that must be fetched past all caches."""

    anew: list[str]
    """Those that somebody installed by hand, so that nothing proves them."""

    source: str | None = None
    """Address of the index they come from, None for the ordinary one."""

    hashed: bool = True
    tools: Path | None = None
    """Where all of them are built here: a file that holds the tools of builds to versions and
    hashes. Nothing else is built."""


class Pack(NamedTuple):
    """A folder that has what the lock needs, in place of all indexes (packing.py)."""

    name: str
    platform: str
    """What it is for, a key of markers.PLATFORMS."""

    python: str
    """The minor version that it is for."""

    lines: Mapping[str, str]
    """What asks for those packages that do not come from an index, by name."""


def parts(
    project: Project,
    pins: Sequence[Pin],
    again: Sequence[str],
    anew: Sequence[str],
    pack: Pack | None = None,
) -> list[Part]:
    """`pins`, those of the lock for this system, cut where another rule holds.

    The installer gets no markers: what is for this system is decided in one place. Raises EnvError
    where a directory of the lock is not there.
    """
    lines = pack.lines if pack else {}
    pins = [
        pin._replace(text=lines[pin.name], reference=None) if pin.name in lines else pin
        for pin in pins
    ]
    places = (pin.reference for pin in pins if pin.reference and is_path(pin.reference))
    gone = next((each for each in places if not (project.root / unquote(each)).exists()), None)
    if gone is not None:
        raise EnvError(
            f"{gone} is not there, and the lock asks for what is in it.",
            f"Put it beside the project, as it was, then run: {project.command('sync')}",
        )
    theirs = project.torch_packages if project.torch_index and not pack else ()
    built = (notes(read_text(project.lock)).built or "").split()
    groups: dict[tuple[str, str], list[Pin]] = {}
    for pin in pins:
        name, index = "others", "" if pack else pin.source or ""
        if not pin.hashable:
            name = "references"
        elif pin.name not in lines and (pin.name in built or pin.archive):
            name = "archives"
        elif pin.name in theirs:
            name, index = "torch", project.torch_index or ""
        groups.setdefault((name, index), []).append(pin)
    tools = [pin for pin in pins if pin.reference is None and pin.name not in lines]
    return [
        Part(
            _written(project, f"{name}-{number}" if index else name, some),
            [pin.name for pin in some],
            [pin.name for pin in some if pin.name in again],
            [pin.name for pin in some if pin.name in anew],
            index or None,
            name != "references",
            _written(project, "tools", tools) if name in ("references", "archives") else None,
        )
        for number, ((name, index), some) in enumerate(sorted(groups.items(), reverse=True))
    ]


def _written(project: Project, name: str, pins: Sequence[Pin]) -> Path:
    path = folder(project.env) / f"{name}.txt"
    path.write_text("".join(f"{_line(project.root, pin)}\n" for pin in pins), encoding="utf-8")
    return path


def _line(root: Path, pin: Pin) -> str:
    """The line of a pin without its marker, and with the address of a directory."""
    if pin.reference is None or not is_path(pin.reference):
        return pin.here
    return pin.here.replace(f"@ {pin.reference}", f"@ {address(root, pin.reference)}", 1)


def address(root: Path, reference: str) -> str:
    """A direct reference as an address."""
    return (root / unquote(reference)).resolve().as_uri() if is_path(reference) else reference


def requirement(root: Path, site: Path, dist: Distribution) -> str | None:
    """How to ask for what is installed, as "lib @ ../lib"; None for what came from an index.

    "-e " begins that of an editable directory. Raises ValueError with the reason why nobody else
    could ask for it.
    """
    came = origin(site, dist)
    url = came.get("url")
    if not url:
        return None
    if has_login(url):
        raise ValueError("its address holds a login")
    part = f"#subdirectory={came['subdirectory']}" if came.get("subdirectory") else ""
    if "dir_info" in came:
        directory = path_of(url)
        if not directory.is_dir():
            raise ValueError(f"its directory, {directory}, is gone")
        editable = "-e " if came["dir_info"].get("editable") else ""
        return f"{editable}{dist.name} @ {beside(root, directory)}"
    if "vcs_info" in came:
        told = came["vcs_info"]
        if told.get("vcs") != "git":
            raise ValueError(f"it came from a repository of {told.get('vcs')}, which is not git")
        return f"{dist.name} @ git+{url}@{told['commit_id']}{part}"
    if url.startswith("file:"):
        raise ValueError(f"it came from a file of this machine, {path_of(url)}")
    return f"{dist.name} @ {url}{part}"


def differences(
    root: Path, site: Path, pins: Mapping[str, Pin], present: Iterable[Distribution]
) -> Iterator[Difference]:
    """The packages that came from elsewhere than their references in the lock lead to."""
    for dist in present:
        pin = pins.get(dist.name)
        if pin is not None and pin.reference is not None:
            came = origin(site, dist)
            if not _leads_to(pin, root, came):
                url = without_login(str(came.get("url", "an index")))
                message = f"{dist.name} came from {url}, locked is {pin.exact}."
                yield Difference(OTHER_SOURCE, message, dist.name)


def _leads_to(pin: Pin, root: Path, came: Mapping[str, Any]) -> bool:
    """Whether what is installed, and tells that it `came` from there, is what a reference means.

    A directory is meant as it is, editable or not; a repository at one commit, whatever the mirror
    that it was fetched from; an archive by address and, where the installer noted it, by hash. One
    out of a pack is a file of that name, whose hash was looked at.
    """
    reference, url = pin.reference or "", came.get("url", "")
    if is_directory(reference):
        told = came.get("dir_info", {})
        there = same_file(path_of(url), root / unquote(reference)) if url else False
        return there and bool(told.get("editable")) == pin.editable
    if reference.startswith("git+"):
        commit = came.get("vcs_info", {}).get("commit_id")
        return bool(commit) and reference.partition("#")[0].endswith(f"@{commit}")
    noted = came.get("archive_info", {}).get("hashes", {})
    hashes = {f"{kind}:{digest}" for kind, digest in noted.items()}
    reference = address(root, reference).partition("#")[0]
    names = [unquote(each.rpartition("/")[2]) for each in (url, reference)]
    packed = url.startswith("file:") and names[0] == names[1]
    return (url == reference or packed) and (not hashes or bool(hashes & {*pin.hashes}))


def origin(site: Path, dist: Distribution) -> dict[str, Any]:
    """What direct_url.json says; nothing for a package that came from an index."""
    try:
        told = json.loads((site / dist.directory / "direct_url.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def has_login(text: str) -> bool:
    """Whether an address in `text` tells a secret. A bare user name, as git@HOST, is none."""
    return _LOGIN.search(text) is not None


def path_of(url: str) -> Path:
    """The path that a file: address names.

    url2pathname of urllib.request does the same, and takes longer to import than all of this.
    """
    parts = urlsplit(url)
    path = unquote(parts.path)
    if os.name == "nt":
        path = f"//{parts.netloc}{path}" if parts.netloc else path.lstrip("/")
    return Path(path)


def beside(root: Path, directory: Path) -> str:
    """A directory as a colleague's clone finds it too: from the project, with "./" or "../"."""
    try:
        relative = Path(os.path.relpath(directory, root)).as_posix()
    except ValueError:  # Windows: on another drive
        return directory.as_posix()
    return relative if relative.startswith("..") else f"./{relative}"
