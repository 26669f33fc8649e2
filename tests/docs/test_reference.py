"""What the pages say of names, options, values and links is what the code has."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import commands as page_of_commands
import libraries
import pytest
import yaml
from build import load
from docs.pages import PAGES, anchors, commands, keys, links, name, prose, rows, section, text
from support.engine import Tiny, clean_environ
from support.template import ROOT, render

import questions
from env import cli, difference, drift, errors, state
from env.processes import scrubbed
from env.project import parse_settings

ENGINE, QUESTIONS, USING = "docs/engine.md", "docs/questions.md", "docs/using.md"
STATES = {state.READY, *drift._STATES}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in links(page):
        file, _, anchor = target.partition("#")
        there = (page.parent / file).resolve() if file else page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), target


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_engine_commands_are_understood(page: Path) -> None:
    for command in commands(page):
        found = re.fullmatch(r"(?:python3|py) (?:template/)?tools/env (.+)", command)
        if found:
            words = re.sub(r"⟨[a-z ]*platform⟩", "linux-x86_64", found[1]).split()
            cli._parser().parse_args(words)  # leaves with SystemExit where it is not


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_make_targets_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", text("Makefile"), re.MULTILINE))
    used = {each for line in commands(page) for each in re.findall(r"^make ([a-z-]+)", line)}
    assert used <= targets


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_tasks_exist(page: Path, rendered: Path) -> None:
    project = tomllib.loads((rendered / "pyproject.toml").read_text(encoding="utf-8"))
    used = {each for line in commands(page) for each in re.findall(r"\bpoe ([a-z-]+)", line)}
    assert used <= {
        *project["tool"]["poe"]["tasks"],
        *("cards", "doctor", "sweep", "types"),  # by choice
    }


@pytest.mark.parametrize("verb", ["copy", "update"])
def test_copiers_options_exist(verb: str) -> None:
    argv = [sys.executable, "-m", "copier", verb, "--help"]
    helped = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    lines = [line for page in PAGES for line in commands(page) if f"copier {verb}" in line]
    assert lines
    for line in lines:
        for option in re.findall(r" (--[a-z-]+)", line):
            assert option in helped, line


def test_pipx_and_uvx_are_given_the_same_words() -> None:
    lines = commands(ROOT / "README.md")
    by_pipx = {line.removeprefix("pipx run ") for line in lines if line.startswith("pipx run ")}
    assert by_pipx
    assert by_pipx <= {line.removeprefix("uvx ") for line in lines if line.startswith("uvx ")}


def test_the_commands_are_those_of_the_engine() -> None:
    assert text("docs/commands.md") == page_of_commands.page(), "run: make pages"


def test_states_and_exit_codes_are_those_of_the_engine() -> None:
    assert set(keys(section(ENGINE, "States"))) == STATES
    told = [cells[0] for cells in rows(section(ENGINE, "Exit codes"))]
    codes = {int(code) for cell in told for code in cell.split(", ")}
    stopped = {128 + number for number in (1, 2, 15)}  # hang-up, Ctrl-C, SIGTERM
    own = {errors.DONE, errors.DIFFERENT, errors.WRONG_USE, errors.COULD_NOT}
    assert codes == own | stopped


def test_the_messages_in_the_users_page_are_those_that_are_printed() -> None:
    files = [*(ROOT / "template").glob("tools/env/**/*.py"), ROOT / "template" / "activate.sh"]
    said = "".join(file.read_text(encoding="utf-8") for file in files)
    messages = [key for key in keys(section(USING, "When something is wrong")) if " " in key]
    for message in messages:
        pattern = re.escape(message).replace(r"3\.12", r"\{[\w.]+\}")
        by_copier = message.startswith("Template uses")
        assert by_copier or re.search(pattern, said), message


def test_json_keys_are_those_that_are_printed(ready: Tiny) -> None:
    tables = section(ENGINE, "JSON")
    of_check, of_info = re.split(r"^`info --json`", tables, flags=re.MULTILINE)
    facts = json.loads(ready.run("info", "--json", "--pythons").stdout)
    of_builds = ["build", "build_why"]  # where a project has several
    assert [key for key in keys(of_info) if key not in of_builds] == list(facts)
    assert set(of_builds) <= set(keys(of_info))
    (ready.site / "alpha" / "data.txt").unlink()
    found = json.loads(ready.run("check", "--json").stdout)
    assert keys(of_check) == list(found)
    for field in (*difference.Difference._fields, "mend"):
        assert f"`{field}`" in of_check
        assert field in found["differences"][0]


def test_settings_are_those_that_are_written(rendered: Path) -> None:
    settings = parse_settings((rendered / "tools" / "env.cfg").read_text(encoding="utf-8"))
    assert keys(section(ENGINE, "Settings")) == list(settings)


def _variables() -> list[set[str]]:
    """What the engine takes over, and what does not get through: the names in the tables."""
    part = section(ENGINE, "Those of uv and pip")
    tables = re.findall(r"(?:^\|.*\n)+", part, re.MULTILINE)
    return [set(keys(table)) for table in tables]


def _known() -> set[str]:
    """All variables of uv and pip: what was recorded, and what those of this environment tell."""
    recorded = (ROOT / "tests" / "support" / "variables.txt").read_text(encoding="utf-8").split()
    uv = clean_environ(Path.home())["UV"]
    commands = ("pip compile", "pip install", "pip uninstall", "lock", "export", "add", "remove")
    helps = (subprocess.check_output([uv, "help", *each.split()], text=True) for each in commands)
    options = (re.findall(r"env: `?(UV_\w+)", text) for text in helps)
    pip = [sys.executable, "-m", "pip", "install", "--help"]
    long = re.findall(r"--([a-z-]+)", subprocess.check_output(pip, text=True))
    named = {f"PIP_{word.upper().replace('-', '_')}" for word in long}
    return {*recorded, *named, *(each for names in options for each in names)}


def test_the_variables_of_uv_and_pip_that_do_not_get_through_are_told() -> None:
    """A newer uv or pip brings new ones: decide in the engine's processes.py, then tell it here."""
    ours, dropped = _variables()
    assert not ours & dropped
    for variable in sorted(_known()):
        only = {"PIP_CONFIG_FILE": os.devnull, variable: "x"}
        value = scrubbed(only).get(variable, "")  # a file is named by its whole path
        passes, told = value.endswith("x"), variable in ours | dropped
        rest_of_pip = variable.startswith("PIP_") and not told  # the row PIP_… has most of these
        assert rest_of_pip or passes != told, variable


