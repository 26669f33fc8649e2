"""What every measurement starts from: a copy of this template, a Copier, a uv, empty caches.

All of it is in one temporary folder. Nobody's caches, settings or Pythons are written to.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from measure import Failed, run

REPOSITORY = Path(__file__).resolve().parent.parent
# These would change what is measured: byte code is cached on a normal machine, for one.
_DROPPED = re.compile(r"PYTHON.*|VIRTUAL_ENV.*|UV|UV_(PROJECT|LINK|COMPILE|PYTHON)_?.*|SEEDBED_.*")


@dataclass(frozen=True)
class Scene:
    root: Path
    template: Path
    """A git repository with the working tree of this one, and a tag."""

    python: Path
    """The interpreter that all environments are made from: the one that runs this, no other."""

    copier: Path
    """In an environment of its own, where no uv is."""

    with_uv: dict[str, str]
    """Variables with which uv is on PATH."""

    without_uv: dict[str, str]
    """Variables with which no uv can be found."""

    def render(self, project: Path, *options: str) -> list[str | Path]:
        """The command that makes a project from the template, without a question."""
        version = f"python_version={sys.version_info.major}.{sys.version_info.minor}"
        words: list[str | Path] = [self.copier, "copy", "--quiet", "--defaults", "--data", version]
        return [*words, *options, self.template, project]

    def engine(self, *words: str) -> list[str | Path]:
        """An engine command, for use in a project's folder."""
        return [self.python, "tools/env", *words]


def build(root: Path) -> Scene:
    """Set the scene in the empty folder `root`. Raises Failed where a piece is missing."""
    uv = shutil.which("uv")
    if uv is None:
        raise Failed("There is no uv on PATH. Run `make bench`, which brings one.")
    without_uv = _environ(root)
    for program in ("git", "uv"):
        if (shutil.which(program, path=without_uv["PATH"]) is None) != (program == "uv"):
            raise Failed("git and uv are in one folder. Put a uv elsewhere, and git first on PATH.")
    (root / "uv").mkdir()
    (root / "uv" / "uv").symlink_to(os.path.realpath(uv))
    with_uv = {**without_uv, "PATH": os.pathsep.join([str(root / "uv"), without_uv["PATH"]])}
    python = Path(getattr(sys, "_base_executable", sys.executable))
    copier = root / "copier"
    run(["uv", "venv", "--python", python, copier], root, with_uv)
    words = ["--python", str(copier), "--constraint", str(REPOSITORY / "requirements.txt")]
    run(["uv", "pip", "install", *words, "copier"], root, with_uv)
    template = root / "template"
    _snapshot(template, without_uv)
    return Scene(root, template, python, copier / "bin" / "copier", with_uv, without_uv)


def _environ(root: Path) -> dict[str, str]:
    """The user's variables, with PATH free of uv, and caches and git identity of our own."""
    kept = {name: value for name, value in os.environ.items() if not _DROPPED.fullmatch(name)}
    folders = kept.get("PATH", os.defpath).split(os.pathsep)
    clean = [folder for folder in folders if folder and not (Path(folder) / "uv").exists()]
    (root / "tmp").mkdir()
    return {
        **kept,
        "PATH": os.pathsep.join(clean),
        "TMPDIR": str(root / "tmp"),
        "UV_CACHE_DIR": str(root / "cache" / "uv"),
        "PIP_CACHE_DIR": str(root / "cache" / "pip"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "MPLCONFIGDIR": str(root / "cache" / "matplotlib"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        **{f"GIT_{role}_NAME": "Bench" for role in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{role}_EMAIL": "bench@example.org" for role in ("AUTHOR", "COMMITTER")},
        "SEEDBED_STRICT": "1",  # trouble with an environment must end the measurement
    }


def _snapshot(target: Path, environ: dict[str, str]) -> None:
    """Copy what git knows or would add of the working tree, and tag it as a version."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(words, cwd=REPOSITORY, stdout=subprocess.PIPE, check=True).stdout
    for name in os.fsdecode(listed).split("\0"):
        if name and (REPOSITORY / name).is_file():  # not a file that was deleted just now
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, target / name)
    steps = (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "-m", "x"], ["tag", "v1"])
    for step in steps:
        run(["git", *step], target, environ)
