"""What the start page tells of a choice is what Copier renders for it; in a headless Chromium."""

from __future__ import annotations

import json
import random
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import copier
import page
import pytest
from build import load
from packaging.markers import Marker
from support.browser import browser
from support.template import tree
from wheels import SYSTEMS, environment

from env.requirements import parse

START = page.DATA.parent
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium here")


@dataclass(frozen=True)
class Shown:
    """What stands in the page when its script has run."""

    texts: dict[str, str]
    """Of the elements with an id, without hidden ones."""

    pins: set[str]
    paths: set[str]


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, str, bool]] = []
        self.shown = Shown({}, set(), set())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("meta", "link", "input", "br"):
            return
        hidden = "hidden" in given or bool(self.open and self.open[-1][2])
        self.open.append((tag, given.get("id") or "", hidden))
        if given.get("data-pin"):
            self.shown.pins.add(given["data-pin"] or "")
        if given.get("data-path"):
            self.shown.paths.add(given["data-path"] or "")

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        for _, name, hidden in self.open:
            if name and not hidden:
                self.shown.texts[name] = self.shown.texts.get(name, "") + data


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page with its data, as `make page` leaves it."""
    place = tmp_path_factory.mktemp("start") / "start"
    shutil.copytree(START, place, ignore=shutil.ignore_patterns("data.js"))
    (place / "data.js").write_text(f"window.SEEDBED = {json.dumps(page.data())};", encoding="utf-8")
    return place


def look(start: Path, **choice: Any) -> Shown:
    """The page at the address of a choice."""
    said = {
        key: ",".join(value) if isinstance(value, list) else value for key, value in choice.items()
    }
    address = f"{(start / 'index.html').as_uri()}#{urlencode(said)}"
    argv = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", address]
    argv.insert(1, f"--user-data-dir={start.parent / 'profile'}")
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    reader = Reader()
    reader.feed(done.stdout)
    return reader.shown


def answers_of(command: str) -> dict[str, str]:
    """The answers in a command, as Copier is given them."""
    words = shlex.split(command)
    assert words[:4] == ["uvx", "copier", "copy", "--trust"]
    assert words[-2:] == [page.address(), "my-project"]
    given = [word.partition("=") for flag, word in pairwise(words) if flag == "-d"]
    return {key: value for key, _, value in given}


def random_choice(seed: int) -> dict[str, Any]:
    """One of each question's values, and some of those that are several; for any of them."""
    pick = random.Random(seed)
    catalogue = load()
    questions = dict(page.asked())
    names = [each["name"] for each in catalogue["libraries"]]
    choice: dict[str, Any] = {"libraries": pick.sample(names, pick.randint(0, 6))}
    for key, question in questions.items():
        values = [value for _, value in question["choices"]]
        if question["several"]:
            choice[key] = pick.sample(values, pick.randint(0, len(values)))
        else:
            choice[key] = pick.choice(values)
    return {**choice, "system": pick.choice(list(SYSTEMS))}


def held_against_copier(start: Path, template: Path, place: Path, choice: dict[str, Any]) -> None:
    shown = look(start, **choice)
    project = place / "my-project"

    def render(answers: dict[str, Any]) -> None:
        copier.run_copy(
            str(template), project, data=answers, defaults=True, skip_tasks=True, quiet=True
        )

    if "problem" in shown.texts:
        with pytest.raises(ValueError, match=r"."):
            render({key: value for key, value in choice.items() if key != "system"})
        return
    answers = answers_of(shown.texts["command"])
    render(answers)
    assert shown.paths == set(tree(project))
    python = choice.get("python_version", "3.13")
    if python in load()["legacy"]:
        assert not shown.pins
        return
    here = environment(choice["system"], python)
    pins = parse((project / "requirements-dev.txt").read_text(encoding="utf-8"))
    there = {
        f"{pin.name}=={pin.version}"
        for pin in pins
        if not pin.marker or Marker(pin.marker).evaluate(here)
    }
    assert shown.pins == there
    assert f"{len(shown.paths)} files, {len(there)} packages" in shown.texts["summary"]


def test_without_scripts_only_the_command_for_the_terminal_is_there(
    start: Path, tmp_path: Path
) -> None:
    with browser(tmp_path / "profile") as tab:
        tab.call("Emulation.setScriptExecutionDisabled", value=True)
        tab.open((start / "index.html").as_uri(), 800)
        nodes = tab.call("Accessibility.getFullAXTree")["nodes"]
    there = [(each["role"]["value"], each["name"]["value"]) for each in nodes if "name" in each]
    assert any("copier copy --trust https" in text for _, text in there)
    assert {"button", "combobox", "main"}.isdisjoint(role for role, _ in there)


def test_the_page_asks_nothing_of_another_host() -> None:
    own = [(START / name).read_text(encoding="utf-8") for name in ("start.js", "start.css")]
    addresses = "".join(own) + json.dumps(page.data()).replace(page.address(), "")
    assert "://" not in addresses


def test_an_address_with_what_is_no_choice_is_the_default(start: Path) -> None:
    shown = look(start, framework="no-such", libraries=["<b>", "rich"], system="Amiga")
    assert answers_of(shown.texts["command"]) == {"libraries": "[rich]"}


@pytest.mark.parametrize("seed", range(1))
def test_what_the_page_tells_is_what_is_rendered(
    start: Path, template: Path, tmp_path: Path, seed: int
) -> None:
    held_against_copier(start, template, tmp_path, random_choice(seed))


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(1, 9))
def test_what_the_page_tells_is_what_is_rendered_for_more_choices(
    start: Path, template: Path, tmp_path: Path, seed: int
) -> None:
    held_against_copier(start, template, tmp_path, random_choice(seed))
