"""Packages that come past an index: from an address, a commit of a repository, or a directory.

What is installed tells where it came from in direct_url.json.
https://packaging.python.org/en/latest/specifications/direct-url/
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from .difference import OTHER_SOURCE, Difference
from .distributions import Distribution
from .indexes import without_login
from .project import same_file
from .requirements import Pin, is_directory, is_path

_LOGIN = re.compile(
    r"://[^/@\s]*:[^/@\s]*@|\bhttps?://[^/@\s]+@"
    r"|[?&][\w-]*(token|key|secret|password|sig|signature)=",
    re.IGNORECASE,
)


def has_login(text: str) -> bool:
    """Whether an address in `text` tells a secret. A bare user name, as git@HOST, is none."""
    return _LOGIN.search(text) is not None


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
    that it was fetched from; an archive by address and, where the installer noted it, by hash.
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
    if is_path(reference):
        reference = (root / unquote(reference)).resolve().as_uri()
    return url == reference.partition("#")[0] and (not hashes or bool(hashes & {*pin.hashes}))


def origin(site: Path, dist: Distribution) -> dict[str, Any]:
    """What direct_url.json says; nothing for a package that came from an index."""
    try:
        told = json.loads((site / dist.directory / "direct_url.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


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
