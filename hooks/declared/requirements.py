"""requirements*.txt, as pip reads them.

https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

from __future__ import annotations

import re
from pathlib import Path

from . import LOGIN, Source, text_of

_TO_RUN = re.compile(
    r"(base|main|core|common|prod|production|run|runtime|install|minimal|app|all)?"
)
_FOLDERS = ("requirements", "reqs", "requires", "deps")
_EGG = re.compile(r"[#&]egg=(?P<name>[\w.-]+(?:\[[^\]]*\])?)")


def files(root: Path) -> list[Path]:
    """Those at the root and in folders for them, what people edit (.in) before what came of it."""
    found = [path for kind in ("in", "txt") for path in root.glob(f"*requirements*.{kind}")]
    for folder in _FOLDERS:
        found += [*root.glob(f"{folder}/*.in"), *root.glob(f"{folder}/*.txt")]
    return sorted(found, key=lambda path: (path.suffix != ".in", len(path.parts), path.name))


def read(root: Path, path: Path) -> Source:
    """One file, with those that it includes by -r. Raises Unreadable."""
    found = Source(path.relative_to(root).as_posix())
    kind = path.stem.lower().replace("requirements", "").strip("-_.")
    into = found.dependencies if _TO_RUN.fullmatch(kind) else found.groups.setdefault("dev", [])
    compiled = path.with_suffix(".in").exists() and path.suffix == ".txt"
    if compiled:  # only the versions count: what is asked for stands in the other file
        into = []
    _take(found, root, path, into, set())
    return found


def _take(found: Source, root: Path, path: Path, into: list[str], seen: set[Path]) -> None:
    if path.resolve() in seen:
        return
    seen.add(path.resolve())
    for line in re.sub(r"\\\r?\n", " ", text_of(path)).splitlines():
        line = re.sub(r"(^|\s)#.*", "", line).strip()
        option = re.match(r"(--?[a-z-]+)[\s=]*(.*)", line)
        if not line:
            continue
        if option is None:
            _requirement(found, root, re.sub(r"\s--\w[\w-]*[= ].*", "", line), into)
        elif option[1] in ("-r", "--requirement", "-c", "--constraint"):
            file = path.parent / option[2].strip("'\"")
            target = into if option[1] in ("-r", "--requirement") else []
            if file.is_file():
                _take(found, root, file, target, seen)
                if target is not into and target:
                    found.leave(option[0], "gives versions to keep; its ranges do not bind")
            else:
                found.leave(line, "names no file that is there")
        elif option[1] in ("-e", "--editable"):
            _requirement(found, root, option[2], into)
        elif option[1] in ("-i", "--index-url", "--extra-index-url", "-f", "--find-links"):
            told = LOGIN.sub("", line)
            why = "names an index; give it as [[tool.uv.index]] in pyproject.toml"
            found.leave(told, why + (", its login in ~/.netrc" if told != line else ""))
        else:
            found.leave(option[1], "is an option, and no requirement")


def _requirement(found: Source, root: Path, line: str, into: list[str]) -> None:
    place, _, _ = line.partition(";")
    egg, path = _EGG.search(place), root / re.sub(r"^file:(//)?|\[[^\]]*\]$", "", place.strip())
    if re.match(r"\.|/|~|file:", place):
        if path.is_dir() and path.resolve() == root.resolve():
            return  # the project itself, which the environment has anyway
        name = _name_at(path)
        if name and not place.startswith(("/", "~", "file:")):
            found.paths[name] = path.relative_to(root).as_posix()
            into.append(name)
        else:
            found.leave(line, "is a place that only this machine has, or nothing to install")
    elif egg and "@" not in place.partition("://")[0]:
        found.ask(f"{egg['name']} @ {place.partition('#')[0].strip()}", into=into)
    else:
        found.ask(line, into=into)


def _name_at(folder: Path) -> str | None:
    for file in ("pyproject.toml", "setup.cfg", "setup.py"):
        if (folder / file).is_file():
            told = re.search(r"""^\s*name\s*=\s*["']?([\w.-]+)""", text_of(folder / file), re.M)
            if told:
                return told[1]
    return None
