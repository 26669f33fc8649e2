"""What reaches past all packages: .pth files, the Python underneath, PYTHONPATH."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from . import installed
from .ambient import capture, scrubbed
from .difference import OTHER_PYTHON, SHADOWED, Difference
from .installed import Record, Recorded
from .manifest import Manifest
from .project import Project


def stray_pth(site: Path, records: Iterable[list[Recorded]]) -> list[str]:
    """The .pth files that no distribution recorded: Python runs or follows them at every start."""
    present = {path.name for path in site.glob("*.pth")}
    return sorted(present - {line.path for lines in records for line in lines} if present else ())


HARMLESS = ("coverage", "pytest-cov", "pywin32", "setuptools")
"""Packages whose code at every start of Python is well known."""


def at_start(site: Path) -> dict[str, bytes]:
    """What reaches every start of Python: the files (of a package, its first) by name.

    https://docs.python.org/3/library/site.html and PEP 829
    """
    patterns = ("*.pth", "*.start", "sitecustomize*", "usercustomize*")
    found = [path for pattern in patterns for path in site.glob(pattern)]
    files = {path.name: path if path.is_file() else path / "__init__.py" for path in found}
    return {name: file.read_bytes() for name, file in files.items() if file.is_file()}


def brought_at_start(site: Path, before: Mapping[str, bytes]) -> Iterator[str]:
    """A sentence for each package that, other than `before`, has what reaches every start."""
    new = {name for name, content in at_start(site).items() if before.get(name) != content}
    for dist in installed.scan(site) if new else ():
        lines = (installed.record(site, dist) or Record("", [])).lines
        found = sorted(new & {line.path.partition("/")[0] for line in lines})
        if found and dist.name not in HARMLESS:
            yield f"{dist.name} {dist.version} runs at every start of Python, by {found[0]}."


def shadows(site: Path, pythonpath: str) -> Iterator[Difference]:
    """Modules of installed packages that others hide; `pythonpath` is the variable's value."""
    modules = {
        line.path.partition("/")[0].partition(".")[0]: dist.name
        for dist in (installed.scan(site) if pythonpath else ())
        for line in (installed.record(site, dist) or Record("", [])).lines
        if line.portable and ".dist-info/" not in line.path
    }
    for folder in filter(None, pythonpath.split(os.pathsep)):
        for name in _importable(Path(folder)) & set(modules):
            message = f"{name} is imported from {folder}, since PYTHONPATH names that first."
            yield Difference(SHADOWED, message, modules[name])


def _importable(folder: Path) -> set[str]:
    """The names that a directory on Python's path can be imported by, before any later one."""
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return set()
    return {
        entry.name.partition(".")[0]
        for entry in entries
        if entry.name.endswith((".py", ".so", ".pyd"))
        or (entry.is_dir() and os.path.exists(os.path.join(entry.path, "__init__.py")))
    }


def python_underneath(project: Project, manifest: Manifest, fast: bool) -> Iterator[Difference]:
    """The base interpreter can be upgraded in place: a look at its file, or a start, shows it."""
    if fast and file_mark(project.python_path) == manifest.python_file:
        return
    argv = [str(project.python_path), "-I", "-S", "-c", "import sys; print(sys.version.split()[0])"]
    version = capture(argv, scrubbed(os.environ))[1].strip()
    if version != manifest.python:
        message = f"Python is {version or 'not running'} now, and was {manifest.python}."
        yield Difference(OTHER_PYTHON, message)


def file_mark(path: Path) -> str:
    """Size and time of a file behind whatever links: the same as long as nobody replaced it."""
    status = os.stat(path)
    return f"{status.st_size} {status.st_mtime_ns}"
