"""Resolves what pyproject.toml asks for: one version of all for each system and Python, with uv.

uv works on a draft beside the project, which holds just that. It is told every place that the lock
is for, so it takes a version that has wheels for them, or says that none does.
"""

from __future__ import annotations

import json
import os
import platform
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from . import indexes, pyproject, unresolved, window, withdrawn
from .bootstrap import find_uv
from .errors import EnvError, InstallerFailed
from .managers import manager
from .markers import SYSTEMS, applies, facts_of, within
from .processes import say, scrubbed
from .project import Project
from .pyproject import Asked
from .requirements import Notes, normalize, notes, pins_of, text_of, with_notes
from .sources import beside, path_of
from .temporary import temporary_folder
from .unresolved import Place
from .uv import HELD, Uv

_FULL, _RUN = "full.txt", "run.txt"
_PLACE = re.compile(
    r"^(?P<editable>-e )?(?:(?P<name>[\w.-]+)(?:\[[^\]]*\])? @ )?"
    r"(?P<place>(?:file://|/|\.\.?/|[A-Za-z]:[\\/]|[\w.-]+[\\/])[^\s\[]*)"
    r"(?:\[[^\]]*\])?(?P<rest>.*)",
    re.MULTILINE,
)
"""Where a resolver wrote a directory or file: with or without its name and extras."""

_MARKER = re.compile(r"^(?P<pin>[^#\s].*?) ; (?P<marker>.+?)(?P<more> \\)?$", re.MULTILINE)
"""What a resolver wrote after a pin: all that `environments` says is among it."""

_NOWHERE = "python_version < '0'"
"""Of the project itself: its tools may need it, and have it from here, not from an index."""


class NoWheel(Exception):
    """A package has no wheel at all, and a task may build what has none: its name."""


class Task(NamedTuple):
    """What is to be resolved, and by what."""

    project: Project
    uv: Uv
    source: Path
    """Directory of the pyproject.toml that counts."""

    asked: Asked
    again: str
    """The command to name where there is no solution."""

    kept: str = ""
    """Text of a lock whose pins are kept where they can be."""

    held: Sequence[str] = ()
    """Lines of commits that are kept."""

    upgrade: Sequence[str] | None = None
    """Names of the pins that are let go, [] for all."""

    building: bool = False
    """Whether a package without a wheel is told as NoWheel, so that it can be built."""

    here: bool = False
    """Whether all need be there for this machine alone."""

    level: Sequence[str] = ()
    """Versions that another build has, to which this one is held."""

    def of(self, project: Project, first: Mapping[str, str], level: Sequence[str]) -> Task:
        """The same for one build; the pins in the lock texts `first` go before those kept."""
        pins = {pin.name: pin.text for text in first.values() for pin in pins_of(text)}
        kept = [*pins.values(), *(p.text for p in pins_of(self.kept) if p.name not in pins)]
        return self._replace(
            project=project,
            uv=self.uv.of(project),
            asked=self.asked._replace(build=project.build),
            kept="".join(f"{line}\n" for line in kept),
            level=level,
        )

    @property
    def places(self) -> list[Place]:
        """Where everything is to have wheels; nowhere on a machine that no lock names."""
        if not self.here:
            return covered(self.project, self.asked)
        system = (sys.platform, platform.machine())
        return [(system, self.project.python)] if system in SYSTEMS else []

    def write(self, folder: Path, places: Iterable[Place]) -> None:
        """Write the draft into an empty folder; wheels are demanded for these places."""
        needed, asked = [*map(_marker, places)], self.asked
        if self.here and needed:  # what is for other machines only has no say
            asked = asked._replace(settings={**asked.settings, "environments": needed})
        text = asked.draft(self.project.root, needed)
        (folder / pyproject.FILE).write_text(text, encoding="utf-8")
        own = [f"{asked.name} ; {_NOWHERE}"] if self.project.package else []
        held = "".join(f"{line}\n" for line in (*self.held, *own))
        (folder / HELD).write_text(held, encoding="utf-8")

    def compile(
        self,
        file: Path,
        options: Sequence[str] = (),
        constraints: Sequence[str] = (),
        *,
        kept: str = "",
        quietly: bool = False,
    ) -> str:
        """Resolve the draft in a folder into a file there; its text. Raises InstallerFailed."""
        if file.suffix == ".txt":
            file.write_text(kept, encoding="utf-8")
        to_run = file.name == _RUN or self.project.lock == self.project.run_lock
        groups = [*([] if to_run else self.asked.groups), *self.asked.own]
        rules = [*constraints, *self.level]
        asked = groups, self.asked.buildable
        self.uv.compile(file.parent, file, *asked, options, rules, quietly=quietly)
        return named(self.project, self.asked, Notes(), file)


