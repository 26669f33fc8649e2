"""Whatever the engine says is made to happen, and what it names makes it go away.

Each row is a message of docs/errors.md: a function makes it happen and yields the command that
tells of it; what it does after that is what the message leaves to a person. A message without a row
stands in UNREACHED with the reason; the rows of conda are in tests/managers.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from support import drifts, sources
from support.engine import MINOR, Tiny, loopback_environ, other_pythons, tiny
from support.index import failing, serve, uploaded
from support.managers import make, serve_files, uv
from support.mends import Case, Row, named, situation, tried
from support.sources import sdist
from support.template import git
from support.wheels import Wheel, uv_wheel, wheel

ROWS: list[Row] = []
LOCK_FAILED = "the lines above say why. Mend that (nothing was changed) and run again: "
UNREACHED = {
    "⟨packages⟩ bring different files": "a note, about which nothing must be done",
    "Its Python is ⟨python⟩ here, and": "a note, about which nothing must be done",
    "uv is fetched by a CPython, and none is": "takes a machine that has PyPy and nothing else",
    "The disk of ⟨environment⟩ lets no program start": "takes a disk of its own: test_faults",
    "⟨environment⟩ cannot be looked into": "takes a second user: test_faults",
    "⟨environment⟩ is for another user": "takes a second user: test_faults",
    "The Python of ⟨environment⟩ is not for this user": "takes a second user: test_faults",
    "⟨lock⟩ cannot be read (": "takes a second user: test_faults",
    "In use by a program, and so not deleted": "takes Windows: test_files_in_use",
    "⟨file⟩ is in use by a program": "takes Windows: test_files_in_use",
    "The disk is full.": "takes a disk of its own: test_a_disk_that_is_full_for_packages_is_told",
    "pip has to fetch files, and Python ⟨version⟩ has neither": "test_faults has it, with "
    "a Python made for it",
    "Python ⟨version⟩ reads no TOML": "the Python of the tests is newer",
    "Conda packages are installed by py-rattler, which": "the Python of the tests is newer",
}
"""How a message begins that no row makes happen, and why."""


def other_python() -> str:
    """A Python of another minor version that is on this machine."""
    found = [path for minor, path in other_pythons().items() if minor in ("3.12", "3.13", "3.10")]
    if not found:
        pytest.skip("there is no second Python on this machine")
    return found[0]


def forget_caches(it: Case) -> None:
    it.environ["UV_CACHE_DIR"] += "-new"


# The project and its settings


@situation("⟨manager⟩ is not a manager")
def _(it: Case) -> Iterator[str]:
    it.settings(manager="poetry")
    yield "check"
    it.settings(manager="venv")


@situation("tools/env.cfg in ⟨directory⟩ lacks")
def _(it: Case) -> Iterator[str]:
    it.settings(lock="")
    yield "check"


@situation("tools/env.cfg asks for Python '⟨version⟩', which")
def _(it: Case) -> Iterator[str]:
    it.settings(python="three")
    yield "check"
    if it.way == 0:
        it.settings(python=MINOR)


@situation("The environment's place, ⟨path⟩, would swallow")
def _(it: Case) -> Iterator[str]:
    it.environ["UV_PROJECT_ENVIRONMENT"] = str(it.root.parent)
    yield "info"
    it.environ["UV_PROJECT_ENVIRONMENT"] = str(it.env)


@situation("⟨directory⟩ is not a project of this template")
def _(it: Case) -> Iterator[str]:
    yield f"--project {it.wheelhouse} check"
    it.shown = "check" if it.way == 0 else f"--project {it.root} check"


@situation("⟨file⟩ cannot be read (")
def _(it: Case) -> Iterator[str]:
    (it.root / "tools" / "env.cfg").write_bytes(b"name = caf\xe9\n")
    yield "check"


@situation("tools/env.local.cfg cannot be read")
def _(it: Case) -> Iterator[str]:
    path = it.root / "tools" / "env.local.cfg"
    path.write_bytes(b"index = \xe9\n")
    yield "check"
    path.unlink()


# Which Python


@situation("⟨wanted⟩ is no CPython")
def _(it: Case) -> Iterator[str]:
    yield "sync --python /nowhere/python"
    it.shown = "check"


@situation("The lock is for Python")
def _(it: Case) -> Iterator[str]:
    it.settings(pythons=MINOR)
    yield f"sync --python {other_python()}"
    it.shown = "check"


@situation("Python ⟨wanted⟩ is not on this machine", ways=(0, 2))  # 1 downloads a Python
def _(it: Case) -> Iterator[str]:
    it.settings(python="3.99")
    it.environ["SEEDBED_STRICT"] = "1"  # else another one would be taken
    yield "sync"
    if it.way == 0:
        it.settings(python=MINOR)


@situation("⟨Python⟩ could not make an environment")
def _(it: Case) -> Iterator[str]:
    """A path that holds our own files just so, and none of a library."""
    before, folder = dict(it.environ), str(it.root.parent / "deep")
    folder += f"/{'x' * 200}" * ((4050 - len(folder)) // 201)
    it.environ["UV_PROJECT_ENVIRONMENT"] = folder + "/" + "y" * (4067 - len(folder))
    yield "sync"
    it.environ.clear()
    it.environ.update(before)


@situation("⟨path⟩ was made just now and does not run.")
def _(it: Case) -> Iterator[str]:
    """A program that is a Python where it lies, and nowhere else."""
    base = it.root.parent / f"python{MINOR}"
    base.write_text(
        f'#!/bin/bash\n[ "$0" = {base} ] || exit 1\n'
        f'exec -a "$0" "{it.project.python.resolve()}" "$@"\n'
    )
    base.chmod(0o755)
    shutil.rmtree(it.env)
    yield f"sync --python {base}"
    it.fill, it.shown = {"VERSION": MINOR}, "check"


@situation("uv could not fetch Python")
def _(it: Case) -> Iterator[str]:
    it.settings(python="3.99")
    it.environ["UV_PYTHON_INSTALL_MIRROR"] = "http://127.0.0.1:9"
    yield "sync --fetch"
    it.settings(python=MINOR)
    it.shown = "sync"


def standing_on_a_module(it: Case) -> None:
    """The environment of a cluster's Python, which runs while its module is loaded."""
    base = it.root.parent / f"python{MINOR}"
    lacking = "error while loading shared libraries: libpython.so.1.0: cannot open it"
    base.write_text(
        f'#!/bin/bash\n[ "$LD_LIBRARY_PATH" ] || {{ echo "$0: {lacking}" >&2; exit 127; }}\n'
        f'exec -a "$0" "{it.project.python.resolve()}" "$@"\n'
    )
    base.chmod(0o755)
    it.project.python.unlink()
    it.project.python.symlink_to(base)
    stamp(it, "base", str(base))
    it.fill = {"module load NAME": "export LD_LIBRARY_PATH=/its/place", "VERSION": MINOR}


