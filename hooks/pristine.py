"""What the template alone makes of answers: at the version before the update, or after it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
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
    operation: str = "copy",
    version: str | None = None,
) -> set[str]:
    """The paths of the files that the template has for these answers, now or at a `version`.

    For the operation "update" without those that are the project's own.
    Only the names are rendered, and what they ask for that is not among the answers is empty.
    Raises CalledProcessError where there is no such version.
    """
    environment = jinja(template, lenient=True)
    context = {**answers, "_copier_conf": {"answers_file": answers_file}}
    paths, settings = _source(template, version)
    rules = environment.from_string("\n".join(settings["_exclude"]))
    found = {_renamed(environment, path, context) for path in paths} - {""}
    return _without(found, rules.render(context, _copier_operation=operation).splitlines())


def names_for_any(template: Path, answers: Mapping[str, Any], answers_file: str) -> set[str]:
    """The paths of the files that some answer would bring, without those of the project's own."""
    environment = jinja(template, lenient=True)
    context = {**answers, "_copier_conf": {"answers_file": answers_file}}
    paths, settings = _source(template, None)
    every = [re.sub(r"{%.*?%}", "", path) for path in paths]
    found = {_renamed(environment, path, context) for path in every}
    return _without(found, settings["_skip_if_exists"])


def _source(template: Path, version: str | None) -> tuple[list[str], dict[str, list[str]]]:
    """The files of a version in the template's own names, and the patterns in its settings."""
    import yaml  # Copier's own dependency

    body = template / "template"
    if version is None:
        paths = [path.relative_to(body).as_posix() for path in body.rglob("*") if path.is_file()]
        settings = (template / "copier.yml").read_text(encoding="utf-8")
    else:
        git = ["git", "-C", str(body)]
        listed = subprocess.check_output([*git, "ls-tree", "-r", "-z", "--name-only", version])
        paths = os.fsdecode(listed).split("\0")[:-1]
        settings = subprocess.check_output([*git, "show", f"{version}:copier.yml"]).decode()
    patterns: dict[str, list[str]] = {"_exclude": [], "_skip_if_exists": []}
    for part in yaml.safe_load_all(re.sub(r"^!include .*$", "", settings, flags=re.MULTILINE)):
        for key, lines in patterns.items():
            lines.extend((part or {}).get(key, ()))
    return paths, patterns


def _renamed(environment: jinja2.Environment, path: str, context: Mapping[str, Any]) -> str:
    """A path of the template as a project has it, "" where a condition in it does not hold."""
    name = path.removesuffix(".jinja")
    name = environment.from_string(name).render(context) if "{" in name else name
    return name if all(name.split("/")) else ""


def _without(paths: set[str], patterns: Sequence[str]) -> set[str]:
    import pathspec  # Copier's own dependency

    return paths - set(pathspec.GitIgnoreSpec.from_lines(patterns).match_files(paths))


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
            known[name] = json.loads(default) if questions[name]["type"] == "json" else default
    return known


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
