"""Ways in which an environment comes to differ from its lock, made for real."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

from .engine import Tiny, another_patch_release
from .managers import uv
from .wheels import wheel

Drift = Callable[[Tiny, Path], dict[str, str]]
"""Changes the environment of a project whose index serves a folder; returns variables to set."""


def clean(project: Tiny, wheelhouse: Path) -> dict[str, str]:
    return {}


def extra(project: Tiny, wheelhouse: Path) -> dict[str, str]:
    wheel(wheelhouse, "delta", "1.0")
    return _install(project, "delta==1.0")


def direct_missing(project: Tiny, wheelhouse: Path) -> dict[str, str]:
    return _pip(project, "uninstall", "beta")


def transitive_missing(project: Tiny, wheelhouse: Path) -> dict[str, str]:
    return _pip(project, "uninstall", "alpha")


def wrong_version(project: Tiny, wheelhouse: Path) -> dict[str, str]:
    wheel(wheelhouse, "alpha", "0.9")
    return _install(project, "alpha==0.9")


def edited(project: Tiny, wheelhouse: Path) -> dict[str, str]:
    path = project.site / "alpha" / "__init__.py"
    path.write_text(path.read_text() + "# a debug print, long forgotten\n")
    return {}


def edited_in_secret(project: Tiny, wheelhouse: Path) -> dict[str, str]:
    path = project.site / "alpha" / "__init__.py"
    before = path.stat()
    path.write_text(path.read_text().replace("1.0", "1.1"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    return {}


def deleted(project: Tiny, wheelhouse: Path) -> dict[str, str]:
    (project.site / "beta" / "data.txt").unlink()
    return {}


def other_wheel_from_a_path(project: Tiny, wheelhouse: Path) -> dict[str, str]:
    folder = wheelhouse.parent / "elsewhere"
    folder.mkdir(exist_ok=True)
    return _install(project, str(wheel(folder, "alpha", "1.0", text="other = 1\n").path))


def other_wheel_from_an_index(project: Tiny, wheelhouse: Path) -> dict[str, str]:
    wheel(wheelhouse, "alpha", "1.0", text="other = 1\n")
    _install(project, "alpha==1.0")
    wheel(wheelhouse, "alpha", "1.0")  # what is there for the tools is what was locked
    return {}


def stray_pth(project: Tiny, wheelhouse: Path) -> dict[str, str]:
    (project.site / "stray.pth").write_text("import os; os.environ['STRAY'] = '1'\n")
    return {}


def stray_module(project: Tiny, wheelhouse: Path) -> dict[str, str]:
    """A copy of somebody's library, put where every program finds it."""
    (project.site / "library").mkdir()
    (project.site / "library" / "__init__.py").touch()
    return {}


def start_up_code(project: Tiny, wheelhouse: Path) -> dict[str, str]:
    (project.site / "sitecustomize.py").write_text("import os; os.environ['STRAY'] = '1'\n")
    return {}


def hidden_module(project: Tiny, wheelhouse: Path) -> dict[str, str]:
    """A package that is imported in place of a module of the same name beside it."""
    (project.site / "alpha" / "part").mkdir()
    (project.site / "alpha" / "part" / "__init__.py").touch()
    return {}


def linked_folder(project: Tiny, wheelhouse: Path) -> dict[str, str]:
    """A checkout that is worked on, in the place of the package."""
    checkout = wheelhouse.parent / "checkout"
    (project.site / "alpha").rename(checkout)
    (project.site / "alpha").symlink_to(checkout)
    return {}


def linked_file(project: Tiny, wheelhouse: Path) -> dict[str, str]:
    path = project.site / "alpha" / "data.txt"
    path.rename(wheelhouse.parent / "data.txt")
    path.symlink_to(wheelhouse.parent / "data.txt")
    return {}


def not_executable(project: Tiny, wheelhouse: Path) -> dict[str, str]:
    (project.scripts / "alpha").chmod(0o644)
    return {}


def sees_the_base(project: Tiny, wheelhouse: Path) -> dict[str, str]:
    path = project.env / "pyvenv.cfg"
    path.write_text(path.read_text().replace("packages = false", "packages = true"))
    return {}


def shadowed(project: Tiny, wheelhouse: Path) -> dict[str, str]:
    folder = wheelhouse.parent / "shadows"
    (folder / "alpha").mkdir(parents=True, exist_ok=True)
    (folder / "alpha" / "__init__.py").touch()
    return {"PYTHONPATH": str(folder)}


def other_python(project: Tiny, wheelhouse: Path) -> dict[str, str]:
    """The base Python upgraded in place: here, a link that leads to another patch release.

    The stamp is changed too, since the place of a Python that is upgraded stays the same.
    """
    upgraded = another_patch_release()
    project.python.unlink()
    project.python.symlink_to(upgraded)
    stamp = project.env / ".seedbed" / "stamp"
    stamp.write_text(re.sub("base=.*", f"base={upgraded}", stamp.read_text()))
    return {}


def _install(project: Tiny, requirement: str) -> dict[str, str]:
    return _pip(project, "install", "--no-deps", "--reinstall", "--no-cache", requirement)


def _pip(project: Tiny, verb: str, *words: str) -> dict[str, str]:
    """Past the engine, as a person would; no variable is needed afterwards."""
    done = uv(project, "pip", verb, "--python", str(project.python), *words)
    assert done.returncode == 0, done.stderr
    return {}