@situation("The Python of ⟨environment⟩ does not start without ⟨library⟩. Load")
def _(it: Case) -> Iterator[str]:
    standing_on_a_module(it)
    it.edit("requirements-dev.txt", "alpha==1.0", "# a comment\nalpha==1.0")
    yield "sync"
    if it.way == 0:
        it.environ["LD_LIBRARY_PATH"] = "/its/place"


@situation("The Python of ⟨environment⟩ does not start without ⟨library⟩. `module")
def _(it: Case) -> Iterator[str]:
    standing_on_a_module(it)
    yield "check"


# The place of the environment


def foreign(it: Case) -> None:
    shutil.rmtree(it.env)
    it.env.mkdir()
    (it.env / "thesis.txt").touch()


@situation("⟨state⟩. Remove it by hand")
def _(it: Case) -> Iterator[str]:
    foreign(it)
    yield "delete --yes"
    shutil.rmtree(it.env)


@situation("Deleting needs a yes")
def _(it: Case) -> Iterator[str]:
    yield "delete"


@situation("⟨environment⟩ is a symbolic link, and")
def _(it: Case) -> Iterator[str]:
    elsewhere = it.env.rename(it.root.parent / "disk")
    it.env.symlink_to(elsewhere)
    yield "delete --yes"
    it.env.unlink()
    shutil.rmtree(elsewhere)


@situation("The name '⟨directory⟩' is not UTF-8")
def _(it: Case) -> Iterator[str]:
    right, it.project = it.project, replace(it.project, root=it.root.parent / "caf\udce9")
    right.root.rename(it.root)
    yield "sync"
    it.project = right
    (right.root.parent / "caf\udce9").rename(right.root)


@situation("An environment cannot live at")
def _(it: Case) -> Iterator[str]:
    it.environ["UV_PROJECT_ENVIRONMENT"] = str(it.root / "a:b")
    yield "sync"
    it.environ["UV_PROJECT_ENVIRONMENT"] = str(it.root / "ab")  # of a project that was moved


@situation("⟨state⟩. Move it away and run")
def _(it: Case) -> Iterator[str]:
    foreign(it)
    yield "sync"
    if it.way == 0:
        it.env.rename(it.root / "thesis")


# Installing packages


@situation("⟨uv⟩ ended well, and yet")
def _(it: Case) -> Iterator[str]:
    shutil.rmtree(it.env)
    (it.root / "uv.toml").write_text(f'[pip]\ntarget = "{it.wheelhouse}"\n')
    yield "sync"
    (it.root / "uv.toml").unlink()


@situation("Files of ⟨packages⟩ were changed")
def _(it: Case) -> Iterator[str]:
    drifts.edited(it.project, it.wheelhouse)
    yield "sync --offline"


@situation("A package's file is not the one")
def _(it: Case) -> Iterator[str]:
    shutil.rmtree(it.env)
    forget_caches(it)
    wheel(it.wheelhouse, "alpha", "1.0", text="evil = 1\n")
    yield "sync"
    wheel(it.wheelhouse, "alpha", "1.0")


@situation("The cache of uv cannot be written to")
def _(it: Case) -> Iterator[str]:
    shutil.rmtree(it.env)
    it.environ["UV_CACHE_DIR"] = str(it.root / "pyproject.toml")
    yield "sync"
    it.environ["UV_CACHE_DIR"] = str(it.root.parent / "another")


@situation("The caches do not hold all")
def _(it: Case) -> Iterator[str]:
    shutil.rmtree(it.env)
    forget_caches(it)
    yield "sync --offline"


@situation("The package index did not take the login")
def _(it: Case) -> Iterator[str]:
    yield from at_an_index_that_answers(it, "401")


@situation("The package index does not serve")
def _(it: Case) -> Iterator[str]:
    yield from at_an_index_that_answers(it, "404")


@situation("The package index could not be reached")
def _(it: Case) -> Iterator[str]:
    yield from at_an_index_that_answers(it, "500")


