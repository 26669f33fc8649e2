"""What the template alone makes of answers: at the version before the update, or after it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import jinja2

NOW = "HEAD"
"""The version after the update: it is what is checked out in the template's clone."""


@contextmanager
def rendered(
    template: Path,
    version: str,
    answers: Mapping[str, Any],
    answers_file: str,
    only: Sequence[str] = (),
) -> Iterator[Path]:
    """A directory with the rendered files, none of them the user's.

    The answers count as those of a project: one that this version does not offer is the default.

    `only` are patterns of paths to render no others, which is faster; what the template itself
    leaves out for these answers then comes, too.

    `template` is the clone that Copier updates from, `version` a commit in it. Copier renders, as
    it did for the project; no task is run. The directory is gone afterwards.
    """
    import copier  # late: most updates need no render
    import yaml

    with tempfile.TemporaryDirectory(prefix="pristine-") as scratch:
        source, target = Path(scratch) / "template", Path(scratch) / "project"
        _check_out(template, version, source, Path(scratch) / "index")
        recorded = target / answers_file
        recorded.parent.mkdir(parents=True)
        recorded.write_text(yaml.safe_dump(dict(answers)), encoding="utf-8")
        copier.run_copy(
            str(source),
            target,
            answers_file=answers_file,
            exclude=["*", *(f"!{pattern}" for pattern in only)] if only else (),
            defaults=True,
            overwrite=True,
            skip_tasks=True,
            unsafe=True,  # as the update that runs this
            quiet=True,
        )
        yield target


def names(
    template: Path,
    answers: Mapping[str, Any],
    answers_file: str,
    *,
    version: str | None = None,
    unconditional: bool = False,
) -> set[str]:
    """The paths of the files that the template has for these answers, now or at a `version`.

    What the settings exclude (see `exclusions`) is among them, and so are those that only other
    answers bring, where that is asked for (`unconditional`).
    Only the names are rendered, and what they ask for that is not among the answers is empty.
    Raises CalledProcessError where there is no such version.
    """
    context = {**answers, "_copier_conf": {"answers_file": answers_file}}
    body = template / "template"
    if version is None:
        paths = [path.relative_to(body).as_posix() for path in body.rglob("*") if path.is_file()]
    else:
        argv = ["git", "-C", str(body), "ls-tree", "-r", "-z", "--name-only", version]
        paths = os.fsdecode(subprocess.check_output(argv)).split("\0")[:-1]
    if unconditional:
        paths = [re.sub(r"{%.*?%}", "", path) for path in paths]
    bare = [path.removesuffix(".jinja") for path in paths]
    found = {_compiled(template, each).render(context) if "{" in each else each for each in bare}
    return {name for name in found if all(name.split("/"))}  # else a condition does not hold


def exclusions(
    template: Path, answers: Mapping[str, Any], *, version: str | None = None
) -> list[str]:
    """The patterns that keep files of the template out of a project with these answers.

    Those of the project's own are among them, since no update touches these.
    Raises CalledProcessError where there is no such version.
    """
    import yaml  # Copier's own dependency

    if version is None:
        settings = (template / "copier.yml").read_text(encoding="utf-8")
    else:
        argv = ["git", "-C", str(template), "show", f"{version}:copier.yml"]
        settings = subprocess.check_output(argv).decode()
    own = re.sub(r"^!include .*$", "", settings, flags=re.MULTILINE)
    parts = [part for part in yaml.safe_load_all(own) if part]
    text = "\n".join(line for part in parts for line in part.get("_exclude", ()))
    return _compiled(template, text).render(answers, _copier_operation="update").split()


def owned(template: Path) -> list[str]:
    """Patterns of what is the project's own: the first document of copier.yml has them."""
    import yaml  # Copier's own dependency

    with (template / "copier.yml").open(encoding="utf-8") as file:
        found: list[str] = next(yaml.safe_load_all(file))["_skip_if_exists"]
    return [each for each in found if each.startswith("/")]


def included(names: Collection[str], patterns: Sequence[str]) -> set[str]:
    """Those of the paths that no pattern keeps out."""
    import pathspec  # Copier's own dependency

    return set(names) - set(pathspec.GitIgnoreSpec.from_lines(patterns).match_files(names))


@cache
def _compiled(template: Path, text: str) -> jinja2.Template:
    return jinja(template, lenient=True).from_string(text)


def unchanged(template: Path, part: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether a file or folder of the template is what it was, and so are the answers.

    `before` are those of the version before, with its `_commit`.
    """
    if asked(before) != asked(now):
        return False
    versions = [f"{version}:{part}" for version in (before.get("_commit"), NOW)]
    argv = ["git", "-C", str(template), "rev-parse", *versions]
    done = subprocess.run(argv, capture_output=True, check=False)
    return done.returncode == 0 and len(set(done.stdout.split())) == 1


def asked(answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers without what Copier itself notes among them."""
    return {key: value for key, value in answers.items() if not key.startswith("_")}


def computed(template: Path, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Recorded answers, with the default of each question that has none: the hidden ones, first of
    all, whose defaults say what follows from the others."""
    import yaml  # Copier's own dependency

    environment, known = jinja(template), dict(answers)
    settings = (template / "copier.yml").read_text(encoding="utf-8")
    for part in re.findall(r"^!include (\S+)$", settings, re.MULTILINE):
        questions = yaml.safe_load((template / part).read_text(encoding="utf-8"))
        for name in [each for each in questions if each not in known]:
            default = questions[name]["default"]
            if isinstance(default, str):
                default = environment.from_string(default).render(known)
            known[name] = (
                json.loads(default) if questions[name]["type"] in ("json", "yaml") else default
            )
    return known


@cache
def jinja(template: Path, lenient: bool = False) -> jinja2.Environment:
    """What Copier renders with; `lenient` where a name that nobody knows shall be empty."""
    import jinja2  # Copier's own dependency, like the filters

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(template),
        extensions=["jinja2_ansible_filters.AnsibleCoreFiltersExtension"],
        undefined=jinja2.ChainableUndefined if lenient else jinja2.StrictUndefined,
        keep_trailing_newline=True,
        lstrip_blocks=True,
        trim_blocks=True,
    )


def files(folder: Path) -> list[str]:
    """All files of a render, as paths from its root."""
    found = (path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file())
    return [path.as_posix() for path in found if path.parts[0] != ".git"]


def content(folder: Path, name: str) -> bytes | None:
    """A file of a render as git has it, a link as its target; None where there is no such file."""
    path = folder / name
    try:
        return os.fsencode(os.readlink(path)) if path.is_symlink() else path.read_bytes()
    except OSError:
        return None


def pattern(name: str) -> str:
    """The pattern that matches one path and nothing else."""
    return "/" + "".join(f"\\{char}" if char in "*?[]!#\\ " else char for char in name)


def _check_out(template: Path, version: str, target: Path, index: Path) -> None:
    """The template's files at `version`; its clone, maybe Copier's cache, stays as it is."""
    environ = {**os.environ, "GIT_INDEX_FILE": str(index)}
    for words in (["read-tree", version], ["checkout-index", "--all", f"--prefix={target}/"]):
        argv = ["git", "-C", str(template), *words]
        subprocess.run(argv, env=environ, check=True, stdout=subprocess.DEVNULL)
