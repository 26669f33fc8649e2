"""The manager uv: a venv as ever, whose lock is uv.lock, so that uv's own commands work on it.

requirements.txt and requirements-dev.txt are exported from uv.lock, which they name by its hash in
their first lines: a uv.lock that was changed by `uv add` is seen, and they are exported anew.
https://docs.astral.sh/uv/concepts/projects/
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .. import pyproject
from ..errors import EnvError
from ..indexes import of_this_project
from ..lock import adopt, replace
from ..processes import say
from ..project import LOCAL, PINNED, RUN_LOCK, Project, read_text, sha256
from ..requirements import Notes, normalize, notes, parse, sides
from ..resolution import named
from ..temporary import temporary_folder
from ..uv import Uv
from ..window import noted
from . import venv

LOCK = "uv.lock"
_OPTIONS = re.compile(r"^\[options\]\n(?:(?!\[(?!options)).*\n)*", re.MULTILINE)


class Manager(venv.Manager):
    def adopts(self, project: Project) -> bool:
        """One that `uv sync` made inside the project is the project's; uv says so in pyvenv.cfg."""
        if project.root not in project.env.parents:
            return False
        try:
            text = (project.env / "pyvenv.cfg").read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return False
        return re.search(r"^uv = ", text, re.MULTILINE) is not None

    def pin_python(self, project: Project, version: str) -> bool:
        say(f"{PINNED}: Python {version} from now on, for uv's own commands too")
        (project.root / PINNED).write_text(f"{version}\n", encoding="utf-8")
        return True

    def derive(self, project: Project, uv: Uv, *, missing_too: bool = True) -> None:
        lock = project.root / LOCK
        if _source(project.lock) == sha256(lock) if lock.exists() else not missing_too:
            return
        if _in_conflict(lock):
            if not missing_too:
                return  # `complete` makes it anew
            raise EnvError(
                f"{LOCK} cannot be read: git left both sides of a conflict in it.",
                f"Make it anew with: {project.command('lock')}",
            )
        _refuse_own_index(project)
        with _workplace(project, project.root) as place:
            if not lock.exists():
                say(f"{LOCK}: making it, with the versions of {project.lock.name}")
                text = read_text(project.lock)
                replace(project, _locked(project, uv, place, text))
                return
            say(f"{LOCK}: it has changed, so {project.lock.name} is exported from it anew")
            # --frozen would take a lock that no longer fits pyproject.toml
            uv.lock(place, [])
            # uv builds what has no wheel and asks nobody: what it took passes our rule, or is told
            known = read_text(project.lock) if project.lock.exists() else ""
            taken = _exported(project, uv, place, None, known)[project.lock]
            for change in adopt(project, uv, taken):
                say(f"  {change}")

    def complete(
        self,
        project: Project,
        uv: Uv,
        source: Path,
        drafts: dict[Path, str],
        upgrade: Sequence[str] | None,
    ) -> None:
        _refuse_own_index(project)
        # The requirements in `drafts` were resolved with all preferences met: they are the answer,
        # and uv.lock is made to hold exactly them.
        with _workplace(project, source) as place:
            text = drafts[project.lock]
            drafts.update(_locked(project, uv, place, text, _commits(text, upgrade)))


def _in_conflict(lock: Path) -> bool:
    """Whether git left both sides of a merge in it."""
    return lock.exists() and len(sides(read_text(lock))) > 1


def _refuse_own_index(project: Project) -> None:
    """EnvError where the index is known to this machine alone: uv.lock would tell all of it."""
    own = of_this_project(project.root, {})
    if own and own.items() <= os.environ.items():
        raise EnvError(
            f"{LOCAL} names an index, and uv would write its address into {LOCK}, so into git.",
            f"Name it as a [[tool.uv.index]] in {pyproject.FILE}, delete that line, then run: "
            + project.command("lock"),
        )