@pytest.fixture(scope="module")
def rendered(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with the default answers."""
    return render(template, tmp_path_factory.mktemp("rendered") / "my-project")


def test_the_questions_are_those_that_are_asked() -> None:
    assert text(QUESTIONS) == questions.page(text(QUESTIONS)), "run: make pages"


def test_the_defaults_of_the_questions_are_those_of_a_project(rendered: Path) -> None:
    """Copier has worked them out; what follows from the folder's name does, here as there."""
    answers = yaml.safe_load((rendered / ".copier-answers.yml").read_text(encoding="utf-8"))
    told = {key: each.default for key, each in questions.asked().items() if key in answers}
    assert told == {key: answers[key] for key in told}
    assert len(told) > 20


def test_the_libraries_are_those_of_the_catalogue() -> None:
    lock = load()
    assert text("docs/libraries.md") == libraries.page(lock), "run: make lock"


def test_files_of_projects_have_the_owners_that_the_leads_page_names() -> None:
    settings = text("copier.yml")
    _, project, lock, *_ = rows(section("docs/teams.md", "Who owns which file"))
    listed = re.search(r"_skip_if_exists:.*\n((?:  - .+\n)+)", settings)
    assert listed
    named = {each.rstrip("/") for each in re.findall(r"`([^`]+)`", project[0] + lock[0])}
    assert named == set(re.findall(r"- /([^/\s]+)", listed[1]))


def test_the_folders_that_pages_name_exist() -> None:
    for key in keys(section("docs/maintaining.md", "The house")):
        assert (ROOT / key).exists(), key
    shown = set(keys(section("docs/maintaining.md", "Tests")))
    there = {f"tests/{each.parent.name}/" for each in (ROOT / "tests").glob("*/*.py")}
    assert shown == there


def test_the_folders_that_the_picture_of_the_architecture_names_exist(rendered: Path) -> None:
    shown = re.findall(r'class="path"[^>]*>([^<]+)<', text("docs/pictures/architecture.svg"))
    assert len(shown) > 12
    made = {".venv/.seedbed/stamp", ".venv/.seedbed/manifest.json"}  # by the engine
    lost = [each for each in shown if not ((ROOT / each).exists() or (rendered / each).exists())]
    assert set(lost) <= made


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_pages_name_no_path_of_a_machine(page: Path) -> None:
    found = re.search(r"/(root|work|tmp|home)/(?!linuxbrew)", prose(page))  # Homebrew's is fixed
    assert not found


def test_the_keys_of_the_template_check_are_those_that_are_printed() -> None:
    code = text("template/tools/template_check.py")
    printed = re.findall(r'^        "(\w+)": ', code, re.MULTILINE)
    assert keys(section("docs/teams.md", "How projects get it")) == printed