def at_an_index_that_answers(it: Case, how: str) -> Iterator[str]:
    shutil.rmtree(it.env)
    forget_caches(it)
    right = it.environ["UV_DEFAULT_INDEX"]
    with failing(how) as it.environ["UV_DEFAULT_INDEX"]:
        yield "sync"
    it.environ["UV_DEFAULT_INDEX"] = right


@situation("The package index has no ⟨package⟩, which is locked.")
def _(it: Case) -> Iterator[str]:
    """Its authors have deleted that release."""
    shutil.rmtree(it.env)
    forget_caches(it)
    wheel(it.wheelhouse, "alpha", "1.1")
    (it.wheelhouse / "alpha-1.0-py3-none-any.whl").unlink()
    yield "sync"


def without_uv(it: Case, of_lock: Callable[[Wheel], None]) -> Iterator[str]:
    """A machine without uv, and a lock that has one."""
    uv, it.environ["UV"] = it.environ["UV"], "/nowhere/uv"
    made = uv_wheel(it.wheelhouse, uv)
    of_lock(made)
    shutil.rmtree(it.env)
    yield "sync"
    it.environ["UV"] = uv


@situation("There is no uv on this machine and none in")
def _(it: Case) -> Iterator[str]:
    yield from without_uv(it, lambda made: None)


@situation("The package index has no uv ⟨version⟩")
def _(it: Case) -> Iterator[str]:
    def elsewhere(made: Wheel) -> None:
        it.edit("requirements-dev.txt", "alpha==", f"{made.line}alpha==")
        made.path.rename(made.path.with_name("uv-0.99.0-py2-none-any.whl"))

    yield from without_uv(it, elsewhere)
    uv_wheel(it.wheelhouse, it.environ["UV"])  # on a system that it has files for


@situation("⟨uv or pip⟩ failed in")
def _(it: Case) -> Iterator[str]:
    shutil.rmtree(it.env)
    (it.root / "uv.toml").write_text("nonsense")
    yield "sync"
    (it.root / "uv.toml").unlink()


# The lock, and adding libraries


@situation("uv could not add")
def _(it: Case) -> Iterator[str]:
    yield "add 'beta >'"
    it.fill = {"'beta >'": "beta"}


@situation("Locking needs uv")
def _(it: Case) -> Iterator[str]:
    shutil.rmtree(it.env)
    uv, it.environ["UV"] = it.environ["UV"], "/nowhere/uv"
    yield "lock"
    it.environ["UV"] = uv  # one that the lock brings does as well


@situation(f"The index to resolve with was not reached; {LOCK_FAILED}")
def _(it: Case) -> Iterator[str]:
    forget_caches(it)
    right, it.environ["UV_DEFAULT_INDEX"] = it.environ["UV_DEFAULT_INDEX"], "http://127.0.0.1:9"
    yield "add delta"
    it.environ["UV_DEFAULT_INDEX"] = right


UV_THAT_WRITES_A_RANGE = """#!/bin/sh
{uv} "$@" || exit
while [ $# -gt 0 ]; do [ "$1" = --output-file ] && sed -i 's/^beta==/beta>=/' "$2"; shift; done
"""


@situation("What uv resolved makes no lock that can be")
def _(it: Case) -> Iterator[str]:
    """A stand-in, as no uv is known to write what is refused."""
    uv, program = it.environ["UV"], it.root.parent / "uv"
    program.write_text(UV_THAT_WRITES_A_RANGE.format(uv=uv))
    program.chmod(0o755)
    it.environ["UV"] = str(program)
    yield "lock"
    it.environ["UV"] = uv


def make_a_clash(it: Case) -> None:
    """Two packages that need two versions of a third."""
    wheel(it.wheelhouse, "delta", "2.0")
    wheel(it.wheelhouse, "left", "1.0", requires=("delta==1.0",))
    wheel(it.wheelhouse, "right", "1.0", requires=("delta==2.0",))


@situation(f"The dependencies could not be resolved; {LOCK_FAILED}")
def _(it: Case) -> Iterator[str]:
    make_a_clash(it)
    yield "add left right"
    it.fill = {"left right": "left"}


ABSENT = "The index has no ⟨packages⟩, which ⟨package⟩ asks for. Mend the name or version, in "
ABSENT += "pyproject.toml or in the command (nothing was changed), then run again: "


@situation(ABSENT)
def _(it: Case) -> Iterator[str]:
    yield "add dleta"
    it.fill = {"dleta": "delta"}


@situation("pyproject.toml asks for something")
def _(it: Case) -> Iterator[str]:
    it.edit("pyproject.toml", '"beta"', '"beta", "delta==1.x"')
    yield "lock"
    it.edit("pyproject.toml", "delta==1.x", "delta==1.*")


@situation("⟨package⟩ ⟨version⟩ was made by attackers (⟨advisory⟩), and is asked for.")
def _(it: Case) -> Iterator[str]:
    wheel(it.wheelhouse, "delta", "2.0")
    it.project.withdraw("delta", "2.0")
    yield "add delta==2.0"
    it.shown = "check"


@situation("⟨package⟩ ⟨version⟩ was made by attackers (⟨advisory⟩), and is not taken.")
def _(it: Case) -> Iterator[str]:
    wheel(it.wheelhouse, "alpha", "1.1")
    it.project.withdraw("alpha", "1.0")
    yield "sync"


