"""Does to a project's environment what happens to environments, and asks the way's own tool."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from measure import run
from ways import MINOR, Project

Spoil = Callable[[Project], object]


class NotHere(Exception):
    """This machine lacks what the difference is made of."""


def report(project: Project) -> dict[str, bool | None]:
    """For each difference, whether the way's tool reports it; None where it cannot be made here.

    Raises Failed where the tool finds fault with an environment that nobody touched.
    """
    project.run(*project.way.asked)
    whole = project.place / "whole"
    _link(project.folder / ".venv", whole)
    return {name: _tried(project, spoil, whole) for name, spoil in DIFFERENCES.items()}


def _tried(project: Project, spoil: Spoil, whole: Path) -> bool | None:
    shutil.rmtree(project.folder / ".venv")
    _link(whole, project.folder / ".venv")
    try:
        spoil(project)
    except NotHere:
        return None
    return _reports(project)


def _reports(project: Project) -> bool:
    words = project.way.asked
    done = subprocess.run(
        words, cwd=project.folder, env=project.environ, capture_output=True, check=False
    )
    return done.returncode != 0


def _link(source: Path, target: Path) -> None:
    """A copy in no time: hard links. So what spoils a file puts another in its place."""
    shutil.copytree(source, target, symlinks=True, copy_function=os.link)


def _site(project: Project) -> Path:
    return project.folder / ".venv" / "lib" / f"python{MINOR}" / "site-packages"


def _write(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    path.write_text(text, encoding="utf-8")


def _pip(project: Project, verb: str, *words: str) -> None:
    python = str(project.folder / ".venv" / "bin" / "python")
    free = {key: value for key, value in project.environ.items() if key != "UV_CONSTRAINT"}
    run(["uv", "pip", verb, "--python", python, *words], project.folder, free)


def _install(project: Project, pin: str) -> None:
    _pip(project, "install", "--no-deps", "--no-config", pin)


def _edited(project: Project) -> None:
    path = _site(project) / "joblib" / "__init__.py"
    _write(path, path.read_text(encoding="utf-8") + "# a debug print, long forgotten\n")


def _declared(project: Project) -> None:
    """A colleague's commit brings a line for a package; the environment is as it was."""
    path = project.folder / project.way.declared
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".txt":
        _write(path, f"{text}humanize\n")
    else:
        _write(path, text.replace("dependencies = [\n", 'dependencies = [\n    "humanize",\n', 1))


def _other_python(project: Project) -> None:
    """The Python underneath is upgraded in place."""
    words = ["uv", "python", "list", "--only-installed", "--output-format", "json", MINOR]
    listed = subprocess.run(words, env=project.environ, capture_output=True, check=True).stdout
    link = project.folder / ".venv" / "bin" / "python"
    here = _patch(link)
    others = (each["path"] for each in json.loads(listed) if each["version"] != here)
    other = next((path for path in others if path and Path(path).exists()), None)
    if other is None:
        raise NotHere
    link.unlink()
    link.symlink_to(os.path.realpath(other))


def _patch(python: Path) -> str:
    words = [str(python), "-c", "import platform; print(platform.python_version())"]
    return str(subprocess.check_output(words, text=True)).strip()


DIFFERENCES: dict[str, Spoil] = {
    "a package that nobody asked for": lambda it: _install(it, "humanize==4.12.0"),
    "a package removed": lambda it: _pip(it, "uninstall", "tqdm"),
    "what a package needs removed": lambda it: _pip(it, "uninstall", "kiwisolver"),
    "another version of a package": lambda it: _install(it, "cycler==0.11.0"),
    "a package's file edited": _edited,
    "a package's file deleted": lambda it: (_site(it) / "joblib" / "func_inspect.py").unlink(),
    "a `.pth` file that runs code at each start": lambda it: _write(
        _site(it) / "stray.pth", "import os\n"
    ),
    "another patch release of Python": _other_python,
    "a dependency declared, and not installed": _declared,  # last: only the environment is put back
}
