"""What the template alone makes of answers: at the version before the update, or after it."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NOW = "HEAD"
"""The version after the update: it is what is checked out in the template's clone."""


@contextmanager
def rendered(
    template: Path, version: str, answers: Mapping[str, Any], only: Sequence[str] = ()
) -> Iterator[Path]:
    """A directory with the rendered files, none of them the user's.

    `only` are patterns of paths to render no others, which is faster; what the template itself
    leaves out for these answers then comes, too.

    `template` is the clone that Copier updates from, `version` a commit in it. Copier renders, as
    it did for the project; no task is run. The directory is gone afterwards.
    """
    import copier  # late: most updates need no render

    with tempfile.TemporaryDirectory(prefix="pristine-") as scratch:
        source, target = Path(scratch) / "template", Path(scratch) / "project"
        _check_out(template, version, source, Path(scratch) / "index")
        copier.run_copy(
            str(source),
            target,
            data={key: value for key, value in answers.items() if not key.startswith("_")},
            exclude=["*", *(f"!{pattern}" for pattern in only)] if only else (),
            defaults=True,
            skip_tasks=True,
            unsafe=True,  # as the update that runs this
            quiet=True,
        )
        yield target


def content(folder: Path, name: str) -> bytes | None:
    """A file of a render, None where the template makes no such file."""
    try:
        return (folder / name).read_bytes()
    except OSError:
        return None


def pattern(name: str) -> str:
    """The pattern that matches one path and nothing else."""
    return "/" + "".join(f"\\{char}" if char in "*?[]!#\\ " else char for char in name)


def _check_out(template: Path, version: str, target: Path, index: Path) -> None:
    """The template's files at `version`; its clone, maybe Copier's cache, stays as it is."""
    environ = {**os.environ, "GIT_INDEX_FILE": str(index)}
    for words in (["read-tree", version], ["checkout-index", "--all", f"--prefix={target}/"]):
        argv = ["git", "-C", str(template), *words]
        subprocess.run(argv, env=environ, check=True, stdout=subprocess.DEVNULL)
