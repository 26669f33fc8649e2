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
from ..project import LOCAL, PINNED, Project, read_text, sha256
from ..requirements import Notes, normalize, notes, parse, sides, text_of
from ..resolution import named
from ..temporary import temporary_folder
from ..uv import Uv
from ..window import ANY_AGE, NO_TIME, noted, united
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
        known = [text_of(each.lock) for each in project.every]
        if lock.exists():
            if {notes(text).exported for text in known} == {sha256(lock)}:
                return
        elif not missing_too:
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
                replace(project, _locked(project, uv, place, known))
                return
            say(f"{LOCK}: it has changed, so {project.lock.name} is exported from it anew")
            # --frozen would take a lock that no longer fits pyproject.toml
            uv.lock(place, [])
            # uv builds what has no wheel and asks nobody: what it took passes our rule, or is told
            taken = _exported(project, uv, place, known)
            for change in adopt(project, uv, "".join(taken[each.lock] for each in project.every)):
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
            texts = [drafts[each.lock] for each in project.every]
            drafts.update(_locked(project, uv, place, texts, _commits(texts, upgrade)))


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


def _commits(texts: Sequence[str], upgrade: Sequence[str] | None) -> list[str]:
    """The names of packages from repositories in locks that are to be at their newest commit."""
    names = dict.fromkeys(pin.name for text in texts for pin in parse(text) if pin.is_commit)
    free = {normalize(name) for name in upgrade or ()}
    return [name for name in names if upgrade == [] or name in free]


def _pins(texts: Sequence[str]) -> list[str]:
    """The versions in a lock, or in those of all builds, as uv is to take them.

    Of each package those of the build that has most, and without what tells its builds apart.
    """
    if len(texts) == 1:
        return [pin.requirement for pin in parse(texts[0]) if pin.version]
    found: dict[str, set[str]] = {}
    for text in texts:
        lines: dict[str, set[str]] = {}
        for pin in parse(text):
            if pin.version:
                public = re.sub(r"\+[\w.]+", "", pin.requirement)
                lines.setdefault(pin.name, set()).add(public)
        more = (name for name in lines if len(lines[name]) > len(found.get(name, ())))
        found.update({name: lines[name] for name in more})
    return [line for name in sorted(found) for line in sorted(found[name])]


def _locked(
    project: Project, uv: Uv, place: Path, texts: Sequence[str], newest: Sequence[str] = ()
) -> dict[Path, str]:
    """The lock files for the pyproject.toml in `place`, with the pins and the windows of the lock
    `texts` of each build; texts by path. Of the window uv.lock tells what pyproject.toml does: uv
    would not take another one for its own. The packages `newest` are at their newest commit then.
    """
    asked = pyproject.asked(project, place / pyproject.FILE)
    window = united(noted(notes(text).cutoff) for text in texts)
    pins = {pin.name for text in texts for pin in parse(text) if pin.version}
    # Such an index tells none of what the project's other extras bring, all of which uv locks.
    untimed = bool(pins) and {window.exempt.get(name) for name in pins} == {NO_TIME}
    options = ANY_AGE if untimed else window.options
    lock = _OPTIONS.sub("", text_of(place / LOCK), count=1)
    for _ in range(3):  # of many forks, uv finds some in the second round only
        before = lock
        uv.lock(place, [*_pins(texts), *newest], options)
        lock = _OPTIONS.sub("", read_text(place / LOCK), count=1)
        if lock == before:
            break
    if window.cutoff:
        alone = place / "alone"
        alone.mkdir()
        nothing = asked._replace(dependencies=(), groups={})
        (alone / pyproject.FILE).write_text(nothing.draft(project.root, []), encoding="utf-8")
        uv.lock(alone, [], ["--offline"])
        own = _OPTIONS.search(read_text(alone / LOCK))
        lock = lock.replace("\n[", f"\n{own.group() if own else ''}[", 1)
        (place / LOCK).write_text(lock, encoding="utf-8")
    return _exported(project, uv, place, texts)


def _exported(project: Project, uv: Uv, place: Path, known: Sequence[str]) -> dict[Path, str]:
    """The lock files that follow from the pyproject.toml and uv.lock in `place`, texts by path.

    The `known` lock of each build tells its window, and the hashes that are not in uv.lock.
    """
    every = pyproject.asked(project, place / pyproject.FILE)
    told = Notes(exported=sha256(place / LOCK), asked=every.sha256)
    drafts = {}
    for each, text in zip(project.every, known):
        asked = every._replace(build=each.build)
        told = told._replace(cutoff=notes(text).cutoff)
        for path, groups in ((each.run_lock, ()), (each.lock, (*asked.groups,))):
            uv.export(place, place / path.name, (*groups, *asked.own))
            drafts[path] = _hashed(named(each, asked, told, place / path.name), text)
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
