"""What was uploaded in the last days enters no lock, and what is held back is told."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.engine import Tiny, loopback_environ
from support.index import serve, uploaded
from support.managers import make, uv
from support.wheels import wheel

TODAY = datetime.now(UTC).date()


def day(ago: int) -> str:
    return str(TODAY - timedelta(days=ago))


@pytest.fixture(params=[True, False], ids=["timed", "untimed"])
def timed(request: pytest.FixtureRequest) -> bool:
    """Whether the index tells upload times."""
    told: bool = request.param
    return told


@pytest.fixture(params=["venv", "uv"])
def project(
    request: pytest.FixtureRequest, tmp_path: Path, wheelhouse: Path, home: Path, timed: bool
) -> Iterator[Tiny]:
    """A project with a window of seven days, locked if it is `timed`; its packages are old."""
    with serve(wheelhouse, timed=timed) as index:
        made = make(request.param, tmp_path / "p", wheelhouse, loopback_environ(tmp_path, index))
        for file in wheelhouse.iterdir():
            uploaded(file, 30)
        with (made.root / "pyproject.toml").open("a") as text:
            text.write('\n[tool.uv]\nexclude-newer = "7 days" # why\n')
        if timed:
            lock(made)
        yield made


only_timed = pytest.mark.parametrize("timed", [True], indirect=True)
only_untimed = pytest.mark.parametrize("timed", [False], indirect=True)


def upload(folder: Path, name: str, version: str, ago: float | None, *requires: str) -> Path:
    path = wheel(folder, name, version, requires=requires).path
    uploaded(path, ago)
    return path


def lock(project: Tiny, *words: str, **extra: str) -> str:
    """What `lock` says; it must work."""
    done = project.run("lock", *words, **extra)
    assert done.returncode == 0, done.stderr
    return done.stderr


def text(project: Tiny, name: str = "requirements-dev.txt") -> str:
    return (project.root / name).read_text()


def pins(project: Tiny) -> list[str]:
    return re.findall(r"^\S+==\S+", text(project), re.MULTILINE)


def cutoff(project: Tiny) -> str:
    found = re.search(r"^# Cut-off: (.*)$", text(project), re.MULTILINE)
    assert found, text(project)
    return found[1]


@only_timed
def test_what_is_held_back_is_told_with_the_day_when_it_is_free(
    project: Tiny, wheelhouse: Path
) -> None:
    upload(wheelhouse, "alpha", "1.1", 2)
    upload(wheelhouse, "gamma", "1.1", 9)
    said = lock(project, "--upgrade")
    assert f"alpha 1.1 (free on {day(-6)}) is held back" in said
    assert pins(project) == ["alpha==1.0", "beta==2.0", "gamma==1.1"]
    assert cutoff(project) == f"{day(7)}T00:00:00Z"


@only_timed
def test_the_same_lock_tomorrow_is_the_same_lock(project: Tiny, wheelhouse: Path) -> None:
    """Also where a file has come meanwhile that is old enough now, of a version that is locked."""
    for name in ("requirements.txt", "requirements-dev.txt"):
        path = project.root / name
        path.write_text(path.read_text().replace(day(7), day(20)))
    before = text(project)
    upload(wheelhouse, "alpha", "1.1", 9)
    more = shutil.copy(
        wheelhouse / "gamma-1.0-py3-none-any.whl", wheelhouse / "gamma-1.0-1-py3-none-any.whl"
    )
    uploaded(Path(more), 15)
    assert "up to date" in lock(project)
    assert text(project) == before
    lock(project, "--upgrade")
    assert cutoff(project) == f"{day(7)}T00:00:00Z"
    assert "alpha==1.1" in pins(project)


@only_timed
def test_no_young_file_of_an_older_version_is_in_a_lock(project: Tiny, wheelhouse: Path) -> None:
    young = wheelhouse / "alpha-1.0-1-py3-none-any.whl"
    young.write_bytes(wheel(wheelhouse, "other", "1.0").path.read_bytes())
    uploaded(wheelhouse / "alpha-1.0-py3-none-any.whl", 30)
    uploaded(young, 1)
    lock(project, "--upgrade")
    digest = hashlib.sha256(young.read_bytes()).hexdigest()
    assert digest not in text(project)
    assert all(digest not in text(project, path.name) for path in project.root.glob("*.lock"))


@only_timed
def test_a_package_that_is_too_new_is_added_when_it_is_let_in(
    project: Tiny, wheelhouse: Path
) -> None:
    upload(wheelhouse, "delta", "1.0", 1, "alpha>=1.1")
    upload(wheelhouse, "alpha", "1.1", 3)
    before = text(project), text(project, "pyproject.toml")
    done = project.run("add", "delta")
    assert done.returncode == 3
    assert f"alpha 1.1 (free on {day(-5)}), delta 1.0 (free on {day(-7)})" in done.stderr
    assert (text(project), text(project, "pyproject.toml")) == before
    command = done.stderr.rstrip().rpartition("tools/env ")[2]
    assert command == "add delta --newest alpha --newest delta"
    done = project.run(*command.split())
    assert done.returncode == 0, done.stderr
    assert {"alpha==1.1", "delta==1.0"} <= set(pins(project))
    told = re.search(r"^exclude-newer-package = .*$", text(project, "pyproject.toml"), re.M)
    assert told
    assert re.fullmatch(rf'\S+ = {{ alpha = "{day(0)}T\S+Z", delta = "{day(0)}T\S+Z" }}', told[0])
    assert project.codes() == []
    if (project.root / "uv.lock").exists():
        assert uv(project, "lock", "--check").returncode == 0


@only_timed
def test_what_is_let_in_and_nothing_else_named_is_added(project: Tiny, wheelhouse: Path) -> None:
    upload(wheelhouse, "delta", "1.0", 1)
    done = project.run("add", "--newest", "delta")
    assert done.returncode == 0, done.stderr
    assert "delta==1.0" in pins(project)


@only_timed
def test_an_exemption_goes_when_it_is_old_enough(project: Tiny, wheelhouse: Path) -> None:
    path = upload(wheelhouse, "alpha", "1.1", 1)
    before = text(project, "pyproject.toml")
    lock(project, "--newest", "alpha")
    assert "alpha==1.1" in pins(project)
    lock(project, "--upgrade")  # not yet
    assert f'{{ alpha = "{day(0)}' in text(project, "pyproject.toml")
    uploaded(path, 11)  # ten days later
    for name, old, new in (
        ("pyproject.toml", day(0), day(10)),
        ("requirements-dev.txt", day(7), day(17)),
    ):
        (project.root / name).write_text(text(project, name).replace(old, new))
    lock(project, "--upgrade")
    assert text(project, "pyproject.toml") == before
    assert "alpha==1.1" in pins(project)


@only_timed
def test_todays_pins_are_not_taken_back_for_their_age(project: Tiny, wheelhouse: Path) -> None:
    """As a lock from elsewhere has them, and what was installed by hand."""
    path = upload(wheelhouse, "alpha", "1.1", 2)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    for name in ("requirements.txt", "requirements-dev.txt"):
        foreign = re.sub(
            r"^alpha==1.0 .*\n.*\n", f"alpha==1.1 --hash=sha256:{digest}\n", text(project, name),
            flags=re.M,
        )  # fmt: skip
        (project.root / name).write_text(re.sub(r"^# (Cut|Exp).*\n", "", foreign, flags=re.M))
    (project.root / "uv.lock").unlink(missing_ok=True)
    said = lock(project, "--upgrade")
    assert "kept as they are locked or installed: alpha" in said
    assert "alpha==1.1" in pins(project)
    assert cutoff(project).startswith(f"{day(7)}T00:00:00Z alpha={day(2)}T")
    assert "up to date" in lock(project)
    upload(wheelhouse, "alpha", "1.2", 1)
    assert "alpha 1.2" in lock(project, "--upgrade")
    assert "alpha==1.1" in pins(project)
    if (project.root / "uv.lock").exists():
        assert uv(project, "lock", "--check").returncode == 0


@only_timed
def test_a_version_without_an_upload_time_is_taken_and_told_once(
    project: Tiny, wheelhouse: Path
) -> None:
    upload(wheelhouse, "beta", "2.1", None, "alpha")
    assert "the window does not hold for beta: " in lock(project, "--upgrade")
    assert "beta==2.1" in pins(project)
    assert "window" not in lock(project, "--upgrade") + lock(project)
    project.sync()
    assert project.codes() == []


@only_untimed
def test_an_index_without_upload_times_is_told_once_by_name(
    project: Tiny, wheelhouse: Path
) -> None:
    assert "the window does not hold for alpha, beta, gamma: " in lock(project)
    wheel(wheelhouse, "alpha", "1.1")
    assert "window" not in lock(project, "--upgrade")
    assert "alpha==1.1" in pins(project)
    wheel(wheelhouse, "delta", "1.0")
    done = project.run("add", "delta")
    assert done.returncode == 0, done.stderr
    assert "the window does not hold for delta: " in done.stderr
    assert project.codes() == []


@only_timed
def test_of_two_indexes_the_window_holds_where_one_tells_times(
    project: Tiny, wheelhouse: Path, tmp_path: Path
) -> None:
    """As PyTorch's own index beside the ordinary one."""
    (tmp_path / "other").mkdir()
    upload(tmp_path / "other", "delta", "1.0+cpu", 1, "alpha")
    upload(wheelhouse, "delta", "99.0", 30)
    upload(wheelhouse, "alpha", "1.1", 2)
    with serve(tmp_path / "other") as other:
        with (project.root / "pyproject.toml").open("a") as file:
            file.write('sources = { delta = { index = "other" } }\n')
            file.write(f'[[tool.uv.index]]\nname = "other"\nurl = "{other}"\nexplicit = true\n')
        with (project.root / "tools" / "env.cfg").open("a") as file:
            file.write(f"torch_build = cpu\ntorch_index = {other}\ntorch_packages = delta\n")
        done = project.run("add", "delta")
        assert done.returncode == 0, done.stderr
        assert "the window does not hold for delta: " in done.stderr
        assert {"delta==1.0+cpu", "alpha==1.0"} <= set(pins(project))
        assert f"alpha 1.1 (free on {day(-6)}) is held back" in lock(project, "--upgrade")
        assert project.codes() == []