@situation("The lock ⟨lock⟩ is missing.")
def _(it: Case) -> Iterator[str]:
    (it.root / "requirements-dev.txt").unlink()
    yield "sync"


@situation("⟨lock⟩ cannot be read as a lock")
def _(it: Case) -> Iterator[str]:
    it.edit("requirements-dev.txt", "beta==2.0", "beta>=2.0")
    yield "sync"


@situation("pyproject.toml cannot be read")
def _(it: Case) -> Iterator[str]:
    it.edit("pyproject.toml", '["beta"]', '["beta"')
    yield "lock"
    it.edit("pyproject.toml", '["beta"', '["beta"]')


@situation("pyproject.toml names ⟨file⟩ as the project's")
def _(it: Case) -> Iterator[str]:
    it.settings(package="tiny")
    it.edit("pyproject.toml", "[project]", '[project]\nreadme = "README.md"')
    yield "add delta"
    it.settings(package="")  # to install it takes a build backend; tests with real projects do


@situation("⟨package⟩ has no wheel for ⟨place⟩")
def _(it: Case) -> Iterator[str]:
    wheel(it.wheelhouse, "epsilon", "1.0", tag="py3-none-manylinux2014_x86_64")
    wheel(it.wheelhouse, "zeta", "1.0", requires=("epsilon",))
    yield "add zeta"
    it.shown = "check"


@situation("⟨package⟩ has no wheel, and nothing is built from source unasked. Let")
def _(it: Case) -> Iterator[str]:
    sdist(it.wheelhouse, "epsilon")
    yield "add epsilon"
    it.shown = "check"


@situation("⟨package⟩ has no wheel, and nothing is built from source unasked. Name")
def _(it: Case) -> Iterator[str]:
    sdist(it.wheelhouse, "epsilon")
    it.edit("pyproject.toml", '"beta"', '"beta", "epsilon"')
    yield "lock"
    with (it.root / "pyproject.toml").open("a") as file:
        file.write('[tool.uv]\nno-binary-package = ["epsilon"]\n')


@situation("The table [tool.uv] in pyproject.toml is written in a way")
def _(it: Case) -> Iterator[str]:
    sdist(it.wheelhouse, "epsilon")
    it.edit("pyproject.toml", "[project]", "tool.uv.index = []\n[project]")
    yield "add --build epsilon"
    it.edit("pyproject.toml", "[project]", 'tool.uv.no-binary-package = ["epsilon"]\n[project]')


@situation("⟨package⟩ could not be built")
def _(it: Case) -> Iterator[str]:
    source = sources.tree(it.root.parent / "epsilon", "epsilon")
    (source / "backend.py").write_text("raise SystemExit('no compiler')")
    yield "add ../epsilon"
    sources.tree(source, "epsilon")
    it.shown = "check"


@situation("⟨directory⟩ is not there")
def _(it: Case) -> Iterator[str]:
    source = sources.tree(it.root.parent / "epsilon", "epsilon")
    assert it.project.run("add", "../epsilon").returncode == 0
    source.rename(source.with_name("away"))
    (it.env / ".seedbed" / "manifest.json").unlink()
    yield "sync"
    source.with_name("away").rename(source)


@situation("Git did not reach a repository")
def _(it: Case) -> Iterator[str]:
    root = it.root.parent / "epsilon"
    sources.repository(root, "epsilon")
    assert it.project.run("add", f"git+{root.as_uri()}").returncode == 0
    root.rename(root.with_name("away"))
    forget_caches(it)
    it.project.run("delete", "--yes")
    yield "sync"
    root.with_name("away").rename(root)
    it.fill = {"ADDRESS": root.as_uri()}


@situation("There is nothing to add.")
def _(it: Case) -> Iterator[str]:
    yield "add"
    it.fill, it.shown = {"NAME": "delta"}, "check"


@situation("An address with a login in it")
def _(it: Case) -> Iterator[str]:
    yield "add https://me:secret@example.com/delta-1.0-py3-none-any.whl"
    it.fill, it.shown = {"NAME@git+https://HOST/REPOSITORY": "delta"}, "check"


@situation("The address of ⟨package⟩ holds a login")
def _(it: Case) -> Iterator[str]:
    with serve_files(it.wheelhouse) as address:
        login = address.replace("://", "://me:secret@") + "/delta-1.0-py3-none-any.whl"
        it.edit("pyproject.toml", '"beta"', f'"beta", "delta @ {login}"')
        yield "lock"
        it.edit("pyproject.toml", f'"delta @ {login}"', '"delta"')


@situation("⟨file⟩ is the project itself, and only")
def _(it: Case) -> Iterator[str]:
    yield "add ."
    it.fill, it.shown = {"NAME": "delta"}, "check"


@situation("⟨file⟩ is no directory, and only")
def _(it: Case) -> Iterator[str]:
    yield "add ../nothing"
    it.fill, it.shown = {"NAME": "delta"}, "check"


@situation("⟨file⟩ cannot be read: ⟨reason⟩")
def _(it: Case) -> Iterator[str]:
    yield "add -r old.txt"
    (it.root / "old.txt").write_text("delta\n")


# Running a command, and freezing


@situation("There is no command to run.")
def _(it: Case) -> Iterator[str]:
    yield "run"
    it.shown = "check"


@situation("⟨state⟩. Mend it with")
def _(it: Case) -> Iterator[str]:
    shutil.rmtree(it.env)
    yield "run -- python -V"


