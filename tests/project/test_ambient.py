"""Whatever variables and settings a machine has, the environment is the same.

The rows are those of a study of what leads `python -m venv` and pip astray; see docs/using.md for
what gets through on purpose.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.engine import MINOR, Tiny, loopback_environ, other_pythons, tiny, without_uv
from support.index import serve
from support.wheels import wheel

VARIABLES = {
    "PIP_TARGET": "{place}",
    "PIP_PREFIX": "{place}",
    "PIP_ROOT": "{place}",
    "PIP_DRY_RUN": "1",
    "PIP_USER": "1",
    "PIP_REQUIRE_VIRTUALENV": "1",
    "PIP_NO_BINARY": ":all:",
    "PIP_PYTHON": "{other}",
    "PYTHONPATH": "{place}",
    "PYTHONHOME": "{place}",
    "PYTHONPLATLIBDIR": "{place}",
    "__PYVENV_LAUNCHER__": "{other}",
    "PYTHONSTARTUP": "{place}/startup.py",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONUSERBASE": "{place}",
    "PYTHONOPTIMIZE": "2",
    "PYTHONWARNINGS": "error",
    "PYENV_VERSION": "3.99.9",
    "VIRTUAL_ENV": "{venv}",
    "CONDA_PREFIX": "{venv}",
    "CONDA_PREFIX CONDA_DEFAULT_ENV=base": "{venv}",
    "UV_PYTHON": "{other}",
    "UV_TARGET": "{place}",
    "UV_PROJECT": "{place}",
    "UV_WORKING_DIR": "{place}",
    "UV_SYSTEM_PYTHON": "1",
    "UV_NO_BINARY": "1",
    "UV_RESOLUTION": "lowest",
    "UV_EXCLUDE_NEWER": "2000-01-01",
    "UV_REQUIRE_HASHES": "1",
    "PIP_REQUIRE_HASHES": "1",
    "UV_NO_BUILD": "1",
    "PIP_ONLY_BINARY": ":all:",
    "UV_COMPILE_BYTECODE": "1",
    "UV_NO_CONFIG": "1",
    "UV_NO_CACHE": "1",
    "LC_ALL": "C",
    "PATH": "/usr/bin:/bin",
}
PIP_CONF = """\
[global]
user = true
target = {place}
require-virtualenv = true
no-binary = :all:
[install]
prefix = {place}
dry-run = true
"""


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tiny]:
    """A project whose environment was made with no hostile setting."""
    place = tmp_path_factory.mktemp("clean")
    for name in ("wheels", "home"):
        (place / name).mkdir()
    wheels = [wheel(place / "wheels", name, "1.0") for name in ("alpha", "beta")]
    with serve(place / "wheels") as index:
        made = tiny(place / "project", loopback_environ(place, index))
        made.lock(*wheels)
        made.sync()
        yield made


@pytest.fixture(scope="module")
def fingerprint(clean: Tiny) -> str:
    found: str = clean.info()["fingerprint"]
    return found


@pytest.fixture
def other(clean: Tiny, tmp_path: Path, home: Path) -> Tiny:
    """A second project with the same lock, a home of its own, and no environment yet."""
    made = tiny(tmp_path / "other", {**clean.environ, "HOME": str(home)})
    (made.root / "requirements.txt").write_bytes((clean.root / "requirements.txt").read_bytes())
    return made


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where packages must not go; a module in it hides one of theirs."""
    folder = tmp_path / "elsewhere"
    (folder / "alpha").mkdir(parents=True)
    (folder / "alpha" / "__init__.py").write_text("raise SystemExit('hidden')\n")
    (folder / "startup.py").write_text("raise SystemExit('started')\n")
    return folder


@pytest.mark.parametrize("name", VARIABLES)
def test_a_hostile_variable_changes_nothing(
    clean: Tiny, other: Tiny, fingerprint: str, place: Path, name: str
) -> None:
    before = _listing(place), _listing(clean.env)
    _sync(other, _variables(name, place, clean))
    told = other.info()
    assert (told["state"], told["fingerprint"]) == ("ready", fingerprint)
    assert other.codes() == []
    assert (_listing(place), _listing(clean.env)) == before


