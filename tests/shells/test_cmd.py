"""activate.bat in cmd: the real one on Windows, wine's elsewhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from shells.sample import TEMPLATE, Sample, make_sample
from shells.spoil import lock_changed, no_stamp, nothing_there

HELPER = TEMPLATE / "activate.bat"
pytestmark = pytest.mark.thorough  # wine takes ten seconds to set itself up

# wine's cmd does not wait for a program of this system and sees nothing of it. So what the engine
# says is in files, and this shows it where it is asked as the engine is to be asked.
PY = """\
@echo off
if not "%1 %3 %4"=="-IS shell cmd" exit /b 9
if not exist "%~2\\__main__.py" exit /b 9
type "%~dp0errors" >&2
type "%~dp0answer"
"""


@dataclass(frozen=True)
class Cmd:
    place: Path
    environ: dict[str, str]

    def native(self, path: Path) -> str:
        """A path as cmd writes it."""
        return str(path) if os.name == "nt" else "Z:" + str(path).replace("/", "\\")

    def run(self, *lines: str, cwd: Path) -> tuple[int, str, str, dict[str, dict[str, str]]]:
        """Run a script; exit code, standard output and error, and what `probe` lines recorded."""
        script = self.place / "script.bat"
        first = ["@echo off", f'set "PATH={self.native(self.place)};%PATH%"']
        script.write_text("".join(f"{line}\r\n" for line in (*first, *lines)), newline="")
        program = ["cmd", "/c"] if os.name == "nt" else ["wine", "cmd", "/c"]
        # Files, since wine's services may start with it: they would hold a pipe for ever.
        printed = [self.place / "stdout", self.place / "stderr"]
        with printed[0].open("wb") as stdout, printed[1].open("wb") as stderr:
            done = subprocess.run(
                [*program, self.native(script)],
                cwd=cwd,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                timeout=60,
                check=False,
            )
        seen = {
            each.stem: dict(
                line.partition("=")[::2]
                for line in each.read_text(encoding="utf-8", errors="replace").splitlines()
            )
            for each in self.place.glob("*.seen")
        }
        out, errors = (each.read_text(encoding="utf-8") for each in printed)
        return done.returncode, out, errors, seen

    def probe(self, tag: str) -> str:
        return f'set >"{self.native(self.place / tag)}.seen"'


@pytest.fixture(scope="session")
def wine(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The variables that cmd is started with."""
    if os.name == "nt":
        return dict(os.environ)
    if not shutil.which("wine"):
        if os.environ.get("SEEDBED_ALL_SHELLS"):
            pytest.fail("wine is not installed")
        pytest.skip("wine is not installed")
    prefix = tmp_path_factory.mktemp("wine")
    kept = {key: os.environ[key] for key in ("PATH",) if key in os.environ}
    environ = {
        **kept,
        "HOME": str(prefix),
        "WINEPREFIX": str(prefix / "prefix"),
        "WINEDEBUG": "-all",
    }
    subprocess.run(
        ["wine", "wineboot", "--init"],
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return environ


@pytest.fixture
def cmd(tmp_path: Path, wine: dict[str, str]) -> Cmd:
    return Cmd(tmp_path, dict(wine))


@pytest.fixture
def project(cmd: Cmd, ready_env: Path) -> Sample:
    return make_project(cmd, "my project & [1]", ready_env)


def make_project(cmd: Cmd, name: str, ready_env: Path) -> Sample:
    return make_sample(cmd.place.resolve() / name, ready_env)


def ask(cmd: Cmd, project: Sample) -> None:
    """Let `py` say in wine what the engine says of the project, with Windows' paths."""
    if os.name == "nt":
        return
    done = subprocess.run(
        [sys.executable, "-I", project.root / "tools" / "env", "shell", "cmd"],
        cwd=project.root,
        capture_output=True,
        text=True,
        check=False,
    )
    env = cmd.native(project.env)
    answer = done.stdout.replace(project.bin, f"{env}\\Scripts").replace(str(project.env), env)
    for name, text in {"answer": answer, "errors": done.stderr, "py.bat": PY}.items():
        (cmd.place / name).write_text(text, newline="\r\n")


def enter(cmd: Cmd, project: Sample) -> str:
    ask(cmd, project)
    return f'call "{cmd.native(project.root / "activate.bat")}"'


def test_it_is_plain_ascii_with_the_line_ends_of_windows() -> None:
    content = HELPER.read_bytes()
    assert content.isascii()
    assert content.count(b"\r\n") == content.count(b"\n") > 50


def test_entering_and_leaving(cmd: Cmd, project: Sample) -> None:
    code, stdout, stderr, seen = cmd.run(
        cmd.probe("before"),
        enter(cmd, project),
        cmd.probe("inside"),
        enter(cmd, project),
        cmd.probe("twice"),
        enter(cmd, project) + " /leave",
        cmd.probe("after"),
        cwd=project.root / "src",
    )
    assert (code, stdout, stderr) == (0, "", "")
    before, inside, after = seen["before"], seen["inside"], seen["after"]
    assert inside["PATH"] == cmd.native(project.env / "Scripts") + ";" + before["PATH"]
    assert inside["VIRTUAL_ENV"] == cmd.native(project.env)
    assert inside["VIRTUAL_ENV_PROMPT"] == "digits"
    assert inside["PROMPT"].startswith("(digits) ")
    assert seen["twice"] == inside
    assert after.pop("PROMPT", "$P$G") == before.pop("PROMPT", "$P$G")
    assert after == before


STRANGE = ["two words", "a & b", "it's", "(x86)", "[a]", "x^y", "a;b,c=d", "a" * 150]
PERCENT = ["100% of it", "100%PATH%"] * (os.name == "nt")  # wine expands what %~dp0 gave


@pytest.mark.parametrize("name", [*STRANGE, *PERCENT])
def test_a_directory_may_have_any_name(name: str, cmd: Cmd, ready_env: Path) -> None:
    project = make_project(cmd, name, ready_env)
    ask(cmd, project)
    _, _, stderr, seen = cmd.run("call activate.bat", cmd.probe("inside"), cwd=project.root)
    assert stderr == ""
    assert seen["inside"]["VIRTUAL_ENV"] == cmd.native(project.env)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (nothing_there, "There is no environment at .venv yet. Make it with:"),
        (no_stamp, ".venv was not made by this project and is left alone."),
    ],
)
def test_a_refusal_is_passed_on_and_stops_what_would_follow(
    spoil: Callable[[Sample], None], said: str, cmd: Cmd, project: Sample
) -> None:
    spoil(project)
    line = enter(cmd, project)
    then = [f"{line} && echo entered"] * (os.name == "nt")  # wine goes on, whatever was called
    _, stdout, stderr, seen = cmd.run(
        line, "echo %ERRORLEVEL%", cmd.probe("next"), *then, cwd=project.root
    )
    assert f"activate.bat: {said}" in stderr
    assert stdout.split() == ["1"]
    assert not [key for key in seen["next"] if key.startswith(("VIRTUAL", "_SEEDBED"))]