def resolver(project: Project, *, editing: bool = False) -> Uv:
    """The uv to resolve with, and requirements that are level with a lock of its own.

    Where they cannot be, an edit may be what mends it. Raises EnvError.
    """
    environ = scrubbed(os.environ)
    setting = indexes.deciding(environ)
    if setting:
        raise EnvError(
            f"A uv.toml of this machine says `{setting}`, and would decide what everybody gets.",
            "Take it out there (what the whole project is to have goes into [tool.uv] in "
            f"{pyproject.FILE}), then run: {project.command('lock')}",
        )
    uv = find_uv(project, environ)
    if uv is None:
        raise EnvError(
            "Locking needs uv, and there is none on this machine or in the environment.",
            f"Make the environment first, which brings one: {project.command('sync')}",
        )
    try:
        manager(project).derive(project, uv, missing_too=False)
    except InstallerFailed as error:
        raise unresolved.explained(error, project.command("lock")) from None
    except EnvError:
        if not editing:
            raise
    return uv


def resolve(task: Task) -> dict[Path, str]:
    """The text of each lock file, by path; those of all builds have the same versions.

    Raises EnvError, and NoWheel for a task that may build.
    """
    drafts = _level(task) if task.project.builds else _resolve(task)
    try:
        manager(task.project).complete(task.project, task.uv, task.source, drafts, task.upgrade)
    except InstallerFailed as error:
        raise unresolved.explained(error, task.again) from None
    for each in task.project.every:
        _refuse(each, pins_of(drafts[each.lock]))
    return drafts


def _level(task: Task) -> dict[Path, str]:
    """The locks of several builds. Raises as `resolve` does."""
    from .builds import apart

    every = task.project.every
    first: dict[str, str] = {}
    differ: dict[str, dict[str, str]] = {}
    # The versions of one go before in the next. A build that cannot have them then goes first.
    for number, order in enumerate((every, every[::-1], every)):
        drafts: dict[Path, str] = {}
        texts: dict[str, str] = {}
        try:
            for one in order:
                known = texts or first
                pins = [pin for text in texts.values() for pin in pins_of(text)] if number else []
                level = [f"{p.name}=={p.exact.split('+')[0]}" for p in pins if "+" in p.exact]
                drafts.update(_resolve(task.of(one, known, level)))
                texts[one.build or ""] = drafts[one.lock]
        except EnvError:
            if not number:
                raise
            continue
        pins_by_build = {x: [(p.name, p.exact) for p in pins_of(texts[x])] for x in texts}
        differ = apart(pins_by_build)
        if not differ:
            return drafts
        first = {order[-1].build or "": texts[order[-1].build or ""]}
    name, found = next(iter(differ.items()))
    versions = " and ".join(f"{version} for {build}" for build, version in found.items())
    raise EnvError(
        f"No version of {name} serves all builds: it is {versions}.",
        f"Ask for what all of them can have (nothing was changed): "
        f"{task.project.command('add', f'{name}==VERSION')}",
    )


def _resolve(task: Task) -> dict[Path, str]:
    """The text of each lock file of one build, by path.

    What the project has already (old versions, a company's build of PyTorch) need not be there for
    all other machines. Raises EnvError, and NoWheel for a task that may build.
    """
    project = task.project
    with temporary_folder("lock-") as place:
        try:
            return _in_one(task, _resolved(task, place))
        except InstallerFailed as error:
            name = unresolved.without_some(error)
            if task.here or name not in {pin.name for pin in pins_of(text_of(project.lock))}:
                raise _explained(task, place, error) from None
    say(
        f"{project.lock.name}: {name} has no wheel for all systems and Pythons that it could be "
        f"for, so what counts is this system and Python {project.python}"
    )
    return _resolve(task._replace(here=True))


def _in_one(task: Task, drafts: dict[Path, str]) -> dict[Path, str]:
    """The lock files of `drafts`, or those with one version of all that was kept in one so far.

    Where that has no wheel for some place (a program that resolved for itself asked for none), uv
    keeps it for the others, and takes a second version there.
    """
    before, now = (versions([text]) for text in (task.kept, drafts[task.project.lock]))
    parted = {name for name in now if len(now[name]) > 1 and len(before.get(name, ())) == 1}
    if parted:
        lines = [f"{pin.text}\n" for pin in pins_of(task.kept) if pin.name not in parted]
        with temporary_folder("lock-") as place, suppress(InstallerFailed):
            others = _resolved(task._replace(kept="".join(lines)), place)
            found = versions([others[task.project.lock]])
            if all(len(found.get(name, ())) < 2 for name in parted):
                return others
    return drafts