def test_all_of_them_at_once_change_nothing_where_pip_fetches_uv(
    clean: Tiny, other: Tiny, place: Path
) -> None:
    without_uv(other, clean.root.parent / "wheels")
    before = _listing(place), _listing(clean.env)
    extra = {}
    for name in VARIABLES:
        extra.update(_variables(name, place, clean))
    _sync(other, {**extra, "UV": "/nowhere/uv"})
    assert other.codes() == []
    assert (_listing(place), _listing(clean.env)) == before


def test_a_pip_conf_leads_nothing_elsewhere(
    other: Tiny, fingerprint: str, place: Path, home: Path
) -> None:
    (home / ".config" / "pip").mkdir(parents=True)
    (home / ".config" / "pip" / "pip.conf").write_text(PIP_CONF.format(place=place))
    del other.environ["PIP_CONFIG_FILE"]
    before = _listing(place)
    _sync(other, {})
    assert other.info()["fingerprint"] == fingerprint
    assert _listing(place) == before


@pytest.mark.parametrize("told", ["UV_CONSTRAINT", "PIP_CONSTRAINT", "pip.conf"])
def test_constraints_are_kept_by_sync_too(other: Tiny, home: Path, place: Path, told: str) -> None:
    rules = place / "rules.txt"
    rules.write_text("alpha<1\nzeta>5\n")
    extra = {told: str(rules)}
    if told == "pip.conf":
        (home / ".config" / "pip").mkdir(parents=True)
        (home / ".config" / "pip" / "pip.conf").write_text(f"[global]\nconstraint = {rules}\n")
        extra = {"PIP_CONFIG_FILE": ""}
    done = other.run("sync", **extra)
    assert done.returncode == 3
    assert f"{rules}, do not allow what is locked" in done.stderr
    assert "you require alpha==1.0 and alpha<1" in done.stderr
    rules.write_text("alpha<2\n")
    other.sync(**extra, UV_REQUIRE_HASHES="1")  # uv alone takes no bounds beside that


def test_bounds_of_pyproject_leave_the_hashes_verified(other: Tiny) -> None:
    tables = '[project]\nname = "tiny"\nversion = "1"\n[tool.uv]\n'
    (other.root / "pyproject.toml").write_text(
        f'{tables}constraint-dependencies = ["alpha<2", "zeta>5"]\n'
    )
    lock = other.root / "requirements.txt"
    good = lock.read_text()
    lock.write_text(re.sub("sha256:[0-9a-f]{64}", "sha256:" + "0" * 64, good))
    done = other.run("sync")
    assert done.returncode == 3
    assert "Hash mismatch" in done.stderr
    lock.write_text(good)
    other.sync()


def test_a_constraints_file_that_is_missing_is_no_permission(other: Tiny, place: Path) -> None:
    done = other.run("sync", UV_CONSTRAINT=str(place / "missing.txt"))
    assert done.returncode == 3
    assert f"{place / 'missing.txt'}, do not allow" in done.stderr


def test_constraints_are_not_to_blame_for_an_index_that_does_not_answer(
    other: Tiny, place: Path
) -> None:
    rules = place / "rules.txt"
    rules.write_text("alpha<2\n")
    nowhere = {"UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple", "UV_HTTP_RETRIES": "0"}
    done = other.run("sync", UV_CONSTRAINT=str(rules), UV_NO_CACHE="1", **nowhere)
    assert done.returncode == 3
    assert "The package index could not be reached" in done.stderr


def test_a_check_that_is_asked_for_and_not_made_is_told(other: Tiny) -> None:
    done = other.run("sync", UV_MALWARE_CHECK="1")
    assert done.returncode == 3
    assert "UV_MALWARE_CHECK asks for a check" in done.stderr
    other.sync(UV_MALWARE_CHECK="0")


