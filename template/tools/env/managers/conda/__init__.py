"""The manager conda: a conda prefix with Python and what pip cannot bring, and a venv on top.

The prefix lives inside the environment, so that whatever moves, replaces or deletes the one does so
with the other. environment.yml is what people edit; `lock` solves it for all platforms into
pixi.lock and conda-PLATFORM.txt. py-rattler solves and installs: nobody has to install conda. The
packages of the Python lock go into the venv and never into the prefix.

    prefix.py    what is in a prefix, and what its lock says
    programs.py  starts what solves and installs: py-rattler, or a conda that the user names
    rattler.py   a program of its own: all that touches py-rattler; rattler.txt pins that
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ...difference import Difference
from ...errors import WRONG_USE, EnvError
from ...interpreters import Interpreter, probe
from ...lock import replace
from ...markers import satisfies
from ...processes import activated, capture, say, scrubbed
from ...project import SETTINGS, Project, read_text, sha256
from ...requirements import normalize, notes, parse
from ...uv import Uv
from ...window import noted
from .. import venv
from . import prefix as prefixes
from . import programs
from .prefix import Explicit
from .programs import LOCK, SOURCE, explicit_path

_LONGEST_PREFIX = 240
_STDLIB = "import sysconfig; print(sysconfig.get_path('stdlib'))"
_ENTER = {
    "activate": 'PATH="$VIRTUAL_ENV/bin:$VIRTUAL_ENV/conda/bin:$_OLD_VIRTUAL_PATH"',
    "activate.csh": 'setenv PATH "$VIRTUAL_ENV/bin:$VIRTUAL_ENV/conda/bin:$_OLD_VIRTUAL_PATH"',
    "activate.fish": 'set -x PATH "$VIRTUAL_ENV/bin" "$VIRTUAL_ENV/conda/bin" $_OLD_VIRTUAL_PATH',
}
"""Last lines of the venv's own scripts, which editors run: the prefix's programs are found."""

_MANAGED = (
    "[externally-managed]\n"
    "Error=This conda prefix belongs to a project's environment. Install into that, with:"
    " python tools/env add NAME\n"
)


class Manager(venv.Manager):
    def accept_python(self, project: Project) -> None:
        raise EnvError(
            "The Python of this project comes from conda and cannot be chosen by hand.",
            "Change it for everybody: copier update --trust -d python_version=X.Y",
            WRONG_USE,
        )

    def prepare(self, project: Project, wanted: str, environ: Mapping[str, str]) -> Interpreter:
        if len(str(project.prefix)) > _LONGEST_PREFIX:
            raise EnvError(
                f"{project.prefix} is too long: conda packages hold at most 240 characters.",
                "Choose a shorter place: export UV_PROJECT_ENVIRONMENT=/another/place",
            )
        begin = programs.interpreter(project, environ)
        if not (project.root / LOCK).exists():
            say(f"{LOCK}: making it from {SOURCE}")
            cutoff = noted(notes(read_text(project.lock)).cutoff).cutoff
            replace(project, programs.solve(project, begin, (), cutoff, environ))
        python = _locked(project).packages.get("python")
        if python is None or not satisfies(python.version, project.python):
            locked = python.version if python else "none"
            raise EnvError(
                f"{SETTINGS} asks for Python {project.python}, and {LOCK} has {locked}.",
                f"Set `python` in {SOURCE} to {project.python}.*, then run: "
                + project.command("lock"),
            )
        return begin

    def create(self, project: Project, begin: Interpreter, environ: Mapping[str, str]) -> None:
        programs.install(project, begin, (), environ)
        _put_venv_on_top(project, environ)
        super().refresh(project, None, environ)
        self._tell_owned_twice(project)

    def fits(self, project: Project) -> bool:
        return project.prefix.exists()

    def refresh(self, project: Project, newer_than: int | None, environ: Mapping[str, str]) -> bool:
        begin = self.prepare(project, project.python, environ)
        lock = _locked(project)
        found = list(prefixes.differences(project.prefix, lock, newer_than))
        if found:
            names = sorted({each.package for each in found})
            say(f"{project.env_label}: mending the conda prefix: {', '.join(names)}")
            again = [name for name in names if name in lock.packages]
            programs.install(project, begin, again, environ)
            if "python" in names:
                _put_venv_on_top(project, environ)
        shown = super().refresh(project, newer_than, environ)
        self._tell_owned_twice(project)
        return bool(found) or shown

    def _tell_owned_twice(self, project: Project) -> None:
        locked = {pin.name for pin in parse(read_text(project.lock))}
        for name in sorted(locked & set(map(normalize, self.lets_through(project)))):
            say(
                f"note: {name} is asked for in {SOURCE} and comes with {project.lock.name} too, "
                f"which goes first; leave it to one of them"
            )

    def complete(
        self,
        project: Project,
        uv: Uv,
        source: Path,
        drafts: dict[Path, str],
        upgrade: Sequence[str] | None,
    ) -> None:
        known = prefixes.explicit(explicit_path(project))
        if known and upgrade is None and not _changed(project, known):
            return
        environ = scrubbed(os.environ)
        everything = upgrade is not None and not upgrade
        free = None if everything else [normalize(name) for name in upgrade or ()]
        begin = programs.interpreter(project, environ)
        cutoff = noted(notes(drafts[project.lock]).cutoff).cutoff
        drafts.update(programs.solve(project, begin, free, cutoff, environ))

    def unlocked(self, project: Project) -> str | None:
        known = prefixes.explicit(explicit_path(project))
        if known is None or not _changed(project, known):
            return None
        return f"{SOURCE} has changed since {LOCK} was solved from it."

    def differences(self, project: Project, newer_than: int | None) -> Iterator[Difference]:
        lock = prefixes.explicit(explicit_path(project))
        if lock is not None:
            yield from prefixes.differences(project.prefix, lock, newer_than)
        yield from super().differences(project, newer_than)

    def lets_through(self, project: Project) -> list[str]:
        """The Python modules that environment.yml asks for."""
        lock = prefixes.explicit(explicit_path(project))
        return prefixes.importable(project.prefix, lock.asked) if lock else []

    def prints(self, project: Project) -> dict[str, str]:
        shown = self.lets_through(project)
        return {
            f"conda:{name}=={record['version']}={record['build']}": str(record.get("sha256"))
            + " importable" * (name in shown)
            for name, record in prefixes.records(project.prefix).items()
        }

    def entered(self, project: Project, environ: Mapping[str, str]) -> dict[str, str]:
        """With the prefix's variables and programs, those of the venv before them."""
        inside = {**environ, "CONDA_PREFIX": str(project.prefix), "CONDA_DEFAULT_ENV": project.name}
        path = environ.get("PATH", os.defpath)
        inside["PATH"] = os.pathsep.join([*map(str, project.programs[1:]), path])
        return activated(_after_scripts(project, inside), project)