@only_timed
@pytest.mark.parametrize("project", ["venv"], indirect=True)
@pytest.mark.parametrize(
    "told",
    [
        {"UV_EXCLUDE_NEWER": "14 days"},
        {"UV_EXCLUDE_NEWER": "P2W"},
        {"PIP_UPLOADED_PRIOR_TO": day(14)},
        {"uv.toml": 'exclude-newer = "14 days"\n'},
        {"pip.conf": "[install]\nuploaded-prior-to = P14D\n"},
    ],
    ids=str,
)
def test_the_stricter_window_wins(
    project: Tiny, wheelhouse: Path, home: Path, told: dict[str, str]
) -> None:
    upload(wheelhouse, "alpha", "1.1", 10)
    for name in told.keys() & {"uv.toml", "pip.conf"}:
        path = home / ".config" / name.partition(".")[0] / name
        path.parent.mkdir(parents=True)
        path.write_text(told[name])
        told = {"PIP_CONFIG_FILE": ""}
    assert "alpha 1.1" in lock(project, "--upgrade", **told)
    assert cutoff(project) == f"{day(14)}T00:00:00Z"
    done = project.run("lock", "--newest", "alpha", **told)
    assert done.returncode == 3
    assert "A project cannot let in what" in done.stderr
    shutil.rmtree(home / ".config", ignore_errors=True)
    lock(project, "--upgrade", UV_EXCLUDE_NEWER="1 day")
    assert cutoff(project) == f"{day(7)}T00:00:00Z"
    assert "alpha==1.1" in pins(project)


