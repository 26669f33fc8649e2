"""What no package brought into an environment, and what several did: nothing of it is lost."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from support import drifts
from support.engine import Tiny, tiny
from support.template import tree
from support.wheels import Wheel, wheel


def linked_beside(project: Tiny, wheelhouse: Path) -> None:
    """A checkout that somebody works on, made importable; the next lock has that package."""
    checkout = wheelhouse.parent / "checkout"
    checkout.mkdir()
    (checkout / "__init__.py").write_text("mine = True\n")
    (project.site / "delta").symlink_to(checkout)
    lock = project.root / "requirements.txt"
    lock.write_text(lock.read_text() + wheel(wheelhouse, "delta", "1.0").line)


def linked_and_without_record(project: Tiny, wheelhouse: Path) -> None:
    drifts.linked_folder(project, wheelhouse)
    (project.site / "alpha-1.0.dist-info" / "RECORD").unlink()


def linked_deep_inside(project: Tiny, wheelhouse: Path) -> None:
    """The next version of the package has a directory of that name."""
    checkout = wheelhouse.parent / "checkout"
    checkout.mkdir()
    (checkout / "__init__.py").write_text("mine = True\n")
    (project.site / "alpha" / "inner").symlink_to(checkout)
    newer = wheel(wheelhouse, "alpha", "1.1", files={"inner/__init__.py": b"theirs = True\n"})
    project.lock(newer, wheel(wheelhouse, "beta", "2.0", requires=("alpha",)))


def linked_information(project: Tiny, wheelhouse: Path) -> None:
    information = project.site / "alpha-1.0.dist-info"
    information.rename(wheelhouse.parent / "checkout")
    information.symlink_to(wheelhouse.parent / "checkout")


def linked_programs(project: Tiny, wheelhouse: Path) -> None:
    project.scripts.rename(wheelhouse.parent / "checkout")
    project.scripts.symlink_to(wheelhouse.parent / "checkout")


@pytest.mark.parametrize(
    "link",
    [
        drifts.linked_folder,
        linked_beside,
        linked_and_without_record,
        linked_deep_inside,
        linked_information,
        linked_programs,
    ],
)
def test_nothing_is_written_through_a_link(
    ready: Tiny, wheelhouse: Path, link: Callable[[Tiny, Path], object]
) -> None:
    link(ready, wheelhouse)
    before = tree(wheelhouse.parent / "checkout")
    assert ready.codes()
    ready.sync(UV_LINK_MODE="copy")
    assert ready.codes() == []
    assert tree(wheelhouse.parent / "checkout") == before


def test_what_a_damaged_record_names_outside_is_not_deleted(ready: Tiny) -> None:
    precious = ready.root / "precious.txt"
    precious.write_text("years of work\n")
    record = ready.site / "alpha-1.0.dist-info" / "RECORD"
    record.write_text(f"{record.read_text()}../../../../precious.txt,,\n")
    assert ready.codes() == ["file-edited"]
    ready.sync()
    assert ready.codes() == []
    assert precious.exists()


def test_what_nobody_brought_is_kept_aside(ready: Tiny, wheelhouse: Path) -> None:
    for _ in range(2):
        drifts.stray_module(ready, wheelhouse)
        drifts.start_up_code(ready, wheelhouse)
        assert ready.codes() == ["stray-module"]
        done = ready.sync()
        assert (
            "moving library, which no package brought, to .venv/.seedbed/aside/library"
            in done.stderr
        )
    kept = sorted(path.name for path in (ready.env / ".seedbed" / "aside").iterdir())
    assert kept == ["library", "library~", "sitecustomize.py", "sitecustomize.py~"]


def test_what_programs_write_there_is_no_difference(
    project: Tiny, wheelhouse: Path, alpha: Wheel
) -> None:
    six = wheel(wheelhouse, "six", "1.0", top={"six_itself.py": ""})
    project.lock(alpha, six)
    project.sync()
    (project.site / "six_itself.pyc").write_bytes(b"")  # as compileall -b leaves it
    for name in ("alpha/cache.db", "alpha/__pycache__/part.cpython-311.pyc", "alpha/new.py"):
        (project.site / name).parent.mkdir(exist_ok=True)
        (project.site / name).write_bytes(b"")
    (project.site / "data").mkdir()
    (project.site / "~lpha").mkdir()
    (project.site / "~lpha" / "__init__.py").touch()
    assert project.codes() == []


def test_what_a_wheel_brought_and_did_not_record_is_left_alone(
    project: Tiny, alpha: Wheel, beta: Wheel
) -> None:
    with zipfile.ZipFile(alpha.path, "a") as archive:
        archive.writestr("loose.py", "")
    project.lock(alpha, beta)
    project.sync()
    assert project.codes() == []
    project.lock(alpha)
    project.sync()
    assert (project.site / "loose.py").exists()
    assert project.codes() == []


def test_packages_that_share_an_equal_file_are_all_right(
    project: Tiny, wheelhouse: Path, alpha: Wheel
) -> None:
    both = [wheel(wheelhouse, name, "1.0", top={"tests/__init__.py": ""}) for name in "xy"]
    project.lock(alpha, *both)
    project.sync()
    assert "note" not in project.run("check").stdout
    project.lock(both[0])
    project.sync()
    assert (project.site / "tests" / "__init__.py").exists()
    assert project.codes() == []


def test_packages_that_bring_different_files_of_one_name_are_told_and_come_to_rest(
    project: Tiny, wheelhouse: Path, alpha: Wheel
) -> None:
    full = wheel(wheelhouse, "cv", "1.0", top={"cv2/__init__.py": "window = True\n"})
    bare = wheel(wheelhouse, "cv-bare", "1.0", top={"cv2/__init__.py": "window = False\n"})
    project.lock(alpha, full, bare)
    project.sync()
    for words in ([], ["--fast"]):
        done = project.run("check", *words)
        assert done.returncode == 0
        assert "note: cv and cv-bare bring different files of the same name, 1 of " in done.stdout
        assert "the first is cv2/__init__.py" in done.stdout
    found = json.loads(project.run("check", "--json").stdout)
    assert found["differences"] == []
    assert [each["code"] for each in found["notes"]] == ["shared-file"]
    assert "nothing to do" in project.sync("--full").stderr
    (project.site / "cv2" / "__init__.py").write_text("neither = True\n")
    assert project.codes() == ["file-edited"]
    project.sync()
    assert project.codes() == []
    project.lock(alpha, full)
    project.sync()
    assert (project.site / "cv2" / "__init__.py").read_text() == "window = True\n"
    assert "note" not in project.run("check").stdout


@pytest.mark.parametrize("mode", ["copy", "symlink"])
def test_a_cache_that_was_edited_is_not_taken_however_uv_hands_it_out(
    project: Tiny, tmp_path: Path, mode: str
) -> None:
    project.sync(UV_LINK_MODE=mode)
    assert project.codes() == []
    found = list(Path(project.environ["UV_CACHE_DIR"]).rglob("alpha/__init__.py"))
    assert found
    for path in found:
        path.write_text(path.read_text().replace("1.0", "1.1"))
    other = tiny(tmp_path / "other", project.environ)
    lock = (project.root / "requirements.txt").read_text()
    (other.root / "requirements.txt").write_text(lock)
    assert "changed in the cache: alpha" in other.sync(UV_LINK_MODE=mode).stderr
    assert other.codes() == []


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("json.py", "json"),
        ("alpha/__init__.py", "alpha"),
        ("sitecustomize.py", "sitecustomize"),
        ("test/__init__.py", ""),
        ("mine/__init__.py", ""),
        ("json/data.txt", ""),
    ],
)
def test_what_pythonpath_hides_is_told(ready: Tiny, tmp_path: Path, name: str, told: str) -> None:
    path = tmp_path / "library" / name
    path.parent.mkdir(parents=True)
    path.touch()
    done = ready.run("check", PYTHONPATH=str(tmp_path / "library"))
    assert done.returncode == bool(told)
    assert not told or f"shadowed: {told} is imported from {tmp_path / 'library'}" in done.stdout