def versions(locks: Iterable[str]) -> dict[str, set[str]]:
    """What the texts of locks have of each package."""
    found: dict[str, set[str]] = {}
    for pin in (pin for text in locks for pin in pins_of(text)):
        found.setdefault(pin.name, set()).add(pin.exact)
    return found


def named(project: Project, asked: Asked, notes: Notes, written: Path) -> str:
    """A whole lock out of the lines that a resolver wrote.

    A place on this machine is told from the project's root.
    """
    names = {(project.root / place).resolve(): name for place, name in asked.places.items()}

    def told(found: re.Match[str]) -> str:
        place = found["place"]
        path = path_of(place) if place.startswith("file:") else written.parent / place
        path = path.resolve()
        name = found["name"] or names.get(path) or pyproject.name_at(path)
        place = quote(beside(project.root, path))
        return f"{found['editable'] or ''}{normalize(name)} @ {place}{found['rest']}"

    text = _PLACE.sub(told, written.read_text(encoding="utf-8"))
    places = covered(project, asked)
    if "environments" in asked.settings and {system for system, _ in places} == {*SYSTEMS}:
        facts = [facts_of(*place) for place in places]

        def shorter(found: re.Match[str]) -> str:
            marker = within(found["marker"], facts)
            return f"{found['pin']}{' ; ' * bool(marker)}{marker}{found['more'] or ''}"

        text = _MARKER.sub(shorter, text)
    # What held the commits is no part of the lock.
    text = re.sub(
        rf"(    # via)\n    #   --override {HELD}\n    #  ( .*\n)(?!    #  )", r"\1\2", text
    )
    text = re.sub(rf"    #   --override {HELD}\n", "", text)
    pins = {pin.name: pin for pin in pins_of(text)}
    built = " ".join(sorted(pins.keys() & {*asked.buildable}))
    commits = " ".join(f"{x}={asked.origin(x)}" for x in sorted(pins) if pins[x].is_commit)
    theirs = project.torch_packages if project.torch_index else ()
    rows = [row for row in asked.indexes if row[1] in pins and row[1] not in theirs]
    return with_notes(
        notes._replace(
            built=built or None,
            commits=commits or None,
            indexes=json.dumps(sorted(rows)) if rows else None,
        ),
        text,
    )


def pythons(project: Project) -> tuple[str, ...]:
    """The minor versions that the lock is for, as far as they are known."""
    return project.pythons or tuple(dict.fromkeys((project.python_minimum, project.python)))


def covered(project: Project, asked: Asked) -> list[Place]:
    """Each system, with each Python of the lock.

    A build of PyTorch for GPUs is only for the systems that have it.
    """
    of_gpus = {"cu": (SYSTEMS[0], SYSTEMS[3]), "ro": SYSTEMS[:1]}
    systems = of_gpus.get((project.torch_build or "")[:2], SYSTEMS)
    limits = asked.settings.get("environments", [""])
    return [
        (system, python)
        for python, system in product(pythons(project), systems)
        if any(applies(limit, facts_of(system, python)) for limit in limits)
    ]


def _marker(place: Place) -> str:
    (system, machine), python = place
    words = {
        "sys_platform": system,
        "platform_machine": machine,
        "python_version": python,
        # Else uv asks for a wheel for PyPy, too, where some requirement tells the two apart.
        "platform_python_implementation": "CPython",
    }
    return " and ".join(f"{name} == '{value}'" for name, value in words.items())


def _resolved(task: Task, place: Path) -> dict[Path, str]:
    """The larger requirements are resolved first, the others out of their pins."""
    project, asked = task.project, task.asked
    task.write(place, task.places)
    note = _within(task, place)
    _hash_all(task, place / _FULL, window.noted(note).options)
    told = Notes(asked=asked.sha256, cutoff=note)
    drafts = {project.lock: named(project, asked, told, place / _FULL)}
    if project.lock != project.run_lock:
        kept = (place / _FULL).read_text(encoding="utf-8")
        task.compile(place / _RUN, window.noted(note).options, kept=kept)
        drafts[project.run_lock] = named(project, asked, told, place / _RUN)
    return drafts