@situation("⟨command⟩ is not in the environment")
def _(it: Case) -> Iterator[str]:
    yield "run -- delta"
    it.fill = {"NAME": "delta"}


@situation("⟨command⟩ of ⟨environment⟩ may not be run.")
def _(it: Case) -> Iterator[str]:
    (it.project.scripts / "alpha").chmod(0o644)
    yield "run -- alpha"


# Anything else


@situation("The system refused")
def _(it: Case) -> Iterator[str]:
    it.environ["UV_PROJECT_ENVIRONMENT"] = str(it.root / "pyproject.toml" / "env")
    yield "sync"
    del it.environ["UV_PROJECT_ENVIRONMENT"]


# States


@situation("There is no environment at")
def _(it: Case) -> Iterator[str]:
    shutil.rmtree(it.env)
    yield "check"


@situation("⟨environment⟩ was not made by this project")
def _(it: Case) -> Iterator[str]:
    foreign(it)
    yield "check"


def stamp(it: Case, key: str, value: str) -> None:
    path = it.env / ".seedbed" / "stamp"
    lines = [line for line in path.read_text().splitlines() if not line.startswith(f"{key}=")]
    path.write_text("\n".join([*lines, f"{key}={value}"]) + "\n")


@situation("⟨environment⟩ was made on another system")
def _(it: Case) -> Iterator[str]:
    stamp(it, "system", "win32")
    yield "check"


@situation("⟨environment⟩ is the environment of")
def _(it: Case) -> Iterator[str]:
    other = tiny(it.root.parent / "other", it.environ, env=str(it.env))
    stamp(it, "project", str(other.root))
    yield "check"


@situation("⟨environment⟩ was made for")
def _(it: Case) -> Iterator[str]:
    stamp(it, "project", "/where/it/was")
    yield "check"


@situation("tools/env.local.cfg names an index", manager="uv")
def _(it: Case) -> Iterator[str]:
    local = it.root / "tools" / "env.local.cfg"
    local.write_text(f"index = {it.environ.pop('UV_DEFAULT_INDEX')}\n")
    del it.environ["PIP_INDEX_URL"]
    it.edit("pyproject.toml", '["beta"]', '["beta", "delta"]')
    yield "lock"
    index = local.read_text().partition("= ")[2].strip()
    local.unlink()
    with (it.root / "pyproject.toml").open("a") as file:
        file.write(f'\n[[tool.uv.index]]\nurl = "{index}"\ndefault = true\n')


@situation(".python-version asks for Python", manager="uv")
def _(it: Case) -> Iterator[str]:
    pin = it.root / ".python-version"
    pin.write_text(f"{MINOR}\n")
    git(it.root, "add", str(pin))
    pin.write_text("pypy3.11\n")
    yield "check"
    if it.way == 0:
        pin.write_text(f"{MINOR}\n")


@situation("uv.lock cannot be read", manager="uv")
def _(it: Case) -> Iterator[str]:
    it.edit("uv.lock", "[[package]]", "<<<<<<< ours\n=======\n>>>>>>> theirs\n[[package]]")
    yield "sync"


@situation("⟨environment⟩ was made past tools/env", manager="uv")
def _(it: Case) -> Iterator[str]:
    shutil.rmtree(it.env / ".seedbed")
    (it.env / "pyvenv.cfg").write_text((it.env / "pyvenv.cfg").read_text() + "uv = 0.13.9\n")
    yield "check"


@situation("Making ⟨environment⟩ was not finished.")
def _(it: Case) -> Iterator[str]:
    (it.env / ".seedbed" / "manifest.json").unlink()
    yield "check"


@situation("The Python of ⟨environment⟩ is gone")
def _(it: Case) -> Iterator[str]:
    it.project.python.unlink()
    yield "check"


@situation("The Python of ⟨environment⟩ is not ⟨path⟩ any more")
def _(it: Case) -> Iterator[str]:
    it.project.python.unlink()
    it.project.python.symlink_to(other_python())
    yield "check"


@situation("⟨environment⟩/pyvenv.cfg is gone")
def _(it: Case) -> Iterator[str]:
    (it.env / "pyvenv.cfg").unlink()
    yield "check"


@situation("⟨environment⟩ sees the packages of")
def _(it: Case) -> Iterator[str]:
    it.edit(".venv/pyvenv.cfg", "packages = false", "packages = true")
    yield "check"


@situation("⟨environment⟩ has Python")
def _(it: Case) -> Iterator[str]:
    manifest = it.env / ".seedbed" / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "python": "3.7.1"}))
    yield "check"


@situation("⟨lock⟩ has changed since")
def _(it: Case) -> Iterator[str]:
    it.edit("requirements-dev.txt", "alpha==1.0", "# a comment\nalpha==1.0")
    yield "check"


# Differences


@situation("⟨package⟩ ⟨version⟩ is not in the lock.")
def _(it: Case) -> Iterator[str]:
    drifts.extra(it.project, it.wheelhouse)
    yield "check"


@situation("⟨file⟩ of ⟨package⟩ was changed")
def _(it: Case) -> Iterator[str]:
    drifts.edited(it.project, it.wheelhouse)
    yield "check"


@situation("The RECORD of ⟨package⟩ is gone.")
def _(it: Case) -> Iterator[str]:
    (it.project.site / "alpha-1.0.dist-info" / "RECORD").unlink()
    yield "check"


@situation("⟨file⟩ of ⟨package⟩ is gone.")
def _(it: Case) -> Iterator[str]:
    drifts.deleted(it.project, it.wheelhouse)
    yield "check"


