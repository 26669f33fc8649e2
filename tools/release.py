"""`make release VERSION=1.2.0`: looks whether all is ready for a version, then tags it.

Nothing is pushed. The version is the git tag and stands nowhere else: Copier takes the newest tag,
and a project notes it in its answers.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml
from packaging.version import Version
from pathspec import PathSpec

ROOT = Path(__file__).resolve().parent.parent


def main(step: str, version: str) -> int:
    """Exit code: 0 ready or tagged, 1 not ready, 2 wrong use."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        say("Name the version, as in: make release VERSION=1.2.0")
        return 2
    found = list(reasons(ROOT, version))
    for reason in found:
        say(reason)
    if found:
        say(f"v{version} is not ready. Mend that, commit, and run again.")
        return 1
    if step == "tag":
        message = f"{version}\n\n{changes(ROOT, version)}"
        git(ROOT, "tag", "--annotate", "--cleanup=whitespace", f"v{version}", "--message", message)
        say(f"Tagged v{version}. Publish it with: git push origin HEAD v{version}")
    return 0


def reasons(root: Path, version: str) -> Iterator[str]:
    """Why the repository at `root` is not ready to be this version, a sentence each."""
    if git(root, "status", "--porcelain"):
        yield "There are changes that are not committed."
    last = newest(root)
    if last and Version(version) <= Version(last):
        yield f"{version} is not newer than the last version, {last}."
    if not changes(root, version):
        yield f"CHANGELOG.md has nothing under a heading `## {version} - YYYY-MM-DD`."
    if changes(root, "Unreleased"):
        yield "CHANGELOG.md still has changes under `Unreleased`."
    now = paths(root, "HEAD")
    moves = yaml.safe_load((root / "hooks" / "moves.yml").read_text(encoding="utf-8"))
    for name in sorted(paths(root, last) - now - moves.keys() if last else ()):
        yield f"{name} is gone since {last}, and hooks/moves.yml does not say what became of it."
    for answer in sorted(choices(root, last) - choices(root, "HEAD") if last else ()):
        yield f"The choice {answer} is gone since {last}, and projects may have it: keep it."
    for old, new in moves.items():
        if new is not None and new not in now | moves.keys():
            yield f"hooks/moves.yml says that {old} became {new}, which the template does not have."


def choices(root: Path, commit: str) -> set[str]:
    """What can be answered, as "extras: vscode", where questions/ says it by itself."""
    listed = git(root, "ls-tree", "--name-only", commit, "questions/").split()
    found = set()
    for file in (name for name in listed if name.endswith(".yml")):
        questions = yaml.safe_load(git(root, "show", f"{commit}:{file}"))
        for key, question in questions.items():
            offered = question.get("choices", [])
            values = offered.values() if isinstance(offered, dict) else offered
            values = [each["value"] if isinstance(each, dict) else each for each in values]
            found |= set() if isinstance(offered, str) else {f"{key}: {value}" for value in values}
    return found


def newest(root: Path) -> str:
    """The newest tag that is a version, "" where there is none."""
    tags = re.findall(r"^v\d+\.\d+\.\d+$", git(root, "tag", "--merged", "HEAD"), re.MULTILINE)
    return max(tags, key=Version, default="")


def changes(root: Path, title: str) -> str:
    """What CHANGELOG.md says below the heading of a version, "" where there is none."""
    date = "" if title == "Unreleased" else r" - \d{4}-\d\d-\d\d"
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    found = re.search(rf"^## {re.escape(title)}{date}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    return found[1].strip() if found else ""


def paths(root: Path, commit: str) -> set[str]:
    """The template's own files in a commit, as paths of a project.

    Left out is what is the project's own, and what an answer gives its name.
    """
    settings = git(root, "show", f"{commit}:copier.yml").split("\n---\n")[0]
    owned = PathSpec.from_lines("gitignore", yaml.safe_load(settings)["_skip_if_exists"])
    listed = git(root, "ls-tree", "-r", "-z", "--name-only", commit, "template/").split("\0")
    names = {
        re.sub(r"{%.*?%}", "", name.removeprefix("template/").removesuffix(".jinja"))
        for name in listed
        if name and "{{" not in name
    }
    return {name for name in names if not owned.match_file(name)}


def git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=root, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def say(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""))
