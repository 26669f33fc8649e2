"""`check` tells every way in which an environment differs from its lock, and `sync` mends it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.engine import MINOR, Tiny, other_pythons, tiny
from support.wheels import wheel


def install(project: Tiny, *requirements: str) -> None:
    """Install past the engine, as a person would."""
    argv = [project.environ["UV"], "pip", "install", "--python", str(project.env)]
    argv += ["--no-deps", "--reinstall", *requirements]
    subprocess.run(argv, env=project.environ, check=True, capture_output=True)


def extra(project: Tiny) -> None:
    install(project, str(wheel(project.root.parent, "gamma", "1.0").path))


def missing(project: Tiny) -> None:
    argv = [project.environ["UV"], "pip", "uninstall", "--python", str(project.env), "alpha"]
    subprocess.run(argv, env=project.environ, check=True, capture_output=True)


def wrong_version(project: Tiny) -> None:
    install(project, str(wheel(project.root.parent, "alpha", "0.9").path))


def other_wheel(project: Tiny) -> None:
    install(project, str(wheel(project.root.parent, "alpha", "1.0", text="other = 1\n").path))


def edited(project: Tiny) -> None:
    path = project.site / "alpha" / "__init__.py"
    path.write_text(path.read_text() + "# a debug print, long forgotten\n")


def edited_to_the_same_size(project: Tiny) -> None:
    path = project.site / "alpha" / "__init__.py"
    path.write_text(path.read_text().replace("1.0", "1.1"))


def deleted(project: Tiny) -> None:
    (project.site / "beta" / "data.txt").unlink()


def record_deleted(project: Tiny) -> None:
    (project.site / "alpha-1.0.dist-info" / "RECORD").unlink()


def metadata_deleted(project: Tiny) -> None:
    (project.site / "alpha-1.0.dist-info" / "METADATA").unlink()


def script_edited(project: Tiny) -> None:
    path = project.scripts / "alpha"
    path.write_text(path.read_text() + "# changed\n")


def stray_pth(project: Tiny) -> None:
    (project.site / "stray.pth").write_text("import os; os.environ['STRAY'] = '1'\n")


def other_python(project: Tiny) -> None:
    """The base Python upgraded in place: here, a link that now leads to another patch release."""
    others = [each for each in same_minor() if each != os.path.realpath(project.python)]
    if not others:
        pytest.skip(f"there is only one Python {MINOR} on this machine")
    project.python.unlink()
    project.python.symlink_to(others[0])


def new_lock(project: Tiny) -> None:
    lock = project.root / "requirements.txt"
    lock.write_text(lock.read_text() + "# another line\n")


def same_minor() -> list[str]:
    """The Pythons of this minor version on this machine, by their real files."""
    found = [os.path.realpath(sys.executable)]
    pyenv = other_pythons().get(MINOR, "")
    for name in (f"/usr/bin/python{MINOR}", f"/usr/local/bin/python{MINOR}", pyenv):
        if os.path.exists(name) and os.path.realpath(name) not in found:
            found.append(os.path.realpath(name))
    versions = {
        subprocess.check_output([each, "-c", "import sys; print(sys.version_info[:3])"]): each
        for each in found
    }
    return list(versions.values())


DRIFTS = [
    pytest.param(extra, ["extra-package"], id="extra package"),
    pytest.param(missing, ["missing-package"], id="missing package"),
    pytest.param(wrong_version, ["wrong-version"], id="wrong version"),
    pytest.param(other_wheel, ["other-wheel"], id="another wheel of the same version"),
    pytest.param(edited, ["file-edited"], id="edited file"),
    pytest.param(edited_to_the_same_size, ["file-edited"], id="edited file of the same size"),
    pytest.param(deleted, ["file-missing"], id="deleted file"),
    pytest.param(record_deleted, ["file-missing"], id="deleted RECORD"),
    pytest.param(metadata_deleted, ["file-missing"], id="deleted METADATA"),
    pytest.param(script_edited, ["file-edited"], id="edited script"),
    pytest.param(stray_pth, ["stray-pth"], id="stray .pth"),
    pytest.param(other_python, ["other-python"], id="another patch release of Python"),
    pytest.param(new_lock, ["stale-lock"], id="stale lock"),
]


@pytest.mark.parametrize(("drift", "codes"), DRIFTS)
@pytest.mark.parametrize("words", [[], ["--fast"]], ids=["in full", "fast"])
def test_a_drift_is_told_by_its_code(
    ready: Tiny, drift: Callable[[Tiny], None], codes: list[str], words: list[str]
) -> None:
    drift(ready)
    assert ready.codes(*words) == codes
    assert ready.run("check", *words).returncode == 1


@pytest.mark.parametrize(("drift", "codes"), DRIFTS)
def test_sync_mends_it(ready: Tiny, drift: Callable[[Tiny], None], codes: list[str]) -> None:
    fingerprint = ready.info()["fingerprint"]
    drift(ready)
    ready.sync()
    assert ready.codes() == []
    assert ready.info()["fingerprint"] == fingerprint


def test_an_edit_in_one_project_is_seen_and_mended_in_another_that_shares_the_file(
    ready: Tiny, tmp_path: Path
) -> None:
    other = tiny(tmp_path / "other", ready.environ)
    (other.root / "requirements.txt").write_bytes((ready.root / "requirements.txt").read_bytes())
    other.sync()
    shared = (other.site / "alpha" / "__init__.py", ready.site / "alpha" / "__init__.py")
    if not os.path.samefile(*shared):
        pytest.skip("uv does not link files on this file system, so nothing is shared")
    edited(ready)
    assert other.codes() == ["file-edited"]
    other.sync()
    assert other.codes() == []
    third = tiny(tmp_path / "third", ready.environ)
    (third.root / "requirements.txt").write_bytes((ready.root / "requirements.txt").read_bytes())
    third.sync()
    assert third.codes() == []


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


def test_the_json_keys_are_the_documented_ones(ready: Tiny) -> None:
    edited(ready)
    found = json.loads(ready.run("check", "--json").stdout)
    assert set(found) == {"differences", "mend"}
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