@situation("The project itself, ⟨package⟩, is not installed.")
def _(it: Case) -> Iterator[str]:
    drifts.clean(it.project, it.wheelhouse)
    it.settings(package="tiny")
    yield "check"
    it.settings(package="")  # to install it takes a build backend; tests with real projects do


def with_code(it: Case) -> None:
    """The project has a package of its own, and that is installed."""
    text = (it.root / "pyproject.toml").read_text()
    sources.tree(it.root, "tiny")
    built = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    (it.root / "pyproject.toml").write_text(f"{built}\n{text}")
    it.settings(package="tiny")
    it.project.sync()


def install(it: Case, *words: str) -> None:
    """Past the engine, as a README says it."""
    argv = ["pip", "install", "--python", str(it.project.python), "--no-deps", *words]
    done = uv(it.project, *argv)
    assert done.returncode == 0, done.stderr


@situation("The project itself, ⟨package⟩, is installed as a copy")
def _(it: Case) -> Iterator[str]:
    with_code(it)
    install(it, ".")
    yield "check"


@situation("The project itself, ⟨package⟩, was installed again")
def _(it: Case) -> Iterator[str]:
    with_code(it)
    # of another length: within a second Python goes by the size, and runs its byte code of before
    it.edit("backend.py", "'1.0'", "'1.10'")
    install(it, "--editable", ".")
    it.edit("backend.py", "'1.10'", "'1.0'")
    yield "check"


@situation("The project itself, ⟨package⟩, was installed from")
def _(it: Case) -> Iterator[str]:
    with_code(it)
    install(it, "--editable", str(sources.tree(it.root.parent / "other", "tiny")))
    yield "check"


@situation("pyproject.toml has changed since ⟨package⟩ was installed")
def _(it: Case) -> Iterator[str]:
    with_code(it)
    it.edit("pyproject.toml", "0.1.0", "0.2.0")
    yield "check"


@situation("⟨package⟩ ⟨version⟩ is not installed.")
def _(it: Case) -> Iterator[str]:
    drifts.direct_missing(it.project, it.wheelhouse)
    yield "check"


@situation("Python is ⟨version⟩ now")
def _(it: Case) -> Iterator[str]:
    manifest = it.env / ".seedbed" / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "python": f"{MINOR}.99"}))
    yield "check"


@situation("⟨package⟩ came from ⟨place⟩")
def _(it: Case) -> Iterator[str]:
    root = it.root.parent / "epsilon"
    sources.repository(root, "epsilon")
    assert it.project.run("add", f"git+{root.as_uri()}").returncode == 0
    uv(it.project, "pip", "install", "--python", str(it.project.python), str(root))
    yield "check"


@situation("⟨package⟩ ⟨version⟩ was installed again")
def _(it: Case) -> Iterator[str]:
    drifts.other_wheel_from_a_path(it.project, it.wheelhouse)
    yield "check"


@situation("⟨package⟩ is imported from")
def _(it: Case) -> Iterator[str]:
    it.environ.update(drifts.shadowed(it.project, it.wheelhouse))
    yield "check"


@situation("⟨file⟩ came with no package, and Python reads")
def _(it: Case) -> Iterator[str]:
    drifts.stray_pth(it.project, it.wheelhouse)
    yield "check"


@situation("⟨package⟩ is ⟨version⟩ in ⟨lock⟩")
def _(it: Case) -> Iterator[str]:
    newer = wheel(it.wheelhouse, "alpha", "1.1").line
    path = it.root / "requirements.txt"
    path.write_text(re.sub(r"alpha==.*\n.*\n", newer, path.read_text()))
    yield "check"


@situation("⟨package⟩ is in ⟨lock⟩, and ⟨lock⟩ lacks it")
def _(it: Case) -> Iterator[str]:
    path = it.root / "requirements.txt"
    path.write_text(re.sub(r"beta==.*\n.*\n", "", path.read_text()))
    yield "check"


@situation("⟨lock⟩, which is what ⟨lock⟩ has to run, is no lock")
def _(it: Case) -> Iterator[str]:
    (it.root / "requirements.txt").unlink()
    yield "check"


@situation("⟨file⟩ came with no package, and Python imports")
def _(it: Case) -> Iterator[str]:
    drifts.start_up_code(it.project, it.wheelhouse)
    yield "check"


@situation("⟨file⟩ came with no package, and can be imported")
def _(it: Case) -> Iterator[str]:
    drifts.stray_module(it.project, it.wheelhouse)
    yield "check"


@situation("⟨file⟩ came with no package, and is imported in place")
def _(it: Case) -> Iterator[str]:
    drifts.hidden_module(it.project, it.wheelhouse)
    yield "check"


@situation("⟨file⟩ is a symbolic link to ⟨place⟩")
def _(it: Case) -> Iterator[str]:
    drifts.linked_folder(it.project, it.wheelhouse)
    yield "check"


@situation("⟨file⟩ of ⟨package⟩ is a symbolic link")
def _(it: Case) -> Iterator[str]:
    drifts.linked_file(it.project, it.wheelhouse)
    yield "check"


@situation("⟨file⟩ cannot be run")
def _(it: Case) -> Iterator[str]:
    drifts.not_executable(it.project, it.wheelhouse)
    yield "check"


