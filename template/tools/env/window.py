"""The window: nothing that was uploaded in the last days enters a lock.

What attackers upload is found within a week, mostly. How long the window is stands in
pyproject.toml, where uv reads it too; who forbids more, in a variable or a file, is obeyed. A lock
notes its cut-off and what is in it all the same, so that the same `lock` tomorrow is the same lock.
https://docs.astral.sh/uv/concepts/resolution/#dependency-cooldowns
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, NamedTuple

from . import indexes, pyproject
from .errors import EnvError, InstallerFailed
from .processes import say
from .project import Project
from .pyproject import Asked
from .requirements import Pin, normalize, notes, parse, text_of

ANY_AGE = ("--exclude-newer", "false")
NO_TIME = "false"
"""In place of a moment, for a package whose index tells no upload times."""

_SPAN = re.compile(r"P?T?((\d+) *(weeks?|days?|hours?|w|d|h)[ ,T]*)+", re.IGNORECASE)
_PART = re.compile(r"(\d+) *([wdh])", re.IGNORECASE)
_HOURS = {"w": 7 * 24, "d": 24, "h": 1}
_FILE = re.compile(
    r'(?:url|path) = "[^"]*"(?:, upload-time = (?P<when>[^,\s]+))?'
    r'[^{\n]*\{ sha256 = "(?P<sha256>\w+)"'
)


class Window(NamedTuple):
    cutoff: str | None = None
    """What was uploaded from this moment on is not looked at; None where nobody asks for that."""

    exempt: Mapping[str, str] = {}
    """By name a later moment, or NO_TIME."""

    days: int | None = None
    """How long after its upload a package is free; None where a day is named."""

    @property
    def options(self) -> list[str]:
        """For uv."""
        pairs = (f"{name}={self.exempt[name]}" for name in sorted(self.exempt))
        each = [word for pair in pairs for word in ("--exclude-newer-package", pair)]
        return ["--exclude-newer", self.cutoff, *each] if self.cutoff else []

    def note(self, pins: Iterable[Pin]) -> str | None:
        """For the lock of these pins: the cut-off, then NAME=MOMENT of what is exempt in it."""
        names = {pin.name for pin in pins if self.exempt.get(pin.name, self.cutoff) != self.cutoff}
        pairs = (f"{name}={self.exempt[name]}" for name in sorted(names))
        return " ".join([self.cutoff, *pairs]) if self.cutoff else None


def noted(note: str | None) -> Window:
    """The window that the note of a lock tells of."""
    cutoff, *pairs = note.split() if note else [None]
    return Window(cutoff, dict(pair.split("=", 1) for pair in pairs if pair))


def united(windows: Iterable[Window]) -> Window:
    """One in which is what is in any of these."""
    found = Window()
    for each in windows:
        exempt = {**found.exempt}
        for name, until in each.exempt.items():
            exempt[name] = max(until, exempt.get(name, ""))
        found = Window(max(filter(None, (found.cutoff, each.cutoff)), default=None), exempt)
    return found


def rules(settings: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, str]:
    """How old a package must be, by who says so: the project (`settings` of [tool.uv]) is first."""
    in_file = re.search(r'^exclude-newer *= *"([^"]+)"', indexes.uv_files(environ), re.MULTILINE)
    told = {
        pyproject.FILE: settings.get("exclude-newer"),
        "UV_EXCLUDE_NEWER": environ.get("UV_EXCLUDE_NEWER"),
        "PIP_UPLOADED_PRIOR_TO": indexes.shared(environ).get("PIP_UPLOADED_PRIOR_TO"),
        "uv.toml": in_file and in_file[1],
    }
    return {who: str(text) for who, text in told.items() if text and text != "false"}


def moment(text: str, today: datetime) -> datetime:
    """The moment that an age ("7 days", "P7D") or a day means. Raises ValueError."""
    if _SPAN.fullmatch(text):
        hours = sum(int(number) * _HOURS[unit.lower()] for number, unit in _PART.findall(text))
        return today - timedelta(hours=hours)
    found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)


def begin(
    settings: Mapping[str, Any],
    environ: Mapping[str, str],
    note: str | None,
    *,
    fresh: bool,
    retry: str,
) -> Window:
    """The window for a new lock: that of the `note` in today's, or anew where it is `fresh`.

    Raises EnvError for a rule that cannot be read; `retry` is the command to name then.
    """
    today = datetime.now(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    told = rules(settings, environ)
    if not told:
        return Window()
    try:
        begins, text = min((moment(text, today), text) for text in told.values())
    except ValueError as error:
        raise EnvError(
            f"How old a package must be cannot be read: {error}.",
            f"Write it as '7 days' or 2026-01-31, in {', '.join(told)}, then run: {retry}",
        ) from None
    days = (today - begins).days + 1 if _SPAN.fullmatch(text) else None
    last, cutoff = noted(note), _text(begins)
    if last.cutoff and not fresh:
        cutoff = min(cutoff, last.cutoff)
    exempt = {
        name: until for name, until in last.exempt.items() if until == NO_TIME or until > cutoff
    }
    if told.keys() - {pyproject.FILE}:  # what a project lets in, no machine's rule does
        for name, until in settings.get("exclude-newer-package", {}).items():
            if until is False or str(until) > cutoff:
                exempt.setdefault(normalize(name), cutoff)
    return Window(cutoff, exempt, days)


Compile = Callable[[str, Sequence[str], Sequence[str], bool], str]
"""Resolves into the file of that name, with options for uv and lines of constraints; its text.
The last one keeps the reasons of a failure unsaid. Raises InstallerFailed."""


def fit(
    compile_into: Compile, window: Window, today: Sequence[Pin], *, fresh: bool, retry: str
) -> str | None:
    """Resolve into "full.txt" what is old enough, and all the same the pins of `today`, which are
    never taken back for their age, and what has no upload times. The note for that lock.

    Raises EnvError where nothing is old enough, and InstallerFailed.
    """
    if window.cutoff is None:
        compile_into("full.txt", (), (), False)
        return None
    # A pin begins with its name and version.
    inside, failed = _tried(compile_into, window)
    versions = {pin[:2] for pin in inside}
    back = [pin for pin in today if pin[:2] not in versions]
    if not (failed or fresh or back):
        return window.note(inside)
    try:
        outside = parse(compile_into("loose.txt", ANY_AGE, (), failed is None))
    except InstallerFailed:
        if failed:
            raise
        return window.note(inside)  # without the network, say: then there is nothing to tell
    kept = {pin[:2]: pin.hashes for pin in today}
    doubtful = [*(pin for pin in outside if pin[:2] not in versions), *back]
    uploads: dict[tuple[str, str | None], dict[str, str]] = {}
    for pins in (outside, back):  # of these, the index may not have all any more
        if not {pin[:2] for pin in doubtful} <= uploads.keys():
            lines = [pin.requirement for pin in pins if pin.version]
            with suppress(InstallerFailed):
                uploads.update(files(compile_into("pylock.toml", ANY_AGE, lines, True)))
    exempt, young = dict(window.exempt), {}
    for pin in doubtful:
        times = _times(uploads.get(pin[:2], {}), kept.get(pin[:2]))
        limit = exempt.get(pin.name, window.cutoff)
        if "" in times:
            exempt[pin.name] = NO_TIME
        elif times and limit != NO_TIME and max(times) >= limit:
            if pin[:2] in kept:
                exempt[pin.name] = _text(_read(max(times)) + timedelta(seconds=1))
            else:
                young[pin.name] = f"{pin.name} {pin.version}{_free(window, max(times))}"
    if exempt != window.exempt:
        _tell(exempt, window.exempt)
        window = window._replace(exempt=exempt)
        inside, failed = _tried(compile_into, window)
    if failed and young:
        retry += "".join(f" --newest {name}" for name in sorted(young))
        raise EnvError(
            f"There is no solution without what is too new: {', '.join(young.values())}.",
            f"Wait, or let it in (nothing was changed): {retry}",
        )
    if failed:
        for line in failed.output.splitlines():
            say(f"  {line}")
        raise failed
    versions = {pin[:2] for pin in inside}
    for pin in outside:
        if pin.name in young and pin[:2] not in versions:
            say(f"  {young[pin.name]} is held back: it is younger than the window")
    return window.note(inside)


def exempted(
    project: Project, draft: Path, newest: Sequence[str], *, fresh: bool, retry: str
) -> Asked:
    """Let the `newest` packages in at any age, in the draft of a pyproject.toml; what it asks for.

    Who was let in since today's lock, and is old enough for a `fresh` one, goes out.
    Raises EnvError where somebody forbids that, or it does not say so afterwards.
    """
    note = notes(text_of(project.lock)).cutoff
    asked = pyproject.asked(project, draft)
    settings, others = asked.settings, rules(asked.settings, os.environ)
    others.pop(pyproject.FILE, None)
    if newest and others:
        raise EnvError(
            f"A project cannot let in what {' and '.join(others)} forbids on this machine.",
            f"Wait until it is old enough, then run: {project.command('lock', '--upgrade')}",
        )
    before = dict(settings.get("exclude-newer-package", {}))
    last, begun = noted(note).cutoff, begin(settings, {}, note, fresh=fresh, retry=retry)
    after = {
        name: until
        for name, until in before.items()
        if not (last and isinstance(until, str) and last < until <= (begun.cutoff or ""))
    }
    if begun.cutoff:
        now = _text(datetime.now(timezone.utc) + timedelta(seconds=1))
        after.update((normalize(name), now) for name in newest)
    return pyproject.write_setting(
        project, draft, asked, key="exclude-newer-package", value=after, retry=retry
    )


def _tried(compile_into: Compile, window: Window) -> tuple[list[Pin], InstallerFailed | None]:
    try:
        return parse(compile_into("full.txt", window.options, (), True)), None
    except InstallerFailed as error:
        return [], error


def files(pylock: str) -> Iterator[tuple[tuple[str, str | None], dict[str, str]]]:
    """When the files of each name and version were uploaded, by sha256; "" where nobody tells.

    https://packaging.python.org/en/latest/specifications/pylock-toml/
    """
    for block in pylock.split("[[packages]]")[1:]:
        name, version = (
            re.search(rf'^{key} = "(.+)"$', block, re.M) for key in ("name", "version")
        )
        if name and version:
            uploaded = {
                found["sha256"]: found["when"][:19] + "Z" if found["when"] else ""
                for found in _FILE.finditer(block)
            }
            yield (normalize(name[1]), version[1]), uploaded


def _times(files: Mapping[str, str], hashes: Collection[str] | None) -> list[str]:
    """The upload times of what is locked, of all where nothing is."""
    return [when for sha256, when in files.items() if not hashes or f"sha256:{sha256}" in hashes]


def _tell(exempt: Mapping[str, str], before: Mapping[str, str]) -> None:
    new = {name: exempt[name] for name in sorted(exempt.keys() - before.keys())}
    untimed = ", ".join(name for name in new if new[name] == NO_TIME)
    young = ", ".join(name for name in new if new[name] != NO_TIME)
    if untimed:
        say(f"note: the window does not hold for {untimed}: the index tells no upload times")
    if young:
        say(f"note: younger than the window, and kept as they are locked or installed: {young}")


def _free(window: Window, uploaded: str) -> str:
    if window.days is None:
        return ""
    return f" (free on {(_read(uploaded) + timedelta(days=window.days)).date()})"


def _read(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _text(when: datetime) -> str:
    return f"{when.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
