"""pip, of the base interpreter: fetches uv, or installs everything where uv cannot be had.

https://pip.pypa.io/en/stable/cli/pip_install/
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from .. import indexes
from ..ambient import activated, say, stream
from ..builds import Part
from ..errors import EnvError, InstallerFailed
from ..manifest import folder
from ..markers import release
from ..probe import Interpreter, probe
from ..project import Project
from ..requirements import Pin

_HAS_PYTHON_OPTION = (22, 3)
_TROUBLE = re.compile(r" *(WARNING|ERROR|Could not|Exception)", re.IGNORECASE)
_LOCKED = ("--require-hashes", "--no-deps", "--only-binary", ":all:")


class Pip:
    """Installer; `environ` is already scrubbed of what would lead pip elsewhere."""

    def __init__(
        self, project: Project, interpreter: Interpreter, environ: Mapping[str, str]
    ) -> None:
        self._project = project
        self._environ = environ
        self._argv, self.name = _pip_for(project, interpreter, environ)
        self.needs = ("pip",) if self._argv[0] == str(project.python_path) else ()

    def install(self, part: Part, offline: bool) -> None:
        if self._project.torch_build and not self._project.torch_index:
            raise EnvError(
                "This build of PyTorch is fetched by uv, and there is no uv for this system.",
                "Name an index that has it: copier update --trust -d torch_index=ADDRESS",
            )
        words = ["-r", str(part.requirements)]
        environ = self._environ
        if part.source:  # what the machine adds to the ordinary index has no say there
            words += ["--index-url", part.source]
            environ = {k: v for k, v in environ.items() if k not in indexes.ADDED}
        self._install(words, environ, offline)
        if part.again:
            self.uninstall(part.again)
            self._install([*words, "--no-cache-dir"], environ, offline)

    def install_pin(self, pin: Pin, offline: bool) -> None:
        """Install one line of the lock."""
        path = folder(self._project.env) / "bootstrap.txt"
        path.write_text(pin.text + "\n", encoding="utf-8")
        try:
            self._install(["-r", str(path)], self._environ, offline)
        finally:
            path.unlink()

    def uninstall(self, names: Sequence[str]) -> None:
        if names:
            self._run(["uninstall", "--yes", *names], self._environ)

    def install_project(self, offline: bool) -> None:
        environ = activated(self._environ, self._project)
        words = ["--no-deps", "--no-build-isolation", "--editable", str(self._project.root)]
        self._run(["install", *words, *_offline(offline)], environ)

    def _install(self, words: list[str], environ: Mapping[str, str], offline: bool) -> None:
        argv = ["install", *_LOCKED, *words, *_offline(offline)]
        try:
            self._run(argv, environ)
        except InstallerFailed as error:
            if "--no-cache-dir" in words or not error.tells("do not match the hashes"):
                raise
            say(f"{self._project.env_label}: its cache may be damaged, so fetching past it")
            self._run([*argv, "--no-cache-dir"], environ)

    def _run(self, words: list[str], environ: Mapping[str, str]) -> None:
        done = stream([*self._argv, *words], environ, self._project.root, _worth_saying)
        if done.code != 0:
            raise InstallerFailed(f"{self.name} failed in `pip {words[0]}`.", done.tail)


def install_beside(
    library: Path,
    requirements: Path,
    project: Project,
    interpreter: Interpreter,
    environ: Mapping[str, str],
    offline: bool,
) -> None:
    """Install the lines of a lock into a directory, with the pip of `interpreter` and for it.

    Raises InstallerFailed, and EnvError where it has no pip.
    """
    if not interpreter.pip:
        raise EnvError(
            f"There is no uv on this machine, and {interpreter.path} has no pip.",
            f"Install one of them, then run: {project.command('sync')}",
        )
    argv = [str(interpreter.path), "-I", "-m", "pip", "install", *_LOCKED]
    argv += ["--target", str(library), "-r", str(requirements), *_offline(offline)]
    done = stream(argv, environ, project.root, _worth_saying)
    if done.code != 0:
        raise InstallerFailed(f"pip {interpreter.pip} failed in `pip install`.", done.tail)


def _pip_for(
    project: Project, interpreter: Interpreter, environ: Mapping[str, str]
) -> tuple[list[str], str]:
    """How to start a pip that acts on the environment, and its name with version.

    Raises EnvError with the command that gets one, where the base interpreter has none.
    """
    # Asked again: `interpreter` is the environment's, whose own packages are not the base's.
    base = probe([str(interpreter.path)], environ) or interpreter
    if base.pip and release(base.pip) >= _HAS_PYTHON_OPTION:
        argv = [str(base.path), "-I", "-m", "pip", "--python", str(project.python_path)]
        return argv, f"pip {base.pip}"
    own = [str(project.python_path)]
    inside = probe(own, environ)
    if inside and not inside.pip and base.has_ensurepip:
        say(f"{project.env_label}: putting Python's own pip into it")
        stream([*own, "-I", "-m", "ensurepip"], environ, project.root, lambda line: False)
        inside = probe(own, environ)
    if inside and inside.pip:
        return [*own, "-I", "-m", "pip"], f"pip {inside.pip}"
    raise EnvError(
        f"There is no uv on this machine, and Python {base.minor} has neither pip nor ensurepip.",
        f"Install one of them (Debian and Ubuntu: apt install python{base.minor}-venv), then run: "
        + project.command("sync"),
    )


def _offline(offline: bool) -> list[str]:
    return ["--no-index"] if offline else []


def _worth_saying(line: str) -> bool:
    """Not the progress. `--quiet` would leave out why an index cannot be reached, too."""
    return _TROUBLE.match(line) is not None
