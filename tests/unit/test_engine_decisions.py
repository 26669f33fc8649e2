"""The engine's pure decisions: settings, places, requests, requirements, variables."""

from __future__ import annotations

from pathlib import Path

import pytest

from env.errors import EnvError
from env.interpreters import is_version
from env.markers import satisfies
from env.processes import scrubbed
from env.project import env_path, load, parse_settings
from env.requirements import Notes, locked, normalize, notes, parse, pins_of, read, with_notes


@pytest.mark.parametrize(
    ("place", "environ", "expected"),
    [
        (".venv", {}, "/work/project/.venv"),
        ("../project.venv", {}, "/work/project.venv"),
        ("/opt/env", {}, "/opt/env"),
        ("$WORKON_HOME/p", {"WORKON_HOME": "/envs"}, "/envs/p"),
        ("$WORKON_HOME/p", {"WORKON_HOME": ""}, str(Path.home() / ".virtualenvs" / "p")),
        ("$HOME/p", {}, "/work/project/$HOME/p"),
    ],
)
def test_the_place_of_an_environment(place: str, environ: dict[str, str], expected: str) -> None:
    assert str(env_path(Path("/work/project"), place, environ)) == expected


def test_settings_are_the_rest_of_the_line() -> None:
    text = "# a comment\nname = a = b\n\npackage =\nenv = my env\n"
    assert parse_settings(text) == {"name": "a = b", "package": "", "env": "my env"}


def settings(root: Path, **changed: str) -> Path:
    values = {"name": "p", "package": "", "python": "3.12", "python_minimum": "3.11"}
    values |= {"manager": "venv", "env": ".venv", "lock": "requirements.txt", **changed}
    (root / "tools").mkdir()
    text = "".join(f"{key} = {value}\n" for key, value in values.items() if value != "LEFT OUT")
    (root / "tools" / "env.cfg").write_text(text)
    return root


@pytest.mark.parametrize("place", [".", "..", "/"])
def test_a_place_that_would_swallow_the_project_is_refused(tmp_path: Path, place: str) -> None:
    with pytest.raises(EnvError, match="would swallow the project"):
        load(settings(tmp_path, env=place), {})


def test_a_missing_setting_is_named(tmp_path: Path) -> None:
    with pytest.raises(EnvError, match=r"lacks lock\. .*git checkout"):
        load(settings(tmp_path, lock="LEFT OUT"), {})


@pytest.mark.parametrize("python", ["three", "3", "", "3.12; rm"])
def test_a_python_that_is_no_version_is_told(tmp_path: Path, python: str) -> None:
    with pytest.raises(EnvError, match=r"is not a version\. Write it like 3\.12"):
        load(settings(tmp_path, python=python), {})


@pytest.mark.parametrize(
    ("version", "wanted", "expected"),
    [
        ("3.12.1", "3.12", True),
        ("3.12.1", "3.12.1", True),
        ("3.12.1", "3.1", False),
        ("3.12.10", "3.12.1", False),
        ("3.13.0", "3.12", False),
    ],
)
def test_a_version_serves_a_request(version: str, wanted: str, expected: bool) -> None:
    assert satisfies(version, wanted) is expected


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("3.12", True),
        ("3.12.1", True),
        ("python3", False),
        ("/usr/bin/python3.12", False),
        ("3", False),
    ],
)
def test_a_version_is_told_from_a_command(request_: str, expected: bool) -> None:
    assert is_version(request_) is expected


@pytest.mark.parametrize("name", ["Flask_SQL.Alchemy", "flask-sql--alchemy", "FLASK_sql_ALCHEMY"])
def test_names_that_are_one_compare_equal(name: str) -> None:
    assert normalize(name) == "flask-sql-alchemy"


def test_a_lock_is_read_with_markers_hashes_and_comments() -> None:
    text = (
        "# header\n"
        "Alpha==1.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n    # via beta\n"
        "beta==2.0+cpu ; sys_platform == 'win32' \\\n    --hash=sha256:cc\n"
    )
    alpha, beta = parse(text)
    assert (alpha.name, alpha.version, alpha.marker) == ("alpha", "1.0", "")
    assert alpha.hashes == ("sha256:aa", "sha256:bb")
    assert (beta.version, beta.marker) == ("2.0+cpu", "sys_platform == 'win32'")


COMMIT = "8ed51d8ac518b1e62ef086284aa212125e78f823"