def test_the_link_mode_of_uv_is_the_users(other: Tiny, fingerprint: str, home: Path) -> None:
    (home / ".config" / "uv").mkdir(parents=True)
    (home / ".config" / "uv" / "uv.toml").write_text('link-mode = "copy"\n')
    other.sync()
    assert other.info()["fingerprint"] == fingerprint
    assert (other.site / "alpha" / "__init__.py").stat().st_nlink == 1


def test_from_inside_another_environment_the_base_python_is_taken(
    clean: Tiny, other: Tiny, fingerprint: str
) -> None:
    environ = {**other.environ, "VIRTUAL_ENV": str(clean.env)}
    environ["PATH"] = f"{clean.scripts}{os.pathsep}{environ['PATH']}"
    argv = [str(clean.python), str(other.root / "tools" / "env"), "sync"]
    subprocess.run(argv, cwd=other.root, env=environ, check=True, capture_output=True)
    assert other.info()["fingerprint"] == fingerprint
    settings = (other.env / "pyvenv.cfg").read_text(encoding="utf-8")
    assert str(clean.env) not in settings


def test_a_shim_of_pyenv_is_not_taken_for_a_python(
    other: Tiny, fingerprint: str, tmp_path: Path
) -> None:
    shims = tmp_path / "shims"
    shims.mkdir()
    for name in ("python", "python3", f"python{sys.version_info[0]}.{sys.version_info[1]}"):
        (shims / name).write_text("#!/bin/sh\necho 'pyenv: version not installed' >&2\nexit 127\n")
        (shims / name).chmod(0o755)
    path = f"{shims}{os.pathsep}{other.environ['PATH']}"
    other.sync(PATH=path, PYENV_VERSION="3.99.9")
    assert other.info()["fingerprint"] == fingerprint


def test_a_shim_is_asked_last_and_where_no_file_tells_it_a_version(
    other: Tiny, fingerprint: str, tmp_path: Path
) -> None:
    """As mise and asdf have them: the current directory decides, and its Python is what counts."""
    shim = tmp_path / "shims" / f"python{MINOR}"
    shim.parent.mkdir()
    base = json.dumps(getattr(sys, "_base_executable", sys.executable))
    shim.write_text(f'#!/bin/sh\n[ "$PWD" = / ] || exit 126\nexec {base} "$@"\n')
    shim.chmod(0o755)
    (other.root / ".tool-versions").write_text("python 3.99.9\n")
    script = "from env.interpreters import probe; import sys; print(probe(sys.argv[1:], {}).path)"
    argv = [sys.executable, "-c", script, str(shim)]
    done = subprocess.run(
        argv, cwd=other.root, env={"PYTHONPATH": str(other.root / "tools")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.strip() == json.loads(base), done.stderr


def test_a_file_of_uv_that_leads_elsewhere_is_told(other: Tiny, place: Path, home: Path) -> None:
    """uv has no way to keep its other settings and leave out this one."""
    (home / ".config" / "uv").mkdir(parents=True)
    (home / ".config" / "uv" / "uv.toml").write_text(f'[pip]\ntarget = "{place}"\n')
    done = other.run("sync")
    assert done.returncode == 3
    assert "ended well, and yet: alpha 1.0 is not installed." in done.stderr
    assert "uv.toml" in done.stderr


def _sync(project: Tiny, extra: dict[str, str]) -> None:
    """As activate.sh starts it: PYTHONHOME and its like stop a Python that is not told -I."""
    argv = [sys.executable, "-I", str(project.root / "tools" / "env"), "sync"]
    done = subprocess.run(
        argv,
        cwd=project.root,
        env={**project.environ, **extra},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def _variables(name: str, place: Path, clean: Tiny) -> dict[str, str]:
    words = {"place": place, "venv": clean.env, "other": _another_python()}
    first, *more = name.split()
    return {first: VARIABLES[name].format(**words), **dict(word.split("=") for word in more)}


def _another_python() -> str:
    return next((path for path in other_pythons().values() if path != sys.executable), "/nowhere")


def _listing(folder: Path) -> list[str]:
    return sorted(str(path) for path in folder.rglob("*") if path.suffix != ".pyc")