def test_a_changed_lock_is_said_and_entered(cmd: Cmd, project: Sample) -> None:
    lock_changed(project)
    _, _, stderr, seen = cmd.run(enter(cmd, project), cmd.probe("inside"), cwd=project.root)
    assert "requirements-dev.txt has changed since .venv was made from it." in stderr
    assert seen["inside"]["VIRTUAL_ENV"] == cmd.native(project.env)


def test_the_next_python_is_asked_where_the_first_one_is_none(cmd: Cmd, project: Sample) -> None:
    """As Windows' link to its Store, whose exit code is 9009."""
    line = enter(cmd, project)
    if os.name != "nt":
        (cmd.place / "py.bat").rename(cmd.place / "python.bat")
    (cmd.place / "py.bat").write_text("@exit /b 9009\r\n", newline="")
    _, _, stderr, seen = cmd.run(line, cmd.probe("inside"), cwd=project.root)
    assert stderr == ""
    assert seen["inside"]["VIRTUAL_ENV"] == cmd.native(project.env)


def test_where_no_python_runs_the_engine_it_says_so(cmd: Cmd, project: Sample) -> None:
    line = enter(cmd, project)
    for name in ("py.bat", "python.bat"):
        (cmd.place / name).write_text("@exit /b 9009\r\n", newline="")
    _, stdout, stderr, _ = cmd.run(line, "echo %ERRORLEVEL%", cwd=project.root)
    assert stderr == "activate.bat: Install Python 3.9 or newer first.\n"
    assert stdout.split() == ["1"]


def test_a_helper_taken_from_its_project_says_what_is_missing(cmd: Cmd, project: Sample) -> None:
    (project.root / "tools" / "env.cfg").unlink()
    _, _, stderr, _ = cmd.run(enter(cmd, project), cwd=project.root)
    assert "No tools\\env.cfg beside this file." in stderr