def _within(task: Task, place: Path) -> str | None:
    """Resolve into _FULL what is old enough; the note of that.

    Today's window goes on while nothing else is asked for. Raises EnvError and InstallerFailed.
    """

    def compile_into(
        name: str, options: Sequence[str], constraints: Sequence[str], quietly: bool
    ) -> str:
        quietly = quietly or task.building or bool(task.level)
        return task.compile(place / name, options, constraints, kept=task.kept, quietly=quietly)

    lock = text_of(task.project.lock)
    told, today, kept = notes(lock), pins_of(lock), pins_of(task.kept)
    known = [pin for each in task.project.every for pin in pins_of(text_of(each.lock))]
    new = {(pin.name, pin.exact) for pin in kept} - {(pin.name, pin.exact) for pin in known}
    fresh = task.upgrade is not None or told.asked != task.asked.sha256 or bool(new)
    settings, retry = task.asked.settings, task.again
    begun = window.begin(settings, os.environ, told.cutoff, fresh=fresh, retry=retry)
    installed = [pin for pin in kept if not pin.hashes]  # past the lock, and adopted now
    return window.fit(compile_into, begun, [*today, *installed], fresh=fresh, retry=retry)


def _hash_all(task: Task, full: Path, options: Sequence[str]) -> None:
    """Write the hashes of all files into what was resolved, where there may be more than one.

    Of what an index or a folder tells no hashes of, uv looks for that of one file, and which system
    that is for is chance; in a pylock.toml it gives all: https://github.com/astral-sh/uv/issues/10308
    """
    text = full.read_text(encoding="utf-8")
    pins = [pin for pin in pins_of(text) if pin.version]
    known = {(pin[:2], pin.hashes) for pin in pins_of(task.kept)}
    lone = [pin for pin in pins if len(pin.hashes) == 1 and (pin[:2], pin.hashes) not in known]
    if not lone:
        return
    lines = [pin.requirement for pin in pins]
    files = dict(window.files(task.compile(full.with_name("pylock.toml"), options, lines)))
    for pin in lone:
        hashes = sorted({*pin.hashes, *(f"sha256:{each}" for each in files.get(pin[:2], ()))})
        listed = " \\\n    ".join(f"--hash={each}" for each in hashes)
        text = text.replace(f"--hash={pin.hashes[0]}", listed)
    full.write_text(text, encoding="utf-8")


def _explained(task: Task, place: Path, error: InstallerFailed) -> Exception:
    _refuse(task.project, re.findall(r"([\w.-]+)==([\w.]+)", error.output))
    if error.tells(unresolved.NO_REQUIREMENT):
        return _no_requirement(task, place)
    name, without = unresolved.without_some(error), unresolved.without_any(error)
    if name and "required-environments" not in task.asked.settings:
        places = task.places or covered(task.project, task.asked)
        lacking = unresolved.left_out(places, lambda each: _lacks(task, name, each))
        if lacking:
            where, marker = lacking
            parent = unresolved.brings(error, task.asked, name)
            asks = f"{parent} ; {marker}"
            mend = f"Leave that out (nothing was changed): {task.project.command('add', asks)}"
            return EnvError(f"{name} has no wheel for {where}.", mend)
    if without and task.building and without not in task.asked.buildable:
        return NoWheel(without)
    if without:
        building = task.again.replace(" add ", " add --build ", 1)
        return EnvError(
            f"{without} has no wheel, and nothing is built from source unasked.",
            f"Let it be built here (nothing was changed): {building}"
            if building != task.again
            else f"Name it in no-binary-package of [tool.uv] in {pyproject.FILE}, then run again: "
            f"{task.again}",
        )
    if task.building:
        say(error.output)
    return unresolved.explained(error, task.again)


def _no_requirement(task: Task, place: Path) -> EnvError:
    """For a requirement that is none, which uv names where it is asked for it alone."""
    every = [task.asked.dependencies, *task.asked.groups.values()]
    lines = place / "asked.txt"
    lines.write_text("".join(f"{line}\n" for each in every for line in each), encoding="utf-8")
    with suppress(InstallerFailed):
        task.uv.read(lines)
    return EnvError(
        f"{pyproject.FILE} asks for something that is no requirement; the lines above say what.",
        f"Write it like numpy==1.26.* or torch>=2,<3, then run again: {task.again}",
    )


def _lacks(task: Task, name: str, place: Place) -> bool:
    """Whether a package is what has no wheel where only this place counts."""
    with temporary_folder("lock-") as folder:
        task.write(folder, [place])
        try:
            task.compile(folder / _FULL, window.ANY_AGE, quietly=True)
        except InstallerFailed as error:
            return unresolved.without_some(error) == name
    return False


def _refuse(project: Project, packages: Sequence[tuple[Any, ...]]) -> None:
    """What the resolver was told to go around, and pyproject.toml asks for."""
    for taken in withdrawn.among(packages):
        another = project.command("add", f"{taken.name}!={taken.version}")
        raise EnvError(f"{taken}, and is asked for.", f"Ask for another version: {another}")