def _changed(project: Project, known: Explicit) -> bool:
    """Whether environment.yml or pixi.lock is not the one that the explicit lock names."""
    now = sha256(project.root / SOURCE), sha256(project.root / LOCK)
    return (known.environment, known.lock) != now


def _locked(project: Project) -> Explicit:
    """The lock for this platform; EnvError where there is none that goes with pixi.lock."""
    path = explicit_path(project)
    lock = prefixes.explicit(path)
    if lock is None:
        raise EnvError(
            f"The conda packages are not locked for this system: no {path.name} can be read.",
            f"Solve {SOURCE} again with: {project.command('lock')}",
        )
    if lock.lock != sha256(project.root / LOCK):
        raise EnvError(
            f"{path.name} and {LOCK} do not belong together.",
            f"Solve {SOURCE} again with: {project.command('lock')}",
        )
    return lock


def _put_venv_on_top(project: Project, environ: Mapping[str, str]) -> None:
    prefix = project.prefix
    python = prefix / ("python.exe" if os.name == "nt" else "bin/python")
    base = probe([str(python)], environ)
    if base is None:
        raise EnvError(
            f"The Python of the conda prefix {prefix} does not run.",
            f"Make the environment anew: {project.command('delete', '--yes')}, then "
            + project.command("sync"),
        )
    # PEP 668: a stray `pip install` into the prefix is refused; the venv is the place for it.
    stdlib = Path(capture([str(python), "-I", "-c", _STDLIB], environ).output.strip())
    (stdlib / "EXTERNALLY-MANAGED").write_text(_MANAGED, encoding="utf-8")
    venv.make_venv(project, base, environ)
    for name, line in _ENTER.items():
        path = project.scripts / name
        if path.exists():
            with path.open("a", encoding="utf-8") as script:
                script.write(f"{line}\n")


def _after_scripts(project: Project, inside: dict[str, str]) -> dict[str, str]:
    """The variables after the prefix's activate.d, by which packages set their own."""
    folder = project.prefix / "etc" / "conda" / "activate.d"
    scripts = [str(path) for path in sorted(folder.glob("*.sh"))]
    shell = shutil.which("bash") or shutil.which("sh")
    if not scripts or shell is None or os.name == "nt":
        return inside
    words = '. "$1" >&2; shift; ' * len(scripts) + 'exec "$@"'
    tell = "import json, os; print(json.dumps(dict(os.environ)))"
    python = [str(project.python_path), "-I", "-c", tell]
    code, output, _ = capture([shell, "-c", words, shell, *scripts, *python], inside)
    if code != 0:
        raise EnvError(
            f"An activation script of a conda package failed, in {folder}.",
            f"Make the environment anew: {project.command('delete', '--yes')}, then "
            + project.command("sync"),
        )
    found: dict[str, str] = json.loads(output)
    return found