@only_timed
def test_what_a_project_lets_in_a_machine_may_forbid(project: Tiny, wheelhouse: Path) -> None:
    upload(wheelhouse, "alpha", "1.1", 4)
    path = project.root / "pyproject.toml"
    path.write_text(path.read_text() + "exclude-newer-package = { alpha = false }\n")
    lock(project, "--upgrade", UV_EXCLUDE_NEWER="5 days")
    assert "alpha==1.0" in pins(project)
    lock(project, "--upgrade")
    assert "alpha==1.1" in pins(project)


@only_timed
def test_what_a_project_holds_back_for_longer_stays_so(project: Tiny, wheelhouse: Path) -> None:
    upload(wheelhouse, "alpha", "1.1", 20)
    path = project.root / "pyproject.toml"
    path.write_text(
        path.read_text() + f'exclude-newer-package = {{ alpha = "{day(25)}T00:00:00Z" }}\n'
    )
    for name in ("requirements.txt", "requirements-dev.txt"):
        lines = text(project, name).splitlines(keepends=True)
        (project.root / name).write_text("".join(x for x in lines if "Cut-off" not in x))
    before = path.read_text()
    lock(project, "--upgrade")
    lock(project, "--upgrade")
    assert path.read_text() == before
    assert "alpha==1.0" in pins(project)


@only_timed
def test_a_lock_with_a_window_differs_in_nothing_but_what_that_holds_back(
    project: Tiny, wheelhouse: Path
) -> None:
    upload(wheelhouse, "gamma", "1.1", 2)
    upload(wheelhouse, "beta", "2.1", 9, "alpha")
    lock(project, "--upgrade")
    with_window = text(project)
    path = project.root / "pyproject.toml"
    path.write_text(path.read_text().replace('"7 days"', "false"))
    lock(project, "--upgrade")
    assert "# Cut-off" not in text(project)
    assert "gamma==1.1" in pins(project)
    assert [pin for pin in pins(project) if pin not in with_window] == ["gamma==1.1"]
