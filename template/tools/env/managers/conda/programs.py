"""Starts what solves and installs conda packages: py-rattler, or a conda that the user names.

py-rattler is put, hash-checked, into a directory of its own, and runs in a process of its own.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from ...bootstrap import uv_for
from ...errors import EnvError, InstallerFailed
from ...indexes import offline
from ...interpreters import Interpreter, probe, usable
from ...manifest import folder
from ...markers import release
from ...processes import say, stream
from ...project import Project, read_text, sha256
from ...requirements import sides
from ...temporary import temporary_folder
from .prefix import keep_from_pip

SOURCE = "environment.yml"
LOCK = "pixi.lock"
PLATFORMS = ("linux-64", "linux-aarch64", "osx-arm64", "win-64")
"""What a lock is solved for."""

_HERE = Path(__file__).parent
_NEEDS = (3, 10)
_PROGRAM = "SEEDBED_CONDA"
_MIRROR = "CONDA_CHANNEL_ALIAS"
_OVERRIDE = "CONDA_OVERRIDE_"
_CACHE = re.compile(r"failed to (?:create|rename)\b.*[/\\](?:repodata|pkgs)\b|cache lock")


def platform_name(system: str, machine: str) -> str:
    """conda's word for a system, as "linux-64", out of sys.platform and platform.machine()."""
    start = {"darwin": "osx", "win32": "win"}.get(system, system)
    arm = "aarch64" if system == "linux" else "arm64"
    names = {"x86_64": "64", "amd64": "64", "aarch64": arm, "arm64": arm}
    return f"{start}-{names.get(machine.lower(), machine.lower())}"


def here() -> str:
    """conda's word for this system."""
    import platform  # late: it costs a millisecond, and only conda projects need it

    return platform_name(sys.platform, platform.machine())


def explicit_path(project: Project) -> Path:
    """The lock of this system's conda packages."""
    return project.root / f"conda-{here()}.txt"


def interpreter(project: Project, environ: Mapping[str, str]) -> Interpreter:
    """A Python of this machine that py-rattler runs on; EnvError where there is none."""
    running = probe([sys.executable], environ) if sys.version_info >= _NEEDS else None
    found = [running] if running else usable(project, environ)
    if not found or release(found[-1].version) < _NEEDS:
        raise EnvError(
            "Conda packages are installed by py-rattler, which needs Python 3.10 or newer.",
            f"Install one, then run: {project.command('sync')}",
        )
    return found[-1]


def solve(
    project: Project,
    begin: Interpreter,
    free: Sequence[str] | None,
    cutoff: str | None,
    environ: Mapping[str, str],
) -> dict[Path, str]:
    """pixi.lock and each conda-PLATFORM.txt for environment.yml: texts by path, "" for none.

    Today's versions stay where they can, those of both sides where git left a conflict, but for the
    names in `free`, all where that is None. What comes new was built before `cutoff`. Raises
    EnvError.
    """
    lock = project.root / LOCK
    with temporary_folder("conda-") as place:
        today = sides(read_text(lock)) if lock.exists() else []
        kept = [place / f"today-{number}.lock" for number in range(len(today))]
        for path, text in zip(kept, today):
            path.write_text(text, encoding="utf-8")
        request = {
            "action": "solve",
            "environment": str(project.root / SOURCE),
            "platforms": PLATFORMS,
            "here": here(),
            "keep": list(map(str, kept)),
            "free": free,
            "cutoff": cutoff and cutoff.replace("Z", "+00:00"),
            "output": str(place),
        }
        again = f"Mend that (nothing was changed) and run again: {project.command('lock')}"
        what = f"{SOURCE} could not be solved"
        _rattle(project, begin, place, request, environ, what, again)
        found = {path.name: path.read_text(encoding="utf-8") for path in _made(place)}
    names = [LOCK, *(f"conda-{platform}.txt" for platform in PLATFORMS)]
    return {project.root / name: found.get(name, "") for name in names}


def install(
    project: Project,
    begin: Interpreter,
    again: Sequence[str],
    environ: Mapping[str, str],
) -> None:
    """Bring the prefix to the lock, the packages `again` anew. Raises EnvError."""
    named = os.environ.get(_PROGRAM)
    if named:
        _create_with(named, project, environ)
    else:
        _install_with_rattler(project, begin, again, environ)
    keep_from_pip(project.prefix)


