"""`check` tells every way in which an environment differs from its lock, and `sync` mends it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support import drifts
from support.engine import MINOR, Tiny, tiny


def edited_to_the_same_size(project: Tiny, wheelhouse: Path) -> None:
    path = project.site / "alpha" / "__init__.py"
    path.write_text(path.read_text().replace("1.0", "1.1"))


def record_deleted(project: Tiny, wheelhouse: Path) -> None:
    (project.site / "alpha-1.0.dist-info" / "RECORD").unlink()


def metadata_deleted(project: Tiny, wheelhouse: Path) -> None:
    (project.site / "alpha-1.0.dist-info" / "METADATA").unlink()


def all_packages_deleted(project: Tiny, wheelhouse: Path) -> None:
    shutil.rmtree(project.site)


def script_edited(project: Tiny, wheelhouse: Path) -> None:
    path = project.scripts / "alpha"
    path.write_text(path.read_text() + "# changed\n")


def new_lock(project: Tiny, wheelhouse: Path) -> None:
    lock = project.root / "requirements.txt"
    lock.write_text(lock.read_text() + "# another line\n")


def pipe_in_place_of_a_file(project: Tiny, wheelhouse: Path) -> None:
    path = project.site / "alpha" / "data.txt"
    path.unlink()
    os.mkfifo(path)


def file_in_place_of_a_package(project: Tiny, wheelhouse: Path) -> None:
    shutil.rmtree(project.site / "alpha")
    (project.site / "alpha").touch()


def folder_in_place_of_a_file(project: Tiny, wheelhouse: Path) -> None:
    (project.site / "alpha" / "data.txt").unlink()
    (project.site / "alpha" / "data.txt").mkdir()


def file_in_place_of_all(project: Tiny, wheelhouse: Path) -> None:
    site = project.site
    shutil.rmtree(site)
    site.touch()


def old_metadata(project: Tiny, wheelhouse: Path) -> None:
    """What distutils left, which no tool can uninstall."""
    (project.site / "old-1.0.egg-info").write_text("Name: old\nVersion: 1.0\n")


DRIFTS = [
    pytest.param(drifts.extra, ["extra-package"], id="extra package"),
    pytest.param(drifts.transitive_missing, ["missing-package"], id="missing package"),
    pytest.param(drifts.wrong_version, ["wrong-version"], id="wrong version"),
    pytest.param(
        drifts.other_wheel_from_an_index, ["other-wheel"], id="another wheel of the same version"
    ),
    pytest.param(drifts.edited, ["file-edited"], id="edited file"),
    pytest.param(edited_to_the_same_size, ["file-edited"], id="edited file of the same size"),
    pytest.param(drifts.deleted, ["file-missing"], id="deleted file"),
    pytest.param(record_deleted, ["file-missing"], id="deleted RECORD"),
    pytest.param(metadata_deleted, ["file-missing"], id="deleted METADATA"),
    pytest.param(all_packages_deleted, ["missing-package"], id="all packages deleted"),
    pytest.param(script_edited, ["file-edited"], id="edited script"),
    pytest.param(pipe_in_place_of_a_file, ["file-edited"], id="pipe in place of a file"),
    pytest.param(
        file_in_place_of_a_package, ["file-missing"], id="file in place of a package's directory"
    ),
    pytest.param(
        folder_in_place_of_a_file, ["file-edited"], id="directory in place of a package's file"
    ),
    pytest.param(file_in_place_of_all, ["missing-package"], id="file in place of all"),
    pytest.param(old_metadata, ["extra-package", "file-missing"], id="metadata of distutils"),
    pytest.param(drifts.stray_pth, ["stray-pth"], id="stray .pth"),
    pytest.param(drifts.hidden_module, ["stray-module"], id="module hidden by a package"),
    pytest.param(drifts.other_python, ["other-python"], id="another patch release of Python"),
    pytest.param(new_lock, ["stale-lock"], id="stale lock"),
]


@pytest.mark.parametrize(("drift", "codes"), DRIFTS)
def test_a_drift_is_told_by_its_code_and_mended_by_sync(
    ready: Tiny, wheelhouse: Path, drift: Callable[[Tiny, Path], object], codes: list[str]
) -> None:
    fingerprint = ready.info()["fingerprint"]
    drift(ready, wheelhouse)
    assert ready.codes() == ready.codes("--fast") == codes
    assert ready.run("check").returncode == 1
    ready.sync()
    assert ready.codes() == []
    assert ready.info()["fingerprint"] == fingerprint


def test_an_edit_that_keeps_size_and_time_is_mended_by_the_command_that_check_names(
    ready: Tiny, wheelhouse: Path
) -> None:
    drifts.edited_in_secret(ready, wheelhouse)
    assert ready.codes("--fast") == []
    done = ready.run("check")
    assert "Mend with: python3 tools/env sync --full" in done.stdout
    ready.sync("--full")
    assert ready.codes() == []
    assert "nothing to do" in ready.sync("--full").stderr


@pytest.fixture
def sharing(ready: Tiny, tmp_path: Path) -> Callable[[str], Tiny]:
    """Makes more projects with the same lock, whose files are those of the first one."""

    def make(name: str) -> Tiny:
        other = tiny(tmp_path / name, ready.environ)
        lock = (ready.root / "requirements.txt").read_bytes()
        (other.root / "requirements.txt").write_bytes(lock)
        return other

    first = make("first")
    first.sync()
    if not os.path.samefile(first.site / "alpha/__init__.py", ready.site / "alpha/__init__.py"):
        pytest.skip("uv does not link files on this file system, so nothing is shared")
    return make


def test_an_edit_in_one_project_is_seen_and_mended_in_another_that_shares_the_file(
    ready: Tiny, sharing: Callable[[str], Tiny], wheelhouse: Path
) -> None:
    other = sharing("other")
    other.sync()
    drifts.edited(ready, wheelhouse)
    assert other.codes() == ["file-edited"]
    other.sync()
    assert other.codes() == []
    third = sharing("third")
    third.sync()
    assert third.codes() == []


@pytest.mark.parametrize("drift", [drifts.edited, edited_to_the_same_size, drifts.deleted])
def test_an_edit_that_reached_the_cache_does_not_reach_the_next_project(
    ready: Tiny,
    sharing: Callable[[str], Tiny],
    wheelhouse: Path,
    drift: Callable[[Tiny, Path], object],
) -> None:
    drift(ready, wheelhouse)
    other = sharing("other")
    done = other.sync()
    assert other.codes() == []
    assert ("changed in the cache: alpha" in done.stderr) is (drift is not drifts.deleted)


def test_offline_a_cache_that_was_edited_is_not_taken(
    ready: Tiny, sharing: Callable[[str], Tiny], wheelhouse: Path
) -> None:
    drifts.edited(ready, wheelhouse)
    other = sharing("other")
    done = other.run("sync", "--offline")
    assert done.returncode == 3
    assert "Files of alpha were changed, and no cache is trusted to mend them." in done.stderr
    other.sync()
    assert other.codes() == []


def test_imports_and_byte_code_are_no_drift(ready: Tiny) -> None:
    python = str(ready.python)
    subprocess.run([python, "-c", "import alpha, beta"], env={}, check=True)
    assert list(ready.site.rglob("*.pyc"))
    assert ready.codes() == []


def test_without_an_environment_check_says_how_to_make_one(project: Tiny) -> None:
    done = project.run("check")
    assert done.returncode == 1
    assert "missing-env" in done.stdout
    assert "python3 tools/env sync" in done.stdout


def test_the_json_keys_are_the_documented_ones(ready: Tiny, wheelhouse: Path) -> None:
    drifts.edited(ready, wheelhouse)
    found = json.loads(ready.run("check", "--json").stdout)
    assert set(found) == {"differences", "mend", "keep", "unhashed", "notes"}
    assert set(found["differences"][0]) == {"code", "message", "package", "file", "mend"}
    assert (found["differences"][0]["package"], found["differences"][0]["file"]) == (
        "alpha",
        "alpha/__init__.py",
    )


def test_a_module_that_pythonpath_puts_in_front_is_told(ready: Tiny, tmp_path: Path) -> None:
    (tmp_path / "lib" / "alpha").mkdir(parents=True)
    (tmp_path / "lib" / "alpha" / "__init__.py").touch()
    (tmp_path / "lib" / "beta").mkdir()  # no package: a namespace comes after everything else
    done = ready.run("check", PYTHONPATH=str(tmp_path / "lib"))
    assert done.returncode == 1
    assert "shadowed: alpha is imported from" in done.stdout
    assert "beta" not in done.stdout
    assert "Mend with: unset PYTHONPATH" in done.stdout
    assert "nothing to do" in ready.sync(PYTHONPATH=str(tmp_path / "lib")).stderr


def test_another_python_that_is_asked_for_is_told_as_such(ready: Tiny) -> None:
    settings = ready.root / "tools" / "env.cfg"
    settings.write_text(settings.read_text().replace(f"python = {MINOR}", "python = 3.99"))
    assert ready.codes() == ["other-python"]


def test_a_place_that_is_taken_is_not_mended_by_sync(project: Tiny) -> None:
    project.env.mkdir()
    (project.env / "thesis.txt").touch()
    done = project.run("check")
    assert "foreign-env" in done.stdout
    assert "Mend with: export UV_PROJECT_ENVIRONMENT=/another/place" in done.stdout


def test_a_package_that_is_installed_twice_is_told_and_mended(ready: Tiny) -> None:
    """As an interrupted installer leaves it: the .dist-info of two versions side by side."""
    shutil.copytree(ready.site / "alpha-1.0.dist-info", ready.site / "alpha-0.9.dist-info")
    done = ready.run("check")
    assert "wrong-version: alpha is 0.9 and 1.0, locked is 1.0." in done.stdout
    ready.sync()
    assert ready.codes() == []


def test_what_pip_left_of_a_package_that_it_could_not_remove_is_none(ready: Tiny) -> None:
    shutil.copytree(ready.site / "alpha-1.0.dist-info", ready.site / "~lpha-1.0.dist-info")
    assert ready.codes() == []


def test_what_pythonpath_hides_does_not_hide_the_other_repairs(
    ready: Tiny, wheelhouse: Path
) -> None:
    variables = drifts.shadowed(ready, wheelhouse)
    drifts.deleted(ready, wheelhouse)
    assert ready.codes(**variables) == ["file-missing", "shadowed"]
    done = ready.run("check", **variables)
    assert "Mend with: python3 tools/env sync" in done.stdout
    ready.sync(**variables)
    assert ready.codes(**variables) == ["shadowed"]


def test_with_a_clock_that_was_wrong_a_fast_look_hashes_all_files(ready: Tiny) -> None:
    """A manifest from tomorrow would make every edit of today older than itself."""
    manifest = ready.env / ".seedbed" / "manifest.json"
    tomorrow = time.time() + 86400
    os.utime(manifest, (tomorrow, tomorrow))
    edited_to_the_same_size(ready, Path())
    assert ready.codes("--fast") == ["file-edited"]
