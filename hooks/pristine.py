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
    version: str | None = None,
    unconditional: bool = False,
) -> set[str]:
    """The paths of the files that the template has for these answers, now or at a `version`.

    Those that only other answers bring are among them where that is asked for (`unconditional`).
    Only the names are rendered, and what they ask for that is not among the answers is empty.
    Raises CalledProcessError where there is no such version.
    """
    environment = jinja(template, lenient=True)
    context = {**answers, "_copier_conf": {"answers_file": answers_file}}
    body = template / "template"
    if version is None:
        paths = [path.relative_to(body).as_posix() for path in body.rglob("*") if path.is_file()]
    else:
        argv = ["git", "-C", str(body), "ls-tree", "-r", "-z", "--name-only", version]
        done = subprocess.run(argv, check=True, capture_output=True)
        paths = os.fsdecode(done.stdout).split("\0")[:-1]

    def renamed(path: str) -> str:
        name = path.removesuffix(".jinja")
        name = re.sub(r"{%.*?%}", "", name) if unconditional else name
        name = environment.from_string(name).render(context) if "{" in name else name
        return name if all(name.split("/")) else ""  # a part whose condition does not hold is empty

    return {renamed(path) for path in paths} - {""}


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
