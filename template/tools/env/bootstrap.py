"""Finds uv, which resolves and installs everything, or gets the one of the lock.

uv is not asked of anybody: where it is not on the machine, pip fetches the uv of the project's own
lock, its hash checked, and does nothing else. It is kept in the user's cache for other projects.
Where there is none for a system there is no environment, and that is said.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from .errors import EnvError, InstallerFailed
from .indexes import offline
from .interpreters import Interpreter, probe
from .manifest import FOLDER
from .processes import capture, say, stream
from .project import Project
from .requirements import Pin, locked
from .uv import OLDEST, Uv

_NAME = "uv.exe" if os.name == "nt" else "uv"
_TROUBLE = re.compile(r" *(WARNING|ERROR|Could not|Exception)", re.IGNORECASE)


def find_uv(project: Project, environ: Mapping[str, str]) -> Uv | None:
    """The uv named by $UV, on PATH, in the environment or fetched for it; None without one."""
    on_path = shutil.which("uv", path=environ.get("PATH", os.defpath))
    own = (project.scripts / _NAME, fetched_to(project) / "bin" / _NAME)
    for place in (environ.get("UV"), on_path, *own):
        uv = _usable(Path(place), project, environ) if place else None
        if uv is not None:
            return uv
    return None


def fetched_to(project: Project) -> Path:
    """Where a uv is put by pip until the environment has its own."""
    return project.env / FOLDER / "uv"


def uv_for(project: Project, interpreter: Interpreter, environ: Mapping[str, str]) -> Uv:
    """The uv of this machine, else the one of the lock, put beside the environment's packages.

    Says which way was taken. Raises InstallerFailed, and EnvError where there is none to be had.
    """
    uv = find_uv(project, environ)
    if uv is not None:
        return uv
    pin = locked(project, interpreter.markers).get("uv")
    if pin is None:
        raise EnvError(
            "There is no uv on this machine and none in the lock.",
            "Install it (https://docs.astral.sh/uv/), then run: " + project.command("sync"),
        )
    forget_fetched(project)
    kept, program = _kept(pin, interpreter, environ), fetched_to(project) / "bin" / _NAME
    if _restored(kept, program):
        say(f"{project.env_label}: no uv on this machine, taking the locked one from {kept}")
    else:
        say(f"{project.env_label}: no uv on this machine, pip fetches the locked one")
        try:
            _fetch(pin, fetched_to(project), project, interpreter, environ)
        except InstallerFailed as error:
            # pip says the same of an index that it cannot reach, and that is another trouble.
            if (
                error.unreachable
                or offline(environ)
                or "No matching distribution" not in error.output
            ):
                raise
        else:
            _keep(program, kept)
    uv = find_uv(project, environ)
    if uv is None:
        raise EnvError(
            f"The package index has no uv {pin.version} for this system, or not for you; without "
            "it there is no environment.",
            "Look at its address and login, or work on Linux, macOS or Windows (x86-64 or arm64), "
            f"then run: {project.command('sync')}",
        )
    return uv


def forget_fetched(project: Project) -> None:
    """Remove the uv that was fetched, once the environment has the one of the lock."""
    shutil.rmtree(fetched_to(project), ignore_errors=True)


def _usable(path: Path, project: Project, environ: Mapping[str, str]) -> Uv | None:
    code, output, _ = capture([str(path), "--version"], environ)
    found = re.match(r"uv (\d+)\.(\d+)\S*", output)
    if code != 0 or found is None:
        return None
    if (int(found[1]), int(found[2])) < OLDEST:
        say(f"{path} is {found[0]}, too old for this project (0.12 or newer), and is not used")
        return None
    return Uv(path, found[0], project, environ)


def _kept(pin: Pin, interpreter: Interpreter, environ: Mapping[str, str]) -> Path:
    """Where the uv of that line of a lock is kept for a system, in the user's cache."""
    home = Path(environ.get("HOME") or os.path.expanduser("~"))
    if sys.platform == "win32":
        cache = Path(environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        cache = home / "Library" / "Caches"
    else:
        cache = Path(environ.get("XDG_CACHE_HOME") or home / ".cache")
    wheels = hashlib.sha256(" ".join(sorted(pin.hashes)).encode()).hexdigest()[:16]
    return cache / "seedbed" / f"uv-{pin.version}-{interpreter.platform}-{wheels}"


def _keep(program: Path, kept: Path) -> None:
    """Copy a program that pip has proven into the cache; where that cannot be, it is not there."""
    with suppress(OSError):
        kept.mkdir(parents=True, exist_ok=True)
        new = kept / f"{_NAME}.{os.getpid()}"
        shutil.copy2(program, new)
        os.replace(new, kept / _NAME)
        (kept / "sha256").write_text(_sha256(program), encoding="utf-8")


def _restored(kept: Path, program: Path) -> bool:
    """Put the kept program at its place; whether it is there, and as it was kept."""
    try:
        program.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(kept / _NAME, program)
        return _sha256(program) == (kept / "sha256").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _fetch(
    pin: Pin,
    target: Path,
    project: Project,
    interpreter: Interpreter,
    environ: Mapping[str, str],
) -> None:
    """Install one line of the lock into the directory `target`, with the pip beneath `interpreter`.

    Raises InstallerFailed, and EnvError where there is no pip to be had.
    https://pip.pypa.io/en/stable/cli/pip_install/
    """
    shutil.rmtree(target, ignore_errors=True)  # what was kept there and is not to be trusted
    target.mkdir(parents=True)
    # Asked again: `interpreter` may be an environment's, whose own packages are not the base's.
    base = probe([str(interpreter.path)], environ) or interpreter
    python = python_with_pip(base, target, project, environ)
    line = target / "uv.txt"
    line.write_text(pin.text + "\n", encoding="utf-8")
    words = ["install", "--target", str(target), *["--no-index"] * offline(environ)]
    run_pip(python, words, line, project, environ)


def python_with_pip(
    base: Interpreter, target: Path, project: Project, environ: Mapping[str, str]
) -> str:
    """A Python that has pip: the base, else one in `target` with the pip that Python brings.

    Raises EnvError where there is none to be had.
    """
    if base.pip:
        return str(base.path)
    if not base.has_ensurepip:
        raise EnvError(
            f"pip has to fetch files, and Python {base.minor} has neither pip nor ensurepip.",
            f"Install one of them (Debian and Ubuntu: apt install python{base.minor}-venv), then "
            f"run: {project.command('sync')}",
        )
    say(f"{project.env_label}: Python {base.minor} has no pip, taking the one of ensurepip")
    stream([str(base.path), "-I", "-m", "venv", str(target / "pip")], environ, target, bool)
    return str(target / "pip" / ("Scripts" if os.name == "nt" else "bin") / "python")


def run_pip(
    python: str,
    words: Sequence[str],
    requirements: Path,
    project: Project,
    environ: Mapping[str, str],
) -> None:
    """Let pip get the wheels of some lines, each with a hash. Raises InstallerFailed."""
    argv = [python, "-I", "-m", "pip", *words, "--require-hashes", "--no-deps"]
    argv += ["--only-binary", ":all:", "-r", str(requirements)]
    done = stream(argv, environ, requirements.parent, _worth_saying)
    if done.code != 0 and "do not match the hashes" in done.tail.lower():
        say(f"{project.env_label}: pip's cache may be damaged, so fetching past it")
        done = stream([*argv, "--no-cache-dir"], environ, requirements.parent, _worth_saying)
    if done.code != 0:
        raise InstallerFailed(f"pip failed in `pip {words[0]}`.", done.tail)


def _worth_saying(line: str) -> bool:
    """Not the progress. `--quiet` would leave out why an index cannot be reached, too."""
    return _TROUBLE.match(line) is not None
