"""Reading a lock: the subset of pip's requirements format that resolvers write.

https://pip.pypa.io/en/stable/reference/requirements-file-format/ with `name==version`, an optional
marker and one or more `--hash` options a line; comments and everything else carry no meaning here.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from .errors import EnvError
from .markers import applies

_PIN = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(\[[^\]]*\])?==(?P<version>[^\s;\\]+)"
    r"(\s*;\s*(?P<marker>.*?))?(?P<hashes>(\s+--hash=\S+)*)\s*\Z"
)


class Pin(NamedTuple):
    name: str
    """Normalized (PEP 503)."""

    version: str
    marker: str
    """As written, "" where the line is for every system."""

    hashes: tuple[str, ...]
    """As "sha256:..." of each file that may be installed."""

    text: str
    """The whole logical line, for handing it on to an installer."""


def normalize(name: str) -> str:
    """A distribution's name in the one spelling that compares equal (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def parse(text: str) -> list[Pin]:
    """The pins of a lock in their order.

    Raises ValueError, naming the line, for one that is not an exact pin: an env made from such a
    line could not be proven.
    """
    return list(_parsed(text))


@lru_cache(maxsize=2)  # a lock is looked at more than once, and is long
def _parsed(text: str) -> tuple[Pin, ...]:
    pins = []
    logical = re.sub(r"\\\n", " ", text.replace("\r\n", "\n"))
    for line in logical.split("\n"):
        line = re.sub(r"(^|\s)#.*", "", line).strip()
        if not line:
            continue
        found = _PIN.match(line)
        if found is None:
            raise ValueError(f"{line} is not an exact version")
        pins.append(
            Pin(
                name=normalize(found["name"]),
                version=found["version"],
                marker=(found["marker"] or "").strip(),
                hashes=tuple(re.findall(r"--hash=(\S+)", found["hashes"])),
                text=re.sub(r"\s+", " ", line),
            )
        )
    return tuple(pins)


def read(path: Path, mend: str) -> list[Pin]:
    """The pins of the lock file `path`; `mend` is the command that makes it anew.

    Raises EnvError where it is missing, not a lock, or a line has no hash.
    """
    try:
        pins = parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise EnvError(f"The lock {path.name} is missing.", f"Make it anew with: {mend}") from None
    except (OSError, ValueError) as error:
        raise EnvError(
            f"{path.name} cannot be read as a lock: {error}.", f"Make it anew with: {mend}"
        ) from None
    bare = [pin.name for pin in pins if not pin.hashes]
    if bare:
        raise EnvError(
            f"{path.name} has no hash for {', '.join(bare)}.", f"Make it anew with: {mend}"
        )
    return pins


def sha256(*paths: Path) -> str:
    """Hex digest of the files' bytes, one after the other; "" where the first does not exist.

    The activation helpers work out the same, with `cat` and `sha256sum`.
    """
    if not paths[0].exists():
        return ""
    digest = hashlib.sha256()
    for path in filter(os.path.exists, paths):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def for_this_system(pins: list[Pin], facts: Mapping[str, str]) -> dict[str, Pin]:
    """The pins whose markers hold, by name. Raises ValueError for a marker that is none."""
    return {pin.name: pin for pin in pins if applies(pin.marker, facts)}


def locked(path: Path, mend: str, facts: Mapping[str, str]) -> dict[str, Pin]:
    """`read` and `for_this_system` in one; raises EnvError as `read` does."""
    try:
        return for_this_system(read(path, mend), facts)
    except ValueError as error:
        raise EnvError(
            f"{path.name} cannot be read as a lock: {error}.", f"Make it anew with: {mend}"
        ) from None