@contextmanager
def _workplace(project: Project, source: Path) -> Iterator[Path]:
    """A folder with the pyproject.toml in `source` and today's uv.lock, to make the next in.

    uv writes directories into uv.lock as it sees them, so those that packages come from are beside
    it as they are beside the project.
    """
    places = [Path(place) for place in pyproject.asked(project, source / pyproject.FILE).places]
    depth = max([0, *(place.parts.count("..") for place in places)])
    with temporary_folder("lock-") as folder:
        inner = folder.joinpath(*["in"] * depth)
        inner.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / pyproject.FILE, inner / pyproject.FILE)
        lock = project.root / LOCK
        if lock.exists() and not _in_conflict(lock):
            shutil.copy(lock, inner / LOCK)
        for place in sorted(places):
            there, link = project.root / place, Path(os.path.normpath(inner / place))
            if there.exists() and not os.path.lexists(link):
                link.parent.mkdir(parents=True, exist_ok=True)
                _link(there.resolve(), link)
        yield inner


def _link(there: Path, link: Path) -> None:
    if sys.platform == "win32" and there.is_dir():  # a symbolic link is a privilege there
        import _winapi

        _winapi.CreateJunction(str(there), str(link))
    else:
        link.symlink_to(there)


def _commits(text: str, upgrade: Sequence[str] | None) -> list[str]:
    """The names of a lock's packages from repositories that are to be at their newest commit."""
    names = [pin.name for pin in parse(text) if pin.is_commit]
    free = {normalize(name) for name in upgrade or ()}
    return names if upgrade == [] else [name for name in names if name in free]


def _locked(
    project: Project, uv: Uv, place: Path, text: str, newest: Sequence[str] = ()
) -> dict[Path, str]:
    """The lock files for the pyproject.toml in `place`, with the pins and the window of a lock's
    `text`; texts by path. Of that window uv.lock tells what pyproject.toml does: uv would not take
    another one for its own. The packages `newest` are at their newest commit then.
    """
    note, asked = notes(text).cutoff, pyproject.asked(project, place / pyproject.FILE)
    pins = [pin.requirement for pin in parse(text) if pin.version]
    uv.lock(place, [*pins, *newest], noted(note).options)
    if note:
        alone = place / "alone"
        alone.mkdir()
        nothing = asked._replace(dependencies=(), groups={})
        (alone / pyproject.FILE).write_text(nothing.draft(project.root, []), encoding="utf-8")
        uv.lock(alone, [], ["--offline"])
        own = _OPTIONS.search(read_text(alone / LOCK))
        lock = _OPTIONS.sub("", read_text(place / LOCK), count=1)
        lock = lock.replace("\n[", f"\n{own.group() if own else ''}[", 1)
        (place / LOCK).write_text(lock, encoding="utf-8")
    return _exported(project, uv, place, note, text)


def _exported(
    project: Project, uv: Uv, place: Path, note: str | None, known: str
) -> dict[Path, str]:
    """The lock files that follow from the pyproject.toml and uv.lock in `place`, texts by path.

    `note` is that of their window, `known` a lock with the hashes that are not in uv.lock.
    """
    asked = pyproject.asked(project, place / pyproject.FILE)
    told = Notes(exported=sha256(place / LOCK), asked=asked.sha256, cutoff=note)
    drafts = {}
    for path, groups in {project.root / RUN_LOCK: (), project.lock: asked.groups}.items():
        uv.export(place, place / path.name, tuple(groups))
        drafts[path] = _hashed(named(project, asked, told, place / path.name), known)
    drafts[project.root / LOCK] = (place / LOCK).read_text(encoding="utf-8")
    return drafts


def _hashed(text: str, known: str) -> str:
    """A lock's `text` with the hashes of a `known` one where uv.lock had none.

    uv writes into uv.lock the hashes that an index tells, and some tell none; to resolve a
    requirements.txt it reads the files.
    """
    found = {(pin.name, pin.version): pin.hashes for pin in parse(known)}
    for pin in parse(text):
        hashes = found.get((pin.name, pin.version), ())
        if pin.version and not pin.hashes:
            whole = " \\\n    --hash=".join([pin.text, *hashes])
            text = text.replace(f"\n{pin.text}\n", f"\n{whole}\n")
    return text


def _source(requirements: Path) -> str:
    """sha256 of the uv.lock that `requirements` were exported from, "" where none is named."""
    try:
        return notes(read_text(requirements)).exported or ""
    except (OSError, ValueError):
        return ""
