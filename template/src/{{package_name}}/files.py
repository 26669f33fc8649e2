"""Where the project is, and writing files so that no half file is ever seen."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

from .errors import UserError

MARKERS = ("tools/env.cfg", "pyproject.toml")


def find_root() -> Path:
    """The project's root: the nearest folder above this file, else above the current one, that
    holds one of MARKERS. So every command works from any folder.

    Raises UserError where there is none.
    """
    here = Path(__file__).resolve()
    now = Path.cwd()
    for folder in (*here.parents, now, *now.parents):
        if any((folder / marker).is_file() for marker in MARKERS):
            return folder
    raise UserError(
        f"There is no project at or above {now} (no {' or '.join(MARKERS)}).",
        "Go to the project's folder and run the command there.",
    )


def shown(path: Path, root: Path) -> str:
    """The path as people read it: from the project's root when it is inside, with `/`."""
    return (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()


def sha256_of(path: Path) -> str:
    """The sha256 of a file's bytes, in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Gives a temporary path beside `path`, which takes its place when the block succeeds.

    When the block fails, the file that was there before is as it was.
    """
    temporary = path.with_name(f".{token_hex(4)}-{path.name}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
