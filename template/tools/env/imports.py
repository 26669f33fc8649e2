"""What Python would import past the packages: what none of them brought, and PYTHONPATH."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from .difference import SHADOWED, STRAY_MODULE, STRAY_PTH, SYMBOLIC_LINK, Difference
from .distributions import Contents

_AT_START = (".pth", ".start")
"""Read at every start of Python. https://peps.python.org/pep-0829/"""

_BY_ITSELF = ("sitecustomize", "usercustomize")
"""Imported at every start. https://docs.python.org/3/library/site.html"""

_RANKS = {".pyc": 1, ".py": 2, ".pyd": 3, ".so": 3}
"""Which of two modules of one name and directory is imported: that of the higher rank."""

_PACKAGE = 4
"""The rank of a directory with an __init__, which goes before all modules."""


_HARMLESS = ("coverage", "pytest-cov", "pywin32", "setuptools")
"""Packages whose code at every start of Python is well known."""


def at_start(site: Path) -> dict[str, bytes]:
    """What reaches every start of Python: the files (of a package, its first) by name."""
    found = {}
    for name in _names(site):
        if name.endswith(_AT_START) or name.partition(".")[0] in _BY_ITSELF:
            file = site / name / "__init__.py" if os.path.isdir(site / name) else site / name
            found[name] = file.read_bytes() if file.is_file() else b""
    return found


def brought_at_start(
    here: Contents, before: Mapping[str, bytes], edited: Collection[str]
) -> Iterator[str]:
    """A sentence for each package that, other than `before`, has what reaches every start.

    Not for those `edited` in place: a .pth leads to their directory.
    """
    harmless = {*_HARMLESS, *edited}
    new = {name for name, content in at_start(here.site).items() if before.get(name) != content}
    for dist in here.present if new else ():
        lines = here.lines.get(dist.name, []) if dist.name not in harmless else []
        for name in sorted(new & {line.path.partition("/")[0] for line in lines})[:1]:
            yield f"{dist.name} {dist.version} runs at every start of Python, by {name}."


def beside_packages(contents: Contents) -> Iterator[Difference]:
    """What no package recorded, and Python would follow or import; and symbolic links."""
    site = contents.site
    folders = {path.partition("/")[0] for path in contents.paths}
    for path in _names(site):
        if path in folders or (path.endswith(".pyc") and path[:-1] in folders):
            continue
        stem = path.partition(".")[0]
        if os.path.islink(site / path):
            yield _link(site, path, "")
        elif path.endswith(_AT_START):
            message = f"{path} came with no package, and Python reads it at every start."
            yield Difference(STRAY_PTH, message, "", path)
        elif stem in _BY_ITSELF and _rank(site, path):
            message = f"{path} came with no package, and Python imports it at every start."
            yield Difference(STRAY_MODULE, message, "", path)
        elif stem.isidentifier() and _rank(site, path):
            message = f"{path} came with no package, and can be imported all the same."
            yield Difference(STRAY_MODULE, message, "", path)


def inside_packages(contents: Contents, *, since: int | None) -> Iterator[Difference]:
    """What is imported in place of a module of a package, and symbolic links to directories.

    Anything else in there counts for nothing, since Python and programs write there. It is looked
    for where something came or went after `since`, in nanoseconds, or everywhere for None.
    """
    site = contents.site
    folders = _folders(contents)
    top = os.path.join(site, "")
    for path, owner in folders.items():
        try:
            status = os.lstat(top + path)
        except OSError:
            continue  # its files are missed, one by one
        if stat.S_ISLNK(status.st_mode):
            yield _link(site, path, owner)
        elif not path.startswith("..") and (since is None or status.st_mtime_ns > since):
            yield from _inside(contents, path, owner, folders)


def links(site: Path) -> list[str]:
    """All symbolic links to directories: an installer would write through them."""
    return [
        os.path.relpath(os.path.join(place, name), site)
        for place, folders, _ in os.walk(site)
        for name in folders
        if os.path.islink(os.path.join(place, name))
    ]


