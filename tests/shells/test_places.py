"""Where the environment is: the same rule as the engine's, read by the shell."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from shells.driver import Driver
from shells.refusal import assert_refused
from shells.rows import SHELLS, Shell, rows
from shells.sample import Sample, make_sample

# the setting `env`, variables of the process, and where that is; {top} is the parent directory
PLACES = [
    (".venv", {}, "{top}/p/.venv"),
    ("./.venv", {}, "{top}/p/.venv"),
    ("envs/of mine", {}, "{top}/p/envs/of mine"),
    ("../p.venv", {}, "{top}/p.venv"),
    ("../../p.venv", {}, "{top}/../p.venv"),
    ("a=b", {}, "{top}/p/a=b"),
    ("a=b=", {}, "{top}/p/a=b="),
    ("{top}/abs", {}, "{top}/abs"),
    ("$WORKON_HOME/digits", {}, "{home}/.virtualenvs/digits"),
    ("$WORKON_HOME/digits", {"WORKON_HOME": ""}, "{home}/.virtualenvs/digits"),
    ("$WORKON_HOME/digits", {"WORKON_HOME": "{top}/all of them"}, "{top}/all of them/digits"),
    ("$HOME/digits", {}, "{top}/p/$HOME/digits"),
    ("$(id)", {}, "{top}/p/$(id)"),
    (".venv", {"UV_PROJECT_ENVIRONMENT": ""}, "{top}/p/.venv"),
    (".venv", {"UV_PROJECT_ENVIRONMENT": "other"}, "{top}/p/other"),
    (".venv", {"UV_PROJECT_ENVIRONMENT": "../other"}, "{top}/other"),
    (".venv", {"UV_PROJECT_ENVIRONMENT": "{top}/local disk/env"}, "{top}/local disk/env"),
    ("$WORKON_HOME/digits", {"UV_PROJECT_ENVIRONMENT": "{top}/env/"}, "{top}/env"),
]


# in each shell tools/enter.sh finds it: so in one of each kind
IN_THE_SHELLS = rows([each for each in SHELLS if each.name in ("bash", "fish")], ["bash"])


@pytest.fixture
def top(tmp_path: Path) -> Path:
    top = tmp_path.resolve() / "the top"
    top.mkdir()
    return top


@IN_THE_SHELLS
@pytest.mark.parametrize(("setting", "variables", "place"), PLACES)
def test_the_place_is_found(
    setting: str,
    variables: dict[str, str],
    place: str,
    driver: Driver,
    shell: Shell,
    top: Path,
    ready_env: Path,
) -> None:
    def filled(text: str) -> str:
        return text.replace("{top}", str(top)).replace("{home}", str(driver.home))

    project = make_sample(top / "p", ready_env)
    expected = Path(filled(place).replace(f"{top.name}/../", ""))
    project = project.moved_env(expected)
    project.configure(env=filled(setting))
    driver.environ |= {name: filled(value) for name, value in variables.items()}
    ran = driver.script(
        shell.enter(".."), driver.probe("inside", status=True), cwd=top / "p" / "src"
    )
    assert ran.stderr == ""
    assert ran.seen["inside"].env["VIRTUAL_ENV"] == str(expected)
    assert ran.seen["inside"].python == project.python


@pytest.mark.parametrize(("setting", "variables", "place"), PLACES)
@pytest.mark.skipif(sys.platform == "win32", reason="the paths of the table are those of POSIX")
def test_the_engine_has_the_same_rule(
    setting: str, variables: dict[str, str], place: str, top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from env.project import load

    def filled(text: str) -> str:
        return text.replace("{top}", str(top)).replace("{home}", "/home/me")

    (top / "p" / "tools").mkdir(parents=True)
    Sample(top / "p", top).configure(env=filled(setting))
    monkeypatch.setenv("HOME", "/home/me")
    environ = {name: filled(value) for name, value in variables.items()}
    expected = filled(place).replace(f"{top.name}/../", "")
    assert load(top / "p", environ).env == Path(expected)


@IN_THE_SHELLS
@pytest.mark.parametrize(
    "text",
    [
        "name = digits\r\nenv = ../p.venv\r\nlock = requirements-dev.txt\r\n",
        "name=digits\nenv=../p.venv\nlock=requirements-dev.txt\n",
        "# env = .venv\n\nenv   =   ../p.venv  \nname = digits\nenvironment = .venv",
        "env = .venv\nenv = ../p.venv",
        "lock = requirements-dev.txt\nenv = ../p.venv",
    ],
    ids=["windows line ends", "no spaces", "comments", "the last one counts", "no last line end"],
)
def test_the_settings_are_read_as_people_write_them(
    text: str, driver: Driver, shell: Shell, top: Path, ready_env: Path
) -> None:
    project = make_sample(top / "p", ready_env).moved_env(top / "p.venv")
    (project.root / "tools" / "env.cfg").write_bytes(text.encode())
    ran = driver.script(shell.enter("."), driver.probe("inside"), cwd=project.root)
    assert ran.stderr == ""
    assert ran.seen["inside"].python == project.python


def test_a_place_that_path_cannot_hold_is_refused(
    driver: Driver, shell: Shell, top: Path, ready_env: Path
) -> None:
    project = make_sample(top / "a:b", ready_env)
    ran = driver.script(shell.enter("."), driver.probe("next", status=True), cwd=project.root)
    assert_refused(
        ran,
        shell,
        f"{project.env} has ':' in its name, which PATH cannot hold. "
        f"Choose another place:\n    {shell.elsewhere}",
    )
