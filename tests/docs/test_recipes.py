"""Each recipe is applied to a new project, its commands run, and the project's own tests pass."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from docs.pages import text
from support.engine import MINOR, Tiny
from support.real import cached_environ, copied, cpu_torch, inside, serve_torch
from support.template import ROOT, git

PAGE = "docs/recipes.md"
RECIPE = re.compile(
    r"<!-- recipe: (?P<framework>[\w-]+)(?: on (?P<engine>\w+))?(?:, with (?P<data>\S+))? -->\n"
    r"\[(?P<diff>\S+\.diff)\]\(recipes/(?P=diff)\)\n+```console\n(?P<commands>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
TORCH = cpu_torch()


@dataclass(frozen=True)
class Recipe:
    title: str
    framework: str
    engine: str | None
    """What the project scales out on."""

    data: str | None
    """What the reader has, from the project's root."""

    diff: str
    """Its file, beside the page."""

    commands: str


SECTIONS = text(PAGE).split("\n## ")[1:]
RECIPES = [
    Recipe(section.partition("\n")[0], **found.groupdict())
    for section in SECTIONS
    for found in [RECIPE.search(section)]
    if found
]


def sales(project: Tiny) -> None:
    """More is sold on the days before a weekend."""
    days = [date(2024, 1, 1) + timedelta(days=number) for number in range(500)]
    lines = [f"{day},{20 + 3 * day.weekday() + day.toordinal() % 5}\n" for day in days]
    (project.root / "data" / "raw" / "sales.csv").write_text("".join(["day,sold\n", *lines]))


def more(project: Tiny) -> None:
    """Half of the digits are in another file."""
    code = (
        "import pandas as pd, pathlib; from my_project import data\n"
        "raw = pathlib.Path('data/raw'); (raw / 'more').mkdir()\n"
        "data.example(raw / 'digits.csv'); table = pd.read_csv(raw / 'digits.csv')\n"
        "table[:900].to_csv(raw / 'digits.csv', index=False)\n"
        "table[900:].to_csv(raw / 'more' / 'rest.csv', index=False)"
    )
    inside(project, "python", "-c", code)


def images(project: Tiny) -> None:
    """Stripes of many greys, along and across."""
    for kind in ("along", "across"):
        folder = project.root / "data" / "raw" / "images" / kind
        folder.mkdir(parents=True)
        for number in range(30):
            places = [divmod(place, 8)[kind == "along"] for place in range(64)]
            pixels = bytes((place + number) % 2 * (100 + number) for place in places)
            (folder / f"{number}.pgm").write_bytes(b"P5 8 8 255\n" + pixels)


def visits(project: Tiny) -> None:
    """Who comes often, and stays, buys."""
    folder = project.root / "data" / "raw" / "visits"
    folder.mkdir()
    for day in range(3):
        rows = [(n * (day + 7) % 120, n * 37 % 200) for n in range(300)]
        lines = [f"{who},p{long % 5},{long},{int(who % 3 * long > 250)}\n" for who, long in rows]
        (folder / f"{day}.csv").write_text("".join(["visitor,page,seconds,bought\n", *lines]))


SAMPLES: dict[str, Callable[[Tiny], None]] = {
    "data/raw/sales.csv": sales,
    "data/raw/more": more,
    "data/raw/images": images,
    "data/raw/visits": visits,
}


def test_every_section_is_a_recipe_and_every_file_belongs_to_one() -> None:
    assert [each.title for each in RECIPES] == [each.partition("\n")[0] for each in SECTIONS]
    files = {path.name for path in (ROOT / "docs" / "recipes").iterdir()}
    assert files == {each.diff for each in RECIPES}


@pytest.fixture(scope="module")
def originals(
    template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, str | None], Tiny]:
    """New projects with their environments, made once for each framework."""
    folder = tmp_path_factory.mktemp("recipes")
    (folder / "home").mkdir()
    environ = cached_environ(folder / "home")
    made: dict[str, Tiny] = {}

    def original(framework: str, engine: str | None) -> Tiny:
        name = f"{framework}-{engine}"
        if name not in made:
            answers: dict[str, Any] = {"framework": framework, "python_version": MINOR}
            answers["scale_out"] = [engine] if engine else []
            if framework not in ("scikit-learn", "lightgbm"):
                answers["accelerator"] = "cpu"
            with (
                serve_torch(TORCH) if framework == "pytorch" and TORCH else nullcontext() as address
            ):
                if address:
                    answers["torch_index"] = address
                made[name] = copied(template, folder / name, environ, **answers)
            git(made[name].root, "add", "--all")
        return made[name]

    return original


@pytest.fixture
def project(recipe: Recipe, originals: Callable[[str, str | None], Tiny]) -> Iterator[Tiny]:
    """The project of the recipe's framework; afterwards it is as it was."""
    found = originals(recipe.framework, recipe.engine)
    if recipe.data:
        SAMPLES[recipe.data](found)
    yield found
    shutil.rmtree(found.root / "runs", ignore_errors=True)
    git(found.root, "checkout", "--quiet", "--", ".")
    git(found.root, "clean", "--quiet", "-d", "--force")


def how_often(recipe: Recipe) -> pytest.MarkDecorator:
    return pytest.mark.weekly if recipe.framework == "pytorch" else pytest.mark.thorough


@pytest.mark.parametrize(
    "recipe", [pytest.param(each, id=each.title, marks=how_often(each)) for each in RECIPES]
)
def test_a_recipe_works(recipe: Recipe, project: Tiny) -> None:
    git(project.root, "apply", str(ROOT / "docs" / "recipes" / recipe.diff))
    inside(project, "bash", "-e", "-c", recipe.commands)
    inside(project, "ruff", "check")
    inside(project, "ruff", "format", "--check")
    inside(project, "pytest", "-q")
