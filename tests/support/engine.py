"""Small projects for the engine, and running it as a user does."""

from __future__ import annotations

import compileall
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from .template import ROOT
from .wheels import Wheel, uv_wheel

ADVISORY = "PYSEC-0000-1"
MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"

PYPROJECT = """\
[project]
name = "tiny"
version = "0.1.0"
requires-python = ">=3.9"
"""


@dataclass(frozen=True)
class Tiny:
    """A project of a few small packages; every command gets `environ` and nothing else."""

    root: Path
    environ: dict[str, str] = field(repr=False)

    @property
    def env(self) -> Path:
        return self.root / ".venv"

    @property
    def scripts(self) -> Path:
        return self.env / ("Scripts" if os.name == "nt" else "bin")

    @property
    def python(self) -> Path:
        return self.scripts / ("python.exe" if os.name == "nt" else "python")

    @property
    def site(self) -> Path:
        lib = "Lib" if os.name == "nt" else "lib/python*"
        return next(self.env.glob(f"{lib}/site-packages"))

    def lock(self, *wheels: Wheel) -> None:
        """Write the lock."""
        text = "".join(each.line for each in wheels)
        (self.root / "requirements.txt").write_text(text, encoding="utf-8")

    def run(self, *words: str, **extra: str) -> subprocess.CompletedProcess[str]:
        """An engine command; `extra` are variables on top."""
        return run(sys.executable, self.root, *words, environ={**self.environ, **extra})

    def sync(self, *words: str, **extra: str) -> subprocess.CompletedProcess[str]:
        """`sync` that must work."""
        done = self.run("sync", *words, **extra)
        assert done.returncode == 0, done.stderr
        return done

    def withdraw(self, name: str, version: str) -> None:
        """An update of the template brings a longer list of versions that attackers made."""
        with open(self.root / "tools" / "env" / "withdrawn.txt", "a", encoding="utf-8") as file:
            file.write(f"{name}!={version}  # {ADVISORY}: it stole credentials\n")

    def info(self, **extra: str) -> dict[str, Any]:
        facts: dict[str, Any] = json.loads(self.run("info", "--json", **extra).stdout)
        return facts

    def codes(self, *words: str, **extra: str) -> list[str]:
        """The reason codes that `check` finds."""
        found = json.loads(self.run("check", "--json", *words, **extra).stdout)
        return sorted({difference["code"] for difference in found["differences"]})


def tiny(root: Path, environ: dict[str, str], **settings: str) -> Tiny:
    """A new project at `root`; `settings` replace those of its tools/env.cfg."""
    (root / "tools").mkdir(parents=True)
    drafts = shutil.ignore_patterns("*.pyc.*")  # of another process that compiles it just now
    shutil.copytree(_engine(), root / "tools" / "env", ignore=drafts)
    values = {
        "name": "tiny",
        "package": "",
        "python": MINOR,
        "python_minimum": "3.9",
        "manager": "venv",
        "env": ".venv",
        "lock": "requirements.txt",
        **settings,
    }
    text = "".join(f"{key} = {value}\n" for key, value in values.items())
    (root / "tools" / "env.cfg").write_text(text, encoding="utf-8")
    (root / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    return Tiny(root, environ)


def without_uv(project: Tiny, wheelhouse: Path) -> None:
    """As on a machine without uv: the one that is in the lock then must be fetched."""
    lock = project.root / "requirements.txt"
    made = uv_wheel(wheelhouse, project.environ["UV"])
    lock.write_text(lock.read_text(encoding="utf-8") + made.line, encoding="utf-8")
    project.environ["UV"] = "/nowhere/uv"


@cache
def _engine() -> Path:
    """The engine with its byte code, as it is from the second command on in a project."""
    engine = ROOT / "template" / "tools" / "env"
    compileall.compile_dir(engine, quiet=1)
    return engine


def run(
    python: str, root: Path, *words: str, environ: dict[str, str], cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the engine of the project at `root` with a Python of one's choice."""
    try:
        return subprocess.run(
            [python, str(root / "tools" / "env"), *words],
            cwd=cwd or root,
            env=environ,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=540,  # before pytest ends the test, which could not say what was printed
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        said = b"".join(each or b"" for each in (error.stdout, error.stderr))
        pytest.fail(f"{words} did not end; it said:\n{said.decode(errors='replace')}")


def clean_environ(home: Path, **more: str) -> dict[str, str]:
    """The variables of a fresh login: a home of its own, the plain PATH, our uv."""
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    assert uv, "the tests run in the template's .venv, which has uv"
    kept = {key: os.environ[key] for key in ("SSL_CERT_FILE", "LANG") if key in os.environ}
    pyenv = os.environ.get("PYENV_ROOT", str(Path.home() / ".pyenv"))
    fixed = {"UV": uv, "PYENV_ROOT": pyenv, "PIP_CONFIG_FILE": os.devnull}
    return {"HOME": str(home), "PATH": os.defpath, **fixed, **kept, **more}


def loopback_environ(place: Path, index: str) -> dict[str, str]:
    """The same, with uv and pip led to an index on loopback; home and caches are in `place`."""
    return clean_environ(
        place / "home",
        UV_DEFAULT_INDEX=index,
        UV_CACHE_DIR=str(place / "uv-cache"),
        UV_HTTP_RETRIES="0",
        PIP_INDEX_URL=index,
        PIP_CACHE_DIR=str(place / "pip-cache"),
        PIP_RETRIES="0",
    )


def shared_cache() -> str:
    """The cache of the person who runs the tests, for real packages of real size."""
    return os.environ.get("UV_CACHE_DIR") or str(Path.home() / ".cache" / "uv")


def other_pythons() -> dict[str, str]:
    """The Pythons of this machine, on PATH and in pyenv: executable by minor version."""
    names = (f"3.{minor}" for minor in range(6, 20))
    on_path = {name: shutil.which(f"python{name}") for name in names}
    # A shim of pyenv is on PATH whether or not it leads anywhere.
    found = {name: path for name, path in on_path.items() if path and ".pyenv" not in path}
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for path in sorted(root.glob("3.*/bin/python")):
        found[".".join(path.parent.parent.name.split(".")[:2])] = str(path)
    return found


def another_patch_release() -> str:
    """A Python of this minor version and another patch release; skips where there is none."""
    tell = "import sys; print(*sys.version_info[:3], sep='.')"
    pyenv = other_pythons().get(MINOR, "")
    for name in (f"/usr/bin/python{MINOR}", f"/usr/local/bin/python{MINOR}", pyenv):
        if os.path.exists(name):
            version = subprocess.check_output([name, "-c", tell], text=True).strip()
            if version != ".".join(map(str, sys.version_info[:3])):
                return os.path.realpath(name)
    pytest.skip(f"there is no second Python {MINOR} on this machine")