@situation("The RECORD of ⟨package⟩ is damaged.")
def _(it: Case) -> Iterator[str]:
    record = it.project.site / "alpha-1.0.dist-info" / "RECORD"
    record.write_text(f"{record.read_text()}../../../../../precious.txt,,\n")
    yield "check"


def many(it: Case) -> list[Path]:
    """The files of a package that has many, once it is installed."""
    wheel(it.wheelhouse, "many", "1.0", files={f"{number}.py": b"" for number in range(20)})
    assert it.project.run("add", "many").returncode == 0
    return sorted((it.project.site / "many").glob("*.py"))


@situation("⟨number⟩ files of ⟨package⟩ are gone")
def _(it: Case) -> Iterator[str]:
    for path in many(it):
        path.unlink()
    yield "check"


@situation("⟨number⟩ files of ⟨package⟩ were changed")
def _(it: Case) -> Iterator[str]:
    for path in many(it):
        path.write_text("# formatted\n")
    yield "check"


@situation("⟨number⟩ files of ⟨package⟩ are symbolic links")
def _(it: Case) -> Iterator[str]:
    for path in many(it):
        path.rename(it.wheelhouse / path.name)
        path.symlink_to(it.wheelhouse / path.name)
    yield "check"


def kernel(it: Case) -> Path:
    """The specification of the project's kernel, once it has one."""
    wheel(it.wheelhouse, "ipykernel", "1.0")
    assert it.project.run("add", "--dev", "ipykernel").returncode == 0
    return it.env / "share" / "jupyter" / "kernels" / "tiny" / "kernel.json"


@situation("The Jupyter kernel ⟨kernel⟩ is gone")
def _(it: Case) -> Iterator[str]:
    kernel(it).unlink()
    yield "check"


@situation("The Jupyter kernel ⟨kernel⟩ was changed")
def _(it: Case) -> Iterator[str]:
    path = kernel(it)
    path.write_text(path.read_text().replace(str(it.env), "/usr"))
    yield "check"


@situation("What pyproject.toml asks for has changed")
def _(it: Case) -> Iterator[str]:
    it.edit("pyproject.toml", '"beta"', '"beta", "delta"')
    yield "check"


@situation("⟨package⟩ ⟨version⟩ was made by attackers (⟨advisory⟩). Take")
def _(it: Case) -> Iterator[str]:
    wheel(it.wheelhouse, "alpha", "1.1")
    it.project.withdraw("alpha", "1.0")
    yield "check"


@situation("⟨package⟩ ⟨version⟩ was made by attackers (⟨advisory⟩), and the lock has it")
def _(it: Case) -> Iterator[str]:
    wheel(it.wheelhouse, "alpha", "1.1")
    it.project.run("lock", "--upgrade")
    it.project.withdraw("alpha", "1.1")
    yield "check"


@situation("⟨package⟩ is ⟨version⟩, locked is")
def _(it: Case) -> Iterator[str]:
    drifts.wrong_version(it.project, it.wheelhouse)
    yield "check"


# Somebody's rules


@situation("The constraints of this machine, ⟨constraint⟩, do not allow")
def _(it: Case) -> Iterator[str]:
    wheel(it.wheelhouse, "alpha", "0.9")
    rules = it.wheelhouse / "rules.txt"
    rules.write_text("alpha<1\n")
    it.environ["UV_CONSTRAINT"] = str(rules)
    it.project.run("delete", "--yes")
    yield "sync"


def window(it: Case, text: str = '"7 days"') -> None:
    path = it.root / "pyproject.toml"
    path.write_text(path.read_text() + f"\n[tool.uv]\nexclude-newer = {text}\n")


@situation("There is no solution without what is too new", ways=(1,))
def _(it: Case) -> Iterator[str]:
    window(it)
    for file in it.wheelhouse.iterdir():
        uploaded(file, 30)
    uploaded(wheel(it.wheelhouse, "epsilon", "1.0").path, 1)
    yield "add epsilon"


@situation("⟨lock⟩ holds nothing")
def _(it: Case) -> Iterator[str]:
    lock = it.root / "requirements-dev.txt"
    lock.write_text(re.sub(r"(==\S+)", r"\1 ; sys_platform == 'plan9'", lock.read_text()))
    yield "sync"


@situation("A uv.toml of this machine says")
def _(it: Case) -> Iterator[str]:
    settings = Path(it.environ["HOME"], ".config", "uv", "uv.toml")
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text("[pip]\nno-deps = true\n")
    yield "lock"
    settings.write_text("[pip]\nno-deps = false\n")


@situation("How old a package must be cannot be read")
def _(it: Case) -> Iterator[str]:
    window(it, '"soon"')
    yield "lock"
    it.edit("pyproject.toml", "soon", "7 days")


@situation("A project cannot let in what")
def _(it: Case) -> Iterator[str]:
    window(it)
    it.environ["UV_EXCLUDE_NEWER"] = "1 day"
    yield "lock --newest alpha"
    it.shown = "lock --upgrade"


@situation("UV_NO_BUILD, PIP_ONLY_BINARY or a uv.toml forbids")
def _(it: Case) -> Iterator[str]:
    sdist(it.wheelhouse, "epsilon")
    it.environ["PIP_ONLY_BINARY"] = ":all:"
    yield "add --build epsilon"
    del it.environ["PIP_ONLY_BINARY"]


@situation("UV_MALWARE_CHECK asks for a check")
def _(it: Case) -> Iterator[str]:
    it.environ["UV_MALWARE_CHECK"] = "1"
    it.project.run("delete", "--yes")
    yield "sync"
    del it.environ["UV_MALWARE_CHECK"]


