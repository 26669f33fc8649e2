"""`make page` writes docs/start/data.js with this, and `make site` the same into the site: what the
start page chooses from and tells.

The page beside it is static, and opens from a disk too. What a choice takes is worked out there, by
the rules of catalogue/*.jinja, out of what stands here ready: for each entry of the catalogue its
packages, each with a number whose bits are the places (a system and a Python) that it is for; and
for each file of the template the condition under which it is rendered.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from conditions import files
from packaging.markers import Marker

import questions

sys.path.append(str(Path(__file__).resolve().parent.parent / "catalogue"))

from build import SIZES, load
from wheels import SYSTEMS, environment

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "docs" / "start" / "data.js"
PLACEHOLDER = "https://github.com/OWNER/seedbed"
CHOSEN = ["license", "python_version", "env_manager", "framework", "accelerator"]
CHOSEN += ["extras", "shells", "scale_out"]
"""The questions with choices that the page asks besides that for the libraries."""

NAMES = {"package_name": "my_project", "answers_file": ".copier-answers.yml"}
"""What stands in paths: the first as it follows from the folder that the page's command names."""


def main() -> int:
    DATA.write_text(script(), encoding="utf-8", newline="\n")
    print(f"{DATA.relative_to(ROOT)}: written; open docs/start/index.html in a browser")
    return 0


def script() -> str:
    """What stands in the file."""
    return f"window.SEEDBED = {json.dumps(data(), ensure_ascii=False, separators=(',', ':'))};\n"


def data() -> dict[str, Any]:
    """All that the page needs."""
    catalogue = load()
    places = [(system, python) for system in SYSTEMS for python in catalogue["python"]]
    sizes = json.loads(SIZES.read_text(encoding="utf-8"))
    pins = list(catalogue["packages"])
    chosen = dict(asked())
    values = {key: [value for _, value in each["choices"]] for key, each in chosen.items()}
    settings = next(yaml.safe_load_all((ROOT / "copier.yml").read_text(encoding="utf-8")))
    kept = ("name", "group", "summary", "pythons", "lacking", "not_on", "cuda", "torch")
    return {
        "template": address(),
        "questions": chosen,
        "libraries": [{key: each[key] for key in kept} for each in catalogue["libraries"]],
        "variants": [
            {key: each[key] for key in ("name", "of", "accelerator", *kept[3:])}
            for each in catalogue["variants"]
        ],
        **{key: catalogue[key] for key in ("kinds", "frameworks", "starter", "legacy", "python")},
        "torch": catalogue["torch"]["builds"],
        "dev": [each["name"] for each in catalogue["dev"]],
        "tools": [[each["extra"], each["name"]] for each in catalogue["tools"]],
        "cutoff": catalogue["cutoff"][:10],
        "systems": list(SYSTEMS),
        "places": [" ".join(place) for place in places],
        "pins": [[*pin.split("=="), bytes_at(sizes.get(pin), places)] for pin in pins],
        "closures": {
            entry: [[pins.index(pin), bits(part["marker"], places)] for pin, part in parts.items()]
            for entry, parts in catalogue["closures"].items()
        },
        "files": list(files(ROOT / "template", settings["_exclude"], NAMES, values).items()),
    }


def asked() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each question of CHOSEN: its help text, its default, and its choices, label and value."""
    found = questions.asked()
    for key in CHOSEN:
        question = found[key]
        yield (
            key,
            {
                "help": question.help.split("? ")[0].rstrip("?") + "?",
                "several": question.several,
                "default": question.default,
                "choices": question.choices,
            },
        )


def bits(marker: str, places: list[tuple[str, str]]) -> int:
    """The places for which a marker holds, the first one in the lowest bit."""
    return sum(
        1 << number
        for number, place in enumerate(places)
        if not marker or Marker(marker).evaluate(environment(*place))
    )


def bytes_at(size: Any, places: list[tuple[str, str]]) -> Any:
    """A size of sizes.json: one number, or one for each place, None where nothing is known."""
    if not isinstance(size, dict):
        return size
    found = []
    for system, python in places:
        here = size.get(system)
        found.append(here.get(python) if isinstance(here, dict) else here)
    return found


def address() -> str:
    """Where people get the template: `origin`, without a login, where that is on the web."""
    argv = ["git", "remote", "get-url", "origin"]
    said = subprocess.run(
        argv, cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    return re.sub(r"//[^/@]*@", "//", said) if said.startswith("https://") else PLACEHOLDER


if __name__ == "__main__":
    sys.exit(main())
