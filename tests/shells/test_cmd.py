"""activate.bat in cmd: the real one on Windows, wine's elsewhere."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from shells.sample import TEMPLATE, Sample, make_sample
from shells.spoil import empty_directory, no_manifest, no_stamp, nothing_there, pyvenv_cfg_gone

HELPER = TEMPLATE / "activate.bat"
pytestmark = pytest.mark.thorough  # wine takes ten seconds to set itself up

# wine's certutil prints nothing: this one does what that of Windows does, for the lock of the test
CERTUTIL = '@echo off\r\nset /p X=<"%~2.sha256"\r\necho SHA256 hash of %2:\r\necho %X%\r\n'


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
    environ = dict(wine)
    if os.name != "nt":
        (tmp_path / "certutil.bat").write_text(CERTUTIL, newline="")
    return Cmd(tmp_path, environ)


@pytest.fixture
def project(cmd: Cmd, ready_env: Path) -> Sample:
    """A ready one, its environment as one looks that was made on Windows."""
    made = make_sample(cmd.place.resolve() / "my project & [1]", ready_env)
    (made.env / "Scripts").mkdir(exist_ok=True)
    (made.env / "Scripts" / "python.exe").touch()
    stamp(made, cmd.native(made.root))
    return made


def stamp(project: Sample, root: str) -> None:
    project.stamp(project=root)
    with open(project.env / ".seedbed" / "stamp", "a") as file:
        file.write("system=win32\n")
    digest = (project.env / ".seedbed" / "stamp").read_text().splitlines()[1].partition("=")[2]
    (project.env / ".seedbed" / "locks.sha256").write_text(digest + "\n", newline="\r\n")


def enter(cmd: Cmd, project: Sample, *words: str) -> str:
    return " ".join([f'call "{cmd.native(project.root / "activate.bat")}"', *words])


def test_it_is_plain_ascii_with_the_line_ends_of_windows() -> None:
    content = HELPER.read_bytes()
    assert content.isascii()
    assert content.count(b"\r\n") == content.count(b"\n") > 100


def test_entering_and_leaving(cmd: Cmd, project: Sample) -> None:
    code, stdout, stderr, seen = cmd.run(
        cmd.probe("before"),
        enter(cmd, project),
        cmd.probe("inside"),
        enter(cmd, project),
        cmd.probe("twice"),
        enter(cmd, project, "/leave"),
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


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (nothing_there, "There is no environment at {env}. Make it with:"),
        (empty_directory, "There is no environment at {env}. Make it with:"),
        (no_manifest, "{env} was not finished. Finish it with:"),
        (pyvenv_cfg_gone, "{env} has no working Python. Repair it with:"),
        (no_stamp, "{env} was not made by this project and is left alone."),
    ],
)
def test_what_cannot_be_entered_is_said(
    spoil: Callable[[Sample], None], said: str, cmd: Cmd, project: Sample
) -> None:
    spoil(project)
    _, stdout, stderr, seen = cmd.run(
        enter(cmd, project), "echo %ERRORLEVEL%", cmd.probe("next"), cwd=project.root
    )
    assert f"activate.bat: {said.format(env=cmd.native(project.env))}" in stderr
    assert stdout.split() == ["1"]
    assert not [key for key in seen["next"] if key.startswith(("VIRTUAL", "_SEEDBED"))]


def test_a_copy_is_refused(cmd: Cmd, project: Sample) -> None:
    new = project.root.with_name("new")
    shutil.copytree(project.root, new, symlinks=True)
    project = replace(project, root=new)
    _, _, stderr, seen = cmd.run(enter(cmd, project), cmd.probe("next"), cwd=new)
    assert "was made for" in stderr
    assert "VIRTUAL_ENV" not in seen["next"]


def test_a_changed_lock_is_said_and_entered(cmd: Cmd, project: Sample) -> None:
    project.stamp(project=cmd.native(project.root), lock="0" * 64)
    _, _, stderr, seen = cmd.run(enter(cmd, project), cmd.probe("inside"), cwd=project.root)
    assert "requirements-dev.txt has changed since this environment was made." in stderr
    assert seen["inside"]["VIRTUAL_ENV"] == cmd.native(project.env)


def test_another_shell_is_told_what_it_may_enter(cmd: Cmd, project: Sample) -> None:
    code, stdout, stderr, _ = cmd.run(enter(cmd, project, "/look activate.nu"), cwd=project.root)
    assert (code, stderr) == (0, "")
    assert stdout.strip() == f"digits {cmd.native(project.env)}\\Scripts"
