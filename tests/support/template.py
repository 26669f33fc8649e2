"""The working tree as a throw-away template, and projects rendered from it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import copier
import yaml

from . import copying

copying.spare()

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("copier.yml", "questions", "template", "hooks", "catalogue", "frameworks", "licenses")


def git(folder: Path, *words: str) -> str:
    """Run git in `folder` without the machine's own settings; its output."""
    settings = ["user.name=t", "user.email=t@example.invalid", "commit.gpgsign=false"]
    flags = [word for setting in settings for word in ("-c", setting)]
    argv = ["git", *flags, "-c", "core.hooksPath=/dev/null", *words]
    done = subprocess.run(argv, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout


def make_template(folder: Path, tag: str = "v1.0.0") -> Path:
    """A tagged git repository with the working tree's template, committed or not."""
    folder.mkdir(parents=True)
    copy_parts(folder)
    git(folder, "init", "--quiet", "--initial-branch=main")
    release(folder, tag)
    return folder


def copy_parts(folder: Path) -> None:
    """Copy what a template is made of out of the working tree."""
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=ignored)
        else:
            shutil.copy2(ROOT / part, folder / part)


def release(template: Path, tag: str) -> None:
    """Commit whatever was changed in a throw-away template, as a new version."""
    git(template, "add", "--all")
    git(template, "commit", "--quiet", "--allow-empty", "--message", tag)
    git(template, "tag", tag)


def questions() -> set[str]:
    """The keys of all questions that can be asked."""
    files = [yaml.safe_load(path.read_text("utf-8")) for path in (ROOT / "questions").glob("*.yml")]
    return {key for file in files for key in file if file[key].get("when") is not False}


def render(template: Path, project: Path, **answers: Any) -> Path:
    """Render a project as `copier copy --skip-tasks` without trust does; no question is asked.

    Its name is that of the questions' page and not of the folder, so that a place plays no part.
    """
    unknown = set(answers) - questions()  # Copier drops these in silence
    assert not unknown, f"no such questions: {unknown}"
    answers = {"project_name": "My project", **answers}
    copier.run_copy(
        str(template), project, data=answers, defaults=True, skip_tasks=True, quiet=True
    )
    return project


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below `folder`, by its path, but git's own, byte code and the engine's turn."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not {".git", "__pycache__", ".env-turn"} & set(path.relative_to(folder).parts)
    }


def undated(text: bytes) -> bytes:
    """A lock without the day up to which packages count: one that was made anew has today's."""
    return re.sub(rb"^# Cut-off: .*\n", b"", text, flags=re.MULTILINE)


def copy_helpers(root: Path) -> None:
    """What enters an environment, of all shells, into the project at `root`; not the engine."""
    template = ROOT / "template"
    (root / "tools").mkdir(parents=True, exist_ok=True)
    for pattern in ("*activate.*", "tools/*enter.*", "tools/*leave.*"):
        for each in template.glob(pattern):
            name = re.sub(r"{%.*?%}", "", each.name)
            shutil.copy(each, root / each.relative_to(template).with_name(name))
