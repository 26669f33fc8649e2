"""`make pages`: the tables of docs/questions.md, out of the questions as Copier asks them.

Defaults and choices that are templates are worked out for a folder `my-project` and no answers.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
import yaml

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "questions.md"
BEGIN, END = "<!-- questions -->\n", "<!-- end -->\n"
MORE = {
    "env_manager": "managers.md",
    "kinds": "libraries.md#kinds-of-work",
    "libraries": "libraries.md",
    "accelerator": "#accelerators",
    "extra_requirements": "#old-versions-and-pins-of-your-own",
    "python_index": "using.md#offline-and-behind-a-companys-index",
    "shells": "using.md#every-shell",
    "scale_out": "scaling.md",
    "tracking": "using.md#runs-in-mlflow",
    "pack": "using.md#on-a-machine-without-a-network",
    "docker": "containers.md",
    "github": "teams.md#many-projects",
    "gitlab": "teams.md#many-projects",
    "renovate": "teams.md#many-projects",
    "sweep": "using.md#search-for-good-settings",
}
"""Where a question or an extra is told of at length."""


class Question(NamedTuple):
    help: str
    default: Any
    choices: list[tuple[str, str]]
    """Label and value of each, none where any text will do."""

    several: bool
    """Whether more than one can be chosen."""

    advanced: bool
    """Whether it is asked of those alone who want all of them."""


def main() -> int:
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
    print(f"docs/{PAGE.name}: written")
    return 0


def page(text: str) -> str:
    """The page with its tables written anew."""
    before, rest = text.split(BEGIN)
    return before + BEGIN + "".join(tables(asked())) + END + rest.split(END)[1]


def asked() -> dict[str, Question]:
    """All questions that can be asked, in their order."""
    jinja = jinja2.Environment(
        loader=jinja2.FileSystemLoader(ROOT),
        extensions=["jinja2_ansible_filters.AnsibleCoreFiltersExtension"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    known: dict[str, Any] = {
        "_copier_conf": {"dst_path": "/my-project", "defaults": False},
        "accelerator": "default",  # given where nothing depends on it: so all of them are offered
    }
    found = {}
    for key, given in _as_written():
        several = given.get("multiselect", False)
        default = _value(jinja, known, given["default"], parsed=several or given["type"] != "str")
        if given.get("when") is not False:
            choices = given.get("choices", []) if key != "libraries" else []  # a page of their own
            found[key] = Question(
                help=given["help"],
                default=default,
                choices=list(_pairs(_value(jinja, known, choices, parsed=True))),
                several=several,
                advanced="advanced" in given.get("ask", ""),
            )
        known[key] = default
    return found


def _as_written() -> Iterator[tuple[str, dict[str, Any]]]:
    copier = (ROOT / "copier.yml").read_text(encoding="utf-8")
    for name in re.findall(r"!include (\S+)", copier):
        yield from yaml.safe_load((ROOT / name).read_text(encoding="utf-8")).items()


def _value(jinja: jinja2.Environment, known: Mapping[str, Any], given: Any, *, parsed: bool) -> Any:
    if not isinstance(given, str):
        return given
    text = jinja.from_string(given).render(known)
    return yaml.safe_load(text) if parsed else text


def _pairs(choices: Any) -> Iterator[tuple[str, str]]:
    """As Copier takes them: values, pairs of label and value, or a mapping of these."""
    for each in choices.items() if isinstance(choices, dict) else choices:
        label, value = each if isinstance(each, (list, tuple)) else (each, each)
        yield str(label), str(value["value"] if isinstance(value, dict) else value)


def tables(questions: Mapping[str, Question]) -> Iterator[str]:
    """What is asked, then the choices of each."""
    for title, advanced in (("Asked", False), ("Asked with `advanced`", True)):
        yield f"\n## {title}\n\n| question | it asks | default |\n|---|---|---|\n"
        for key, each in questions.items():
            if each.advanced is advanced:
                yield f"| {_key(key)} | {each.help} | {_default(each.default)} |\n"
    yield "\n## Choices\n\n| question | answer | meaning |\n|---|---|---|\n"
    for key, each in questions.items():
        told = [(value, meaning(label, value)) for label, value in each.choices]
        if plain := [f"`{value}`" for value, text in told if not text]:
            yield f"| `{key}` | {', '.join(plain)} | |\n"
        if key not in ("extras", "kinds"):  # a table below, and one in libraries.md
            yield from (f"| `{key}` | `{value}` | {text} |\n" for value, text in told if text)
    yield "\n## Extras\n\n| extra | what it brings |\n|---|---|\n"
    for label, value in questions["extras"].choices:
        yield f"| {_key(value)} | {meaning(label, value)} |\n"
    yield "\n"


def meaning(label: str, value: str) -> str:
    """What a choice's label says besides its value: "cpu: no GPUs", "3.9 (for old versions)"."""
    name, _, rest = label.partition(": ")
    if _letters(name) == _letters(value):
        return rest
    within = re.fullmatch(rf"{re.escape(value)} \((.+)\)", label)
    return within[1] if within else label


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _key(name: str) -> str:
    return f"[`{name}`]({MORE[name]})" if name in MORE else f"`{name}`"


def _default(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(f"`{each}`" for each in value) or "none"
    return (
        "empty" if value == "" else f"`{str(value).lower() if value in (True, False) else value}`"
    )


if __name__ == "__main__":
    sys.exit(main())