def in_the_way(contents: Contents, names: Iterable[str]) -> list[str]:
    """Files where a package has a directory, and directories where one of `names` has a file.

    An installer gets past neither.
    """
    site = contents.site
    folders = [name for name in _folders(contents) if os.path.isfile(site / name)]
    files = [line.path for name in names for line in contents.lines.get(name, ())]
    return folders + [name for name in files if os.path.isdir(site / name)]


def _folders(contents: Contents) -> dict[str, str]:
    """The directories of recorded files and those above them, each with one of its owners."""
    found: dict[str, str] = {}
    last = ""
    for name, lines in contents.lines.items():
        for path, _, _ in lines:
            folder = path.rpartition("/")[0]
            if folder == last:
                continue  # the lines of one directory mostly follow each other
            last = folder
            while folder and folder not in found:
                found[folder] = name
                folder = folder.rpartition("/")[0]
    return found


def _link(site: Path, link: str, owner: str) -> Difference:
    place = os.readlink(site / link)
    message = f"{link} is a symbolic link to {place}, and no package brings one."
    return Difference(SYMBOLIC_LINK, message, owner, link)


def _inside(
    contents: Contents, folder: str, owner: str, folders: dict[str, str]
) -> Iterator[Difference]:
    """Links to directories in a directory of a package, and what hides one of its modules."""
    site = contents.site
    names = [] if folder.endswith("__pycache__") else _names(site / folder)
    paths = {name: f"{folder}/{name}" for name in names if name != "__pycache__"}
    others = {
        name: path
        for name, path in paths.items()
        if path not in contents.paths and path not in folders
    }
    for name, path in others.items():
        if os.path.islink(site / path):
            if os.path.isdir(site / path):
                yield _link(site, path, owner)
            continue
        stem = name.partition(".")[0]
        theirs = [each for each in paths if each.partition(".")[0] == stem and each not in others]
        ranks = [rank for rank in (_rank(site, paths[each]) for each in theirs) if rank]
        if ranks and max(ranks) < _rank(site, path):
            message = f"{path} came with no package, and is imported in place of {owner}'s own."
            yield Difference(STRAY_MODULE, message, owner, path)


def _rank(site: Path, path: str) -> int:
    """As the standard library finds modules in a directory; 0 for what is none."""
    suffix = os.path.splitext(path)[1]
    if suffix in _RANKS:
        return _RANKS[suffix]
    starts = (f"__init__{suffix}" for suffix in _RANKS)
    return _PACKAGE * any(os.path.exists(site / path / name) for name in starts)


def shadows(contents: Contents, own: str | None, pythonpath: str) -> Iterator[Difference]:
    """Modules that others hide: of packages, of the project (`own`), of the standard library.

    `pythonpath` is the variable's value.
    """
    folders = [Path(folder) for folder in pythonpath.split(os.pathsep) if folder]
    if not folders:
        return
    # Its own tests are a package, and a directory of that name is on many a path.
    library = Path(os.__file__).parent
    standard = _importable(library) | _importable(library / "lib-dynload")
    modules = dict.fromkeys(standard - {"test"}, "")
    modules.update(dict.fromkeys((*_BY_ITSELF, *filter(None, [own])), ""))
    for name, lines in contents.lines.items():
        for line in lines:
            if line.portable and ".dist-info/" not in line.path:
                modules[line.path.partition("/")[0].partition(".")[0]] = name
    for folder in folders:
        for name in sorted(_importable(folder) & modules.keys()):
            message = f"{name} is imported from {folder}, since PYTHONPATH names that first."
            yield Difference(SHADOWED, message, modules[name])


def _importable(folder: Path) -> set[str]:
    """The names that a directory on Python's path can be imported by, before any later one."""
    return {name.partition(".")[0] for name in _names(folder) if _rank(folder, name)}


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []
