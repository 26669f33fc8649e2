"""`lock`: what it reads, what it keeps, and that it writes nothing that cannot be installed."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support.engine import Tiny, loopback_environ
from support.index import serve
from support.managers import make
from support.template import tree
from support.wheels import wheel

LOCK, RUN = "requirements-dev.txt", "requirements.txt"


@pytest.fixture
def locked(tmp_path: Path, wheelhouse: Path, environ: dict[str, str]) -> Tiny:
    """A project that asks for beta (and so alpha) and, to develop, for gamma: all are locked."""
    project = make("venv", tmp_path / "project", wheelhouse, environ)
    done = project.run("lock")
    assert done.returncode == 0, done.stderr
    return project


def ask(project: Tiny, old: str, new: str) -> None:
    """Edit pyproject.toml."""
    path = project.root / "pyproject.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def pins(project: Tiny, lock: str = LOCK) -> list[str]:
    return re.findall(r"^[\w.-]+==\S+", (project.root / lock).read_text(), re.MULTILINE)


def pin(project: Tiny, wheelhouse: Path, name: str, version: str, lock: str = LOCK) -> None:
    """Change a version in one lock file, as a bot does."""
    line = wheel(wheelhouse, name, version).line
    path = project.root / lock
    path.write_text(re.sub(rf"{name}==.*\n.*\n", lambda found: line, path.read_text()))


def said(project: Tiny, *words: str) -> str:
    """What a command tells that must work."""
    done = project.run(*words)
    assert done.returncode == 0, done.stderr
    return done.stderr


# What it is asked for


def test_a_group_holds_what_it_includes_and_what_the_projects_own_extras_bring(
    locked: Tiny, wheelhouse: Path
) -> None:
    for name in ("tiny", "zeta", "eta", "theta"):  # a stranger has the project's name on the index
        wheel(wheelhouse, name, "9.0")
    ask(locked, "[dependency-groups]", '[project.optional-dependencies]\nBig = ["zeta", "eta"]\n\n'
        '[dependency-groups]\nTest_Tools = ["theta"]')  # fmt: skip
    ask(locked, '["gamma"]', '["gamma", "Tiny[big]", {include-group = "test.tools"}]')
    assert locked.codes() == ["missing-env"]
    said(locked, "lock")
    assert pins(locked) == [
        "alpha==1.0", "beta==2.0", "eta==9.0", "gamma==1.0", "theta==9.0", "zeta==9.0",
    ]  # fmt: skip
    assert pins(locked, RUN) == ["alpha==1.0", "beta==2.0"]
    locked.sync()
    assert locked.codes() == []


def test_what_is_needed_nowhere_to_run_may_be_locked_to_develop(locked: Tiny) -> None:
    ask(locked, '["beta"]', '["beta", "gamma ; python_version < \'3\'"]')
    said(locked, "lock")
    assert pins(locked, RUN) == ["alpha==1.0", "beta==2.0"]
    locked.sync()
    assert locked.codes() == []


def test_the_groups_that_uv_installs_by_default_are_locked(locked: Tiny, wheelhouse: Path) -> None:
    wheel(wheelhouse, "zeta", "1.0")
    ask(locked, "[dependency-groups]", '[dependency-groups]\ndocs = ["zeta"]')
    said(locked, "lock")
    assert "zeta==1.0" not in pins(locked)
    path = locked.root / "pyproject.toml"
    path.write_text(path.read_text() + '[tool.uv]\ndefault-groups = ["dev", "docs"]\n')
    said(locked, "lock")
    assert "zeta==1.0" in pins(locked)


def test_the_index_of_the_projects_own_uv_toml_serves_lock_and_add(
    locked: Tiny, wheelhouse: Path, index: str
) -> None:
    wheel(wheelhouse, "zeta", "1.0")
    (locked.root / "uv.toml").write_text(f'[[index]]\nurl = "{index}"\ndefault = true\n')
    del locked.environ["UV_DEFAULT_INDEX"], locked.environ["PIP_INDEX_URL"]
    said(locked, "lock", "--upgrade")
    said(locked, "add", "zeta")
    assert "zeta==1.0" in pins(locked)


# What it keeps


CONFLICT = "<<<<<<< HEAD\n{}=======\n{}>>>>>>> theirs\n"


def test_of_a_conflict_the_pins_of_both_sides_stay(locked: Tiny, wheelhouse: Path) -> None:
    locked.sync()
    ask(locked, '["beta"]', '["beta", "delta", "zeta"]')
    one, two = (wheel(wheelhouse, "alpha", version).line for version in ("1.1", "1.2"))
    delta, zeta = (wheel(wheelhouse, name, "3.0").line for name in ("delta", "zeta"))
    for name in ("alpha", "beta", "gamma", "delta", "zeta"):
        wheel(wheelhouse, name, "9.0")
    path = locked.root / LOCK
    clash = CONFLICT.format(one + delta, two + zeta)
    path.write_text(re.sub(r"alpha==.*\n.*\n", lambda found: clash, path.read_text()))
    for command in ("sync", "check"):
        done = locked.run(command)
        assert done.returncode == 3
        assert "git left both sides of a conflict in it. Make" in done.stderr.replace(
            "\n      ", ""
        )
        assert "tools/env lock" in done.stderr
    assert locked.info()["state"] == "stale"
    told = said(locked, "lock")
    assert pins(locked) == ["alpha==1.2", "beta==2.0", "delta==3.0", "gamma==1.0", "zeta==3.0"]
    assert "alpha 1.0 or 1.1 or 1.2 -> 1.2" in told
    assert "(new)" not in told
    locked.sync()
    assert locked.codes() == []


@pytest.mark.parametrize(("changed", "other"), [(LOCK, RUN), (RUN, LOCK)])
def test_of_two_locks_that_differ_the_newer_version_stays(
    locked: Tiny, wheelhouse: Path, changed: str, other: str
) -> None:
    pin(locked, wheelhouse, "alpha", "1.1", changed)
    wheel(wheelhouse, "alpha", "1.2")
    locked.sync()
    assert locked.codes() == ["locks-differ"]
    assert "alpha 1.0 or 1.1 -> 1.1" in said(locked, "lock")
    for lock in (changed, other):
        assert "alpha==1.1" in pins(locked, lock)
    locked.sync()
    assert locked.codes() == []


def test_a_version_that_is_taken_back_is_named(locked: Tiny, wheelhouse: Path) -> None:
    ask(locked, '["beta"]', '["beta", "alpha<1.1"]')
    said(locked, "lock")
    pin(locked, wheelhouse, "alpha", "1.1", RUN)
    assert "alpha 1.0 or 1.1 -> 1.0" in said(locked, "lock")


# What it reads


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_a_lock_in_the_encoding_of_powershell_or_notepad_is_read(
    locked: Tiny, encoding: str
) -> None:
    path = locked.root / LOCK
    mark = "\ufeff" * (encoding == "utf-16-be")
    path.write_bytes((mark + path.read_text().replace("\n", "\r\n")).encode(encoding))
    locked.sync()
    assert locked.codes() == []
    said(locked, "lock")
    assert path.read_bytes().startswith(b"# Every package")


@pytest.mark.parametrize(
    ("name", "body", "told"),
    [
        (LOCK, b"# caf\xe9\n", "line 1 is not UTF-8"),
        (LOCK, b"alpha\0==1.0\n", "it holds NUL bytes"),
        ("pyproject.toml", "[project]\n".encode("utf-16"), "it is saved as UTF-16"),
        ("pyproject.toml", b"[project]\nname = 'caf\xe9'\n", "line 2 is not UTF-8"),
        ("pyproject.toml", b"<<<<<<< HEAD\n", "at line 1"),
        ("tools/env.cfg", "name = p\n".encode("utf-16"), "it is saved as UTF-16"),
        ("tools/env.cfg", b"name = caf\xe9\n", "line 1 is not UTF-8"),
        ("tools/env.local.cfg", b"index = caf\xe9\n", "line 1 is not UTF-8"),
    ],
)
def test_what_is_no_text_is_refused_in_two_sentences(
    locked: Tiny, name: str, body: bytes, told: str
) -> None:
    (locked.root / name).write_bytes(body)
    before = tree(locked.root)
    done = locked.run("sync" if name == LOCK else "lock")
    assert done.returncode == 3
    happened, mend = done.stderr.strip().split("\n")
    assert told in happened
    assert re.search(r"[:.] ?.*\S", mend)
    assert tree(locked.root) == before


@pytest.mark.parametrize("body", [b"# caf\xe9\n", b"[project\n", "#\n".encode("utf-16")])
def test_a_project_that_cannot_be_read_leaves_the_environment_as_it_was(
    locked: Tiny, body: bytes
) -> None:
    locked.sync()
    path = locked.root / "pyproject.toml"
    before = path.read_bytes()
    path.write_bytes(body)
    shutil.rmtree(locked.site / "alpha")
    done = locked.run("sync")
    assert done.returncode == 3
    assert "pyproject.toml cannot be read: " in done.stderr
    assert "error: pyproject.toml cannot be read: " in locked.run("add", "delta").stderr
    assert "incomplete-env" not in locked.codes()
    path.write_bytes(before)
    locked.sync()
    assert locked.codes() == []


@pytest.mark.parametrize("body", [b"# caf\xe9\n", b"alpha==\n"])
def test_of_a_lock_that_cannot_be_read_whole_the_rest_is_kept(
    locked: Tiny, wheelhouse: Path, body: bytes
) -> None:
    before = pins(locked)
    wheel(wheelhouse, "gamma", "9.0")  # only the lock to develop has it
    path = locked.root / LOCK
    path.write_bytes(path.read_bytes() + body)
    told = said(locked, "lock")
    assert f"note: of {LOCK} only what can be read is kept: " in told
    assert "(new)" not in told
    assert pins(locked) == before


def test_line_endings_of_a_lock_stay(locked: Tiny, wheelhouse: Path) -> None:
    path = locked.root / LOCK
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    wheel(wheelhouse, "alpha", "1.1")
    said(locked, "lock", "--upgrade")
    assert "alpha==1.1" in pins(locked)
    assert path.read_bytes().count(b"\n") == path.read_bytes().count(b"\r\n") > 3


# What it writes


LINUX = ("manylinux2014_x86_64", "manylinux2014_aarch64")
ALL = (*LINUX, "macosx_11_0_arm64", "win_amd64")


def test_an_older_version_that_has_wheels_everywhere_is_taken(
    locked: Tiny, wheelhouse: Path
) -> None:
    for system in ALL:
        wheel(wheelhouse, "zeta", "1.0", tag=f"py3-none-{system}")
    wheel(wheelhouse, "zeta", "2.0", tag="py3-none-win_amd64")
    said(locked, "add", "zeta")
    assert "zeta==1.0" in pins(locked)


def test_where_nobody_tells_hashes_those_of_all_systems_are_locked(
    locked: Tiny, wheelhouse: Path
) -> None:
    files = [wheel(wheelhouse, "zeta", "1.0", tag=f"py3-none-{system}").path for system in ALL]
    done = locked.run("add", "zeta", PIP_NO_INDEX="1", PIP_FIND_LINKS=str(wheelhouse))
    assert done.returncode == 0, done.stderr
    for lock in ("requirements.txt", "requirements-dev.txt"):
        text = (locked.root / lock).read_text()
        for file in files:
            assert hashlib.sha256(file.read_bytes()).hexdigest() in text
    assert locked.codes() == []


def test_a_version_for_each_system_is_taken_where_none_serves_all(
    locked: Tiny, wheelhouse: Path
) -> None:
    wheel(wheelhouse, "zeta", "1.0", tag="py3-none-win_amd64")
    for system in ALL[:-1]:
        wheel(wheelhouse, "zeta", "2.0", tag=f"py3-none-{system}")
    said(locked, "add", "zeta")
    assert [pin for pin in pins(locked) if pin.startswith("zeta")] == ["zeta==1.0", "zeta==2.0"]
    assert locked.codes() == []


def test_one_version_for_all_goes_before_the_one_that_was_locked(
    locked: Tiny, wheelhouse: Path
) -> None:
    for system in LINUX:
        wheel(wheelhouse, "zeta", "1.0", tag=f"py3-none-{system}")
    limits = "[tool.uv]\nenvironments = [\"sys_platform == 'linux'\"]\n"
    ask(locked, "[project]", f"{limits}[project]")
    said(locked, "add", "zeta")
    wheel(wheelhouse, "zeta", "2.0")
    ask(locked, limits, "")
    assert "  zeta 1.0 -> 2.0\n" in said(locked, "lock")


def test_what_has_no_wheel_for_a_system_is_refused_with_the_way_to_leave_that_out(
    locked: Tiny, wheelhouse: Path
) -> None:
    for system in LINUX:
        wheel(wheelhouse, "zeta", "1.0", tag=f"py3-none-{system}")
    wheel(wheelhouse, "eta", "1.0", requires=("zeta>=1",))
    before = tree(locked.root)
    done = locked.run("add", "eta")
    assert done.returncode == 3
    assert "error: zeta has no wheel for macOS (arm64), Windows (AMD64).\n" in done.stderr
    without = "eta ; sys_platform != 'darwin' and sys_platform != 'win32'"
    assert done.stderr.endswith(f'add "{without}"\n')
    assert tree(locked.root) == before
    said(locked, "add", without)
    assert locked.codes() == []


def test_what_has_no_wheel_for_a_newer_python_of_the_project_is_refused(
    locked: Tiny, wheelhouse: Path
) -> None:
    settings = locked.root / "tools" / "env.cfg"
    settings.write_text(settings.read_text() + "pythons = 3.11 3.12\n")
    for system in ALL:
        wheel(wheelhouse, "zeta", "1.0", tag=f"cp311-cp311-{system}")
    done = locked.run("add", "zeta")
    assert "error: zeta has no wheel for Python 3.12.\n" in done.stderr


def test_a_project_for_one_system_needs_wheels_for_no_other(locked: Tiny, wheelhouse: Path) -> None:
    path = locked.root / "pyproject.toml"
    path.write_text(path.read_text() + "[tool.uv]\nenvironments = [\"sys_platform == 'linux'\"]\n")
    for system in LINUX:
        wheel(wheelhouse, "zeta", "1.0", tag=f"py3-none-{system}")
    said(locked, "add", "zeta")
    assert "zeta==1.0" in pins(locked)


@pytest.mark.parametrize(
    "marker", ["platform_release >= '20'", "platform_version < '2'", "'5' in platform_release"]
)
def test_a_marker_that_orders_texts_is_locked_and_installed(
    locked: Tiny, wheelhouse: Path, marker: str
) -> None:
    wheel(wheelhouse, "zeta", "1.0")
    wheel(wheelhouse, "eta", "1.0", requires=(f"zeta ; {marker}",))
    said(locked, "add", "eta")
    assert "eta==1.0" in pins(locked)
    assert locked.codes() == []


def test_versions_are_compared_as_versions(locked: Tiny, wheelhouse: Path) -> None:
    wheel(wheelhouse, "zeta", "2025.05.09")
    said(locked, "add", "zeta==2025.5.9.0")
    assert locked.codes() == []
    assert "nothing to do" in locked.sync().stderr


# Whatever packages there are

NAMES = ["alpha", "beta-two", "gamma", "delta-x-y", "epsilon"]
SPELLED = {"beta-two": "Beta.Two", "delta-x-y": "delta_X.y", "epsilon": "EPSILON"}
VERSIONS = ["1.0", "1.0.post1", "2.0a1", "2025.05.09", "1!0.5", "3.0+local.1", "0.0"]
BOUNDS = ["", ">=1", "==1.*", "!=1.0", "~=1.0", "<3", "==2025.5.9", ">=2.0a1", "===1.0"]
MARKERS = [
    "", "sys_platform == 'win32'", "python_version >= '3.12'", "platform_version < '2'",
    "extra == 'big'", "os_name != \"nt\" and extra == 'big'", "implementation_name == 'cpython'",
    "(sys_platform == 'linux' or sys_platform == 'darwin') and platform_machine in 'x86_64 arm64'",
]  # fmt: skip
requirements = st.builds(
    lambda name, extra, bound, marker: f"{SPELLED.get(name, name)}{extra}{bound} ; {marker}".rstrip(
        " ;"
    ),
    st.sampled_from(NAMES),
    st.sampled_from(["", "", "[big]", "[Big, small]"]),
    st.sampled_from(BOUNDS),
    st.sampled_from(MARKERS),
)
packages = st.dictionaries(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(VERSIONS)),
    st.tuples(
        st.lists(requirements, max_size=2),
        st.sampled_from(
            ["py3-none-any"] * 4 + ["py3-none-win_amd64", "cp311-abi3-manylinux1_x86_64"]
        ),
    ),
    min_size=3,
)
asked = st.lists(requirements.filter(lambda line: "extra ==" not in line), min_size=1, max_size=3)


@pytest.mark.parametrize(
    "examples",
    [3, pytest.param(15, marks=pytest.mark.thorough), pytest.param(60, marks=pytest.mark.weekly)],
)
def test_what_is_locked_can_be_installed_and_else_nothing_is_written(
    tmp_path_factory: pytest.TempPathFactory, examples: int
) -> None:
    @settings(
        deadline=None, derandomize=True, max_examples=examples, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(packages, asked)
    def prove(offered: dict[tuple[str, str], tuple[list[str], str]], lines: list[str]) -> None:
        place = tmp_path_factory.mktemp("any")
        for folder in ("wheels", "home"):
            (place / folder).mkdir()
        with serve(place / "wheels") as index:
            environ = loopback_environ(place, index)
            project = make("venv", place / "project", place / "wheels", environ)
            for name in NAMES:
                wheel(place / "wheels", name, "1.0")
            for (name, version), (requires, tag) in offered.items():
                if (name, version) != ("gamma", "1.0"):  # it is locked, and no index changes it
                    wheel(place / "wheels", name, version, requires=tuple(requires), tag=tag)
            ask(project, '["beta"]', str(lines))
            before = tree(project.root)
            done = project.run("lock")
            assert "Traceback" not in done.stderr
            if done.returncode:
                assert re.search(r"^error: .+\.\n       .+\n\Z", done.stderr, re.MULTILINE)
                assert tree(project.root) == before
                seen["refused"] += 1
                return
            seen["locked"] += 1
            project.sync()
            assert project.codes() == []
            assert "up to date" in said(project, "lock")

    seen = {"locked": 0, "refused": 0}
    prove()
    assert examples < 10 or min(seen.values()) > 3, seen