# A pack


def packed(it: Case, change: Callable[[dict[str, Any]], None] | None = None) -> str:
    """Make a pack, `change` what it says of itself, and open it though nothing is to be done."""
    assert it.project.run("pack").returncode == 0
    [path] = (it.root / "dist").glob("*.tar")
    if change:
        with tarfile.open(path) as archive:
            archive.extractall(it.root / "dist" / "its", filter="data")
        told = it.root / "dist" / "its" / "pack.json"
        values = json.loads(told.read_text())
        change(values)
        told.write_text(json.dumps(values))
        with tarfile.open(path, "w") as archive:
            for each in (it.root / "dist" / "its").iterdir():
                archive.add(each, each.name)
    return f"sync --python {MINOR} --from {path.relative_to(it.root)}"


@situation("Packs are no part of this project")
def _(it: Case) -> Iterator[str]:
    module = it.root / "tools" / "env" / "packing.py"
    aside = module.rename(module.with_suffix(".aside"))
    yield "pack"
    aside.rename(module)


@situation("⟨file⟩ is no pack")
def _(it: Case) -> Iterator[str]:
    command = packed(it)
    (it.root / command.split()[-1]).write_text("no archive")
    yield command


@situation("⟨file⟩ is for ⟨platform⟩, and this is")
def _(it: Case) -> Iterator[str]:
    yield packed(it, lambda told: told.update(platform="win32-arm64"))


@situation("⟨file⟩ was made from another lock")
def _(it: Case) -> Iterator[str]:
    yield packed(it, lambda told: told.update(lock="another"))


@situation("⟨member⟩ in ⟨file⟩ is not the file that was locked")
def _(it: Case) -> Iterator[str]:
    yield packed(it, lambda told: told["files"].update({"alpha-9.whl": "alpha"}))


@situation("⟨file⟩ has not all that this machine needs")
def _(it: Case) -> Iterator[str]:
    command = packed(it, lambda told: told["files"].pop("alpha-1.0-py3-none-any.whl"))
    it.project.run("delete", "--yes")
    forget_caches(it)
    yield command
    it.project.sync()


@situation("⟨file⟩ is for Python ⟨python⟩, and this is")
def _(it: Case) -> Iterator[str]:
    other = next(each for each in other_pythons() if each in ("3.12", "3.13", "3.10"))
    command = packed(it, lambda told: told.update(python=other))
    it.project.run("delete", "--yes")
    yield command
    it.shown = "check"


@situation("⟨built⟩ must be built, and for ⟨goal⟩ only")
def _(it: Case) -> Iterator[str]:
    sdist(it.wheelhouse, "epsilon")
    assert it.project.run("add", "--build", "epsilon").returncode == 0
    yield "pack --platform win32-amd64"
    it.shown = "pack"


@situation("⟨environment⟩ is not what is locked: ⟨difference⟩")
def _(it: Case) -> Iterator[str]:
    (it.project.site / "alpha" / "part.py").write_text("forged = True\n")
    yield "pack"


@situation("The package index has no wheel of ⟨package⟩ that is locked")
def _(it: Case) -> Iterator[str]:
    path = it.wheelhouse / "alpha-1.0-py3-none-any.whl"
    kept = path.read_bytes()
    wheel(it.wheelhouse, "alpha", "1.0", text="another = True\n")
    forget_caches(it)
    yield "pack"
    path.write_bytes(kept)


# The table


@dataclass(frozen=True)
class Kept:
    """A project with its environment as it was made once, with its index and caches."""

    place: Path
    copy: Path
    environ: dict[str, str]

    def fresh(self) -> Case:
        """All of it put back; its paths stay the same, so that the environment does."""
        shutil.rmtree(self.place)
        shutil.copytree(self.copy, self.place, symlinks=True)
        return Case(Tiny(self.place / "project", dict(self.environ)), self.place / "wheels")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Kept]]:
    with ExitStack() as servers:

        @cache
        def kept(manager: str) -> Kept:
            place = tmp_path_factory.mktemp(manager)
            for name in ("wheels", "home"):
                (place / name).mkdir()
            index = servers.enter_context(serve(place / "wheels", timed=True))
            environ = loopback_environ(place, index)
            project = make(manager, place / "project", place / "wheels", environ)
            wheel(place / "wheels", "delta", "1.0")
            done = project.run("lock")
            assert done.returncode == 0, done.stderr
            project.sync()
            git(project.root, "init", "--quiet")
            git(project.root, "add", "--all")
            git(project.root, "commit", "--quiet", "--message", "first")
            copy = place.with_name(f"{manager}-kept")
            shutil.copytree(place, copy, symlinks=True)
            return Kept(place, copy, environ)

        yield kept


@pytest.fixture
def case(row: Row, kept: Callable[[str], Kept]) -> Case:
    return kept(row.manager).fresh()


WAYS = [
    pytest.param(row, way, id=re.sub(r"\W+", "-", row.says)[:50] + f"-{way}")
    for row in ROWS
    for way in row.ways or range(len(named(row).ways()))
]


@pytest.mark.skipif(os.name == "nt", reason="its commands are in the words of a POSIX shell")
@pytest.mark.parametrize(("row", "way"), WAYS)
def test_what_is_named_mends(row: Row, way: int, case: Case) -> None:
    case.way = way
    tried(case, row)