def _install_with_rattler(
    project: Project,
    begin: Interpreter,
    again: Sequence[str],
    environ: Mapping[str, str],
) -> None:
    request = {
        "action": "install",
        "lock": str(project.root / LOCK),
        "platform": here(),
        "prefix": str(project.prefix),
        "again": list(again),
    }
    say(f"{project.env_label}: installing the conda packages of {LOCK} with py-rattler")
    mend = f"When that is mended, run: {project.command('sync')}"
    what = "The conda packages could not be installed"
    _rattle(project, begin, folder(project.env), request, environ, what, mend)


def _made(place: Path) -> list[Path]:
    return [place / LOCK, *place.glob("conda-*.txt")]


def _rattle(
    project: Project,
    begin: Interpreter,
    place: Path,
    request: Mapping[str, object],
    environ: Mapping[str, str],
    what: str,
    mend: str,
) -> None:
    """Run rattler.py on `request`; EnvError with `what` failed and the sentence `mend`."""
    library, wish = place / "rattler", place / "request.json"
    try:
        _install_privately(library, _HERE / "rattler.txt", project, begin, environ)
        text = json.dumps(
            {**request, "mirror": os.environ.get(_MIRROR, ""), "offline": offline(environ)}
        )
        wish.write_text(text, encoding="utf-8")
        argv = [str(begin.path), "-I", "-B", str(_HERE / "rattler.py"), str(library), str(wish)]
        told = {k: v for k, v in os.environ.items() if k.startswith(_OVERRIDE)}
        done = stream(argv, {**environ, **told}, project.root, lambda line: True)
        wish.unlink()
        if done.code != 0:
            raise InstallerFailed(what, done.tail)
    except InstallerFailed as error:
        sync = project.command("sync")
        if _CACHE.search(error.output):
            raise EnvError(
                "The cache of conda packages cannot be used; the lines above say why.",
                f"Set another place, as RATTLER_CACHE_DIR=/another/place, then run: {sync}",
            ) from None
        if error.tells("hash mismatch"):
            raise EnvError(
                "A conda package's file is not the one in the lock; it was not installed.",
                f"Ask who runs the mirror for the right file, then run: {sync}",
            ) from None
        if error.unreachable:
            what = "The conda channel or the package index could not be reached"
        raise EnvError(f"{what}; the lines above say why.", mend) from None


def _create_with(program: str, project: Project, environ: Mapping[str, str]) -> None:
    """Make the prefix with an installed conda, mamba or micromamba."""
    found, prefix = shutil.which(program), project.prefix
    if found is None:
        raise EnvError(
            f"{_PROGRAM} names {program}, which is not there.",
            f"Let py-rattler do it: unset {_PROGRAM}, then {project.command('sync')}",
        )
    if prefix.exists():  # `create` would ask, or delete what is in it
        shutil.rmtree(prefix)
    say(f"{project.env_label}: making the conda prefix with {found}, since {_PROGRAM} names it")
    argv = [found, "create", "-y", "-p", str(prefix), "--file", str(explicit_path(project))]
    if stream(argv, environ, project.root, lambda line: True).code != 0:
        raise EnvError(
            f"{program} could not make the conda prefix; the lines above say why.",
            f"When that is mended, run: {project.command('sync')}",
        )


def _install_privately(
    library: Path,
    requirements: Path,
    project: Project,
    interpreter: Interpreter,
    environ: Mapping[str, str],
) -> None:
    """Make `library` a directory with the packages of a lock, for programs run by `interpreter`.

    One that is there already is kept as long as lock and Python are the same. Raises
    InstallerFailed, and EnvError where there is no uv to be had.
    """
    mark, made_from = library / "made-from", f"{sha256(requirements)} {interpreter.version}\n"
    if mark.exists() and mark.read_text(encoding="utf-8") == made_from:
        return
    if library.exists():
        shutil.rmtree(library)
    uv = uv_for(project, interpreter, environ)
    uv.install_beside(library, requirements, interpreter)
    mark.write_text(made_from, encoding="utf-8")
