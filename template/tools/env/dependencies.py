"""Changes the direct dependencies in pyproject.toml, and locks what follows: `add`, `remove`.

uv edits the file, so comments and order stay. What uv has no command for is a small edit of the
text, proven by reading it back.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

from . import pyproject, window
from .errors import EnvError, InstallerFailed
from .lock import DIRECT, NoWheel, Task, held, pins_of, preferences, replace, resolve, resolver
from .processes import say
from .project import Project, read_text
from .pyproject import Asked
from .requirements import normalize
from .temporary import temporary_folder
from .uv import Uv

_DIRECTORY = re.compile(r"(?P<before>\A|-e |@ )(?P<place>\.\.?(?:/[^;]*?)?)(?=\s*(?:;|\Z))")
"""In a requirement, a directory as it is seen from the project's root."""

_TABLE = re.compile(r"^\[ *tool *\. *uv *\][^\n]*\n", re.MULTILINE)
_BUILDS = re.compile(r"^no-binary-package *= *\[(?P<names>[^\]]*)\][^\n]*\n", re.MULTILINE)


def edit(
    project: Project,
    verb: str,
    words: Sequence[str],
    *,
    retry: str,
    dev: bool = False,
    build: bool = False,
    newest: Sequence[str] = (),
    versions: Mapping[str, str] = MappingProxyType({}),
) -> list[str]:
    """`add` requirements to the direct dependencies, or `remove` names, and lock; returns changes.

    `dev` means the development group, `versions` are by name those to take where they can be.
    `build` lets what has no wheel be built from source, from now on and for everybody, and `newest`
    lets these packages in at any age. `retry` is the command to name where it fails.
    Raises EnvError, with all files as they were, where uv refuses or there is no solution.
    """
    uv = resolver(project, editing=True)
    with temporary_folder("lock-") as place:
        draft = place / DIRECT
        shutil.copy(project.root / DIRECT, draft)
        _edit(project, uv, verb, words, dev, draft, retry)
        window.exempted(project, draft, newest, True, retry)
        kept = "".join(f"{name}=={version}\n" for name, version in versions.items())
        kept += preferences(project, list(versions) or None, None)
        allowed = {*pyproject.asked(project, draft).buildable}
        while True:
            asked = _allow(project, draft, allowed)
            commits = held(project, asked)
            task = Task(place, asked, kept, commits, None, retry, building=build)
            try:
                drafts = resolve(project, uv, task)
                break
            except NoWheel as error:
                if error.package in allowed or not build:
                    building = retry.replace(" add ", " add --build ", 1)
                    raise EnvError(
                        f"{error.package} has no wheel, and nothing is built from source unasked.",
                        f"Let it be built here (nothing was changed): {building}",
                    ) from None
                say(f"{DIRECT}: {error.package} has no wheel, and may be built from source now")
                allowed.add(error.package)
        needed = allowed & {pin.name for pin in pins_of(drafts[project.lock])}
        if needed != allowed:  # what is not locked any more needs no record of how it is made
            now = _allow(project, draft, needed).sha256
            drafts = {path: text.replace(asked.sha256, now) for path, text in drafts.items()}
        # Last: with the old pyproject.toml, a new lock still holds all that it asks for.
        drafts[project.root / DIRECT] = read_text(draft)
        return replace(project, drafts, retry)


def _edit(
    project: Project, uv: Uv, verb: str, words: Sequence[str], dev: bool, draft: Path, retry: str
) -> None:
    """Let uv edit the draft, to which directories are elsewhere than to the project."""

    def address(found: re.Match[str]) -> str:
        return found["before"] + (project.root / found["place"]).resolve().as_uri()

    try:
        uv.edit(draft.parent, verb, [_DIRECTORY.sub(address, word) for word in words], dev)
    except InstallerFailed:
        raise EnvError(
            f"uv could not {verb} {' '.join(words)}; the lines above say why.",
            f"Mend that (nothing was changed) and run again: {retry}",
        ) from None
    text = read_text(draft)
    for place in (found["place"] for found in map(_DIRECTORY.search, words) if found):
        path = (project.root / place).resolve()
        for written in (str(path), path.as_posix()):
            text = text.replace(f"path = {json.dumps(written)}", f"path = {json.dumps(place)}")
    draft.write_text(text, encoding="utf-8")


def _allow(project: Project, draft: Path, names: Collection[str]) -> Asked:
    """Write into the draft that just these packages may be built; what it asks for then.

    Raises EnvError where it does not say so afterwards: [tool.uv] is written in a way that is not
    known here.
    """
    asked = pyproject.asked(project, draft)
    if {*asked.buildable} == {*names}:
        return asked
    draft.write_text(with_builds(read_text(draft), names), encoding="utf-8")
    with suppress(EnvError):
        asked = pyproject.asked(project, draft)
    if {*asked.buildable} != {*names}:
        shown = ", ".join(sorted(names))
        raise EnvError(
            f"The table [tool.uv] in {DIRECT} is written in a way that cannot be edited here.",
            f"Name {shown} in its no-binary-package by hand, then run: {project.command('lock')}",
        )
    return asked


def with_builds(text: str, names: Collection[str]) -> str:
    """The text of a pyproject.toml with just these names in no-binary-package of [tool.uv]."""
    table, found = _TABLE.search(text), _BUILDS.search(text)
    had = re.findall(r"""["']([^"']+)["']""", found["names"]) if found else []
    lost = [name for name in had if normalize(name) not in names]
    new = json.dumps(sorted({*names} - {*map(normalize, had)}))[1:-1]
    if found and not names:
        text = text[: found.start()] + text[found.end() :]
        return re.sub(r"\n\[tool\.uv\]\n\s*(?=\[|\Z)", "\n", text)
    if found:
        listed = found["names"]
        for name in lost:
            listed = re.sub(rf"""\s*["']{re.escape(name)}["'] *,?""", "", listed)
        listed = ", ".join(filter(str.strip, [new, listed]))
        return text[: found.start("names")] + listed + text[found.end("names") :]
    if not new:
        return text
    line = f"no-binary-package = [{new}]\n"
    if table is None:
        return f"{text.rstrip()}\n\n[tool.uv]\n{line}"
    return text[: table.end()] + line + text[table.end() :]
