"""Runs lines of a shell, as a script or typed into a terminal, and tells what was seen."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pexpect
from shells.rows import CURSOR, Shell

PROBE = Path(__file__).with_name("probe.py")
_ESCAPES = re.compile(r"\x1b(\[[0-9;?]*[a-zA-Z]|\][^\x07\x1b]*(\x07|\x1b\\)|[=>78M])")


@dataclass(frozen=True)
class Seen:
    """What one probe was handed by the shell."""

    tag: str
    status: str
    env: dict[str, str]
    cwd: str
    python: str | None

    @property
    def lasting(self) -> dict[str, str]:
        """The variables without those that tell of the program that was started last."""
        last = ("_", "LAST_EXIT_CODE")
        return {name: value for name, value in self.env.items() if name not in last}


@dataclass(frozen=True)
class Outcome:
    status: int
    stdout: str
    stderr: str
    seen: dict[str, Seen]

    @property
    def silent(self) -> bool:
        """Whether nothing was printed but the marks of the probes."""
        return not self.stderr and not re.sub(r"<<\w+>>\n", "", self.stdout)


class Driver:
    def __init__(self, shell: Shell, home: Path, path: str) -> None:
        self.shell = shell
        self.home = home
        self.out = home / "probe.jsonl"
        self.environ = {
            "PATH": path,
            "HOME": str(home),
            "LC_ALL": "C.UTF-8",
            "TERM": shell.term,
            "PROBE_OUT": str(self.out),
        }

    def probe(self, tag: str, *, status: bool = False) -> str:
        """The line that records the environment under `tag`, with the status of the line before."""
        # -S: the probe imports nothing but the standard library, and starts twice as fast
        raw = self.shell.status if status else ""
        return self.shell.call(sys.executable, "-ISB", PROBE, tag, raw=raw)

    def script(self, *lines: str, cwd: Path) -> Outcome:
        """Run the lines as one script that has no terminal."""
        self.out.unlink(missing_ok=True)
        script, text = (
            self.home / f"script{self.shell.suffix}",
            "".join(line + "\n" for line in lines),
        )
        script.write_text(text, encoding="utf-8")
        program, *words = self.shell.script
        done = subprocess.run(
            [_program(program), *words, text if self.shell.inline else script],
            env=self.environ,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr, {s.tag: s for s in self._seen()})

    def _seen(self) -> list[Seen]:
        if not self.out.exists():
            return []
        return [Seen(**json.loads(line)) for line in self.out.read_text().splitlines()]


class Terminal(Driver):
    """An interactive shell on a pseudo-terminal. Nothing sleeps: each step waits for its mark."""

    child: pexpect.spawn[str]

    def open(self, cwd: Path) -> Terminal:
        self.child = pexpect.spawn(
            _program(self.shell.terminal[0]),
            list(self.shell.terminal[1:]),
            env=self.environ,
            cwd=str(cwd),
            encoding="utf-8",
            timeout=60,
            dimensions=(50, 250),
        )
        self.child.delaybeforesend = None
        self.count, self.screen = 0, ""
        self.type(self.shell.prompt)
        self.look()
        return self

    def type(self, line: str) -> None:
        """Type a command where the shell waits for one."""
        if self.shell.ready:
            self.wait_for(self.shell.ready)
        self.answer(line)
        if self.shell.begun:
            self.wait_for(self.shell.begun)

    def answer(self, line: str) -> None:
        """Type an answer where a program asks for it."""
        self.child.send(line + "\r")

    def wait_for(self, text: str) -> None:
        """Read until `text` comes; meanwhile say where the cursor is, as a terminal does."""
        found = 1
        while found == 1:
            found = self.child.expect_exact([text, CURSOR])
            self.screen += self.child.before or ""
            if self.child.after == CURSOR:
                self.child.send("\x1b[1;1R")

    def look(self, *, status: bool = False) -> tuple[Seen, str]:
        """What a program is handed now, and all that the terminal showed since the last look."""
        self.count += 1
        self.type(self.probe(f"p{self.count}", status=status))
        self.wait_for(f"<<p{self.count}>>")
        shown, self.screen = _ESCAPES.sub("", self.screen).replace("\r", ""), ""
        return self._seen()[-1], shown

    def close(self) -> None:
        if hasattr(self, "child"):
            self.child.close(force=True)


def _program(name: str) -> str:
    found = shutil.which(name)
    assert found is not None, f"{name} is not installed"
    return found