@pytest.mark.parametrize(
    ("reference", "hashable"),
    [
        ("https://host/a/alpha-1.0-py3-none-any.whl", True),
        ("vendor/alpha-1.0.tar.gz", True),
        (f"git+https://host/alpha@{COMMIT}#subdirectory=python", False),
        (f"git+ssh://git@host/alpha@{COMMIT}", False),
        ("../alpha", False),
    ],
)
def test_a_direct_reference_is_read_and_needs_a_hash_where_there_can_be_one(
    reference: str, hashable: bool
) -> None:
    text = f"Alpha[x] @ {reference} ; os_name == 'nt'"
    (pin,) = parse(text + "\n    # via beta\n")
    assert (pin.name, pin.version, pin.exact) == ("alpha", None, reference)
    assert (pin.marker, pin.hashes, pin.hashable) == ("os_name == 'nt'", (), hashable)
    (pin,) = parse(f"{text} \\\n    --hash=sha256:aa\n")
    assert (pin.reference, pin.hashes) == (reference, ("sha256:aa",))


def test_the_notes_of_a_lock_are_read_as_they_are_written() -> None:
    told = Notes(
        exported="aa", asked="bb", cutoff="2026-11-19T00:00:00Z", built="x y", commits="z=1a2b3c4d"
    )
    text = with_notes(told, "alpha==1.0\n# Draft: below the first pin it is only a comment\n")
    assert notes(text) == told
    assert notes("alpha==1.0\n") == Notes()


@pytest.mark.parametrize(
    "line", ["alpha>=1", "alpha", "-e .", "--index-url x", "alpha @ git+https://host/x@main"]
)
def test_a_line_that_is_no_exact_pin_is_named(line: str) -> None:
    with pytest.raises(ValueError, match=line[:5]):
        parse(line + "\n")


def test_a_lock_without_hashes_is_refused(tmp_path: Path) -> None:
    project = load(settings(tmp_path), {})
    project.lock.write_text("alpha==1.0\n")
    with pytest.raises(EnvError, match=r"no hash for alpha\. Make it anew with: .* lock"):
        read(project)


@pytest.mark.parametrize(
    "name",
    [
        "PIP_TARGET",
        "PIP_USER",
        "PIP_PYTHON",
        "UV_PROJECT",
        "PYTHONPATH",
        "PYTHONHOME",
        "VIRTUAL_ENV",
        "CONDA_PREFIX",
        "__PYVENV_LAUNCHER__",
    ],
)
def test_variables_that_lead_elsewhere_are_dropped(name: str) -> None:
    assert scrubbed({name: "x"}).get(name) != "x"


@pytest.mark.parametrize(
    "name",
    [
        "PIP_INDEX_URL",
        "PIP_EXTRA_INDEX_URL",
        "PIP_FIND_LINKS",
        "PIP_CERT",
        "PIP_CACHE_DIR",
        "UV_DEFAULT_INDEX",
        "UV_INDEX_CORP_PASSWORD",
        "UV_CACHE_DIR",
        "UV_HTTP_TIMEOUT",
        "UV_NATIVE_TLS",
        "UV_OFFLINE",
        "UV_KEYRING_PROVIDER",
        "HTTPS_PROXY",
        "SSL_CERT_FILE",
        "PATH",
    ],
)
def test_variables_that_say_where_packages_come_from_are_kept(name: str) -> None:
    assert scrubbed({name: "x"})[name] == "x"


@pytest.mark.parametrize("marker", ["planet == 'mars'", "sys_platform"])
def test_a_marker_that_is_none_is_told_with_the_command(tmp_path: Path, marker: str) -> None:
    project = load(settings(tmp_path), {})
    project.lock.write_text(f"alpha==1.0 ; {marker} --hash=sha256:aa\n")
    with pytest.raises(EnvError, match=r"not a marker.*Make it anew with: .* lock"):
        locked(project, {"sys_platform": "linux"})


@pytest.mark.parametrize(
    ("reference", "built"),
    [
        ("https://a.test/x-1-py3-none-any.whl", False),
        ("https://a.test/x-1-py3-none-any.whl#sha256=aa", False),
        ("https://a.test/x-1.tar.gz", True),
        ("git+https://a.test/x@0123456789012345678901234567890123456789", False),
        ("../x", False),
    ],
)
def test_what_is_an_archive_to_build_is_told_by_its_address(reference: str, built: bool) -> None:
    (pin,) = parse(f"x @ {reference} --hash=sha256:aa\n")
    assert pin.archive is built


def test_a_lock_with_a_conflict_of_git_tells_the_pins_of_both_sides() -> None:
    text = (
        "a==1\n<<<<<<< HEAD\nb==1\n||||||| base\nb==0\n=======\nb==2\nc==3\n>>>>>>> theirs\nd==4\n"
    )
    assert [pin.text for pin in pins_of(text)] == [
        *("a==1", "b==1", "d==4"),
        *("a==1", "b==2", "c==3", "d==4"),
    ]
    with pytest.raises(ValueError, match="both sides of a conflict"):
        parse(text)
