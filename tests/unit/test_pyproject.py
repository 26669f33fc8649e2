"""What pyproject.toml asks for, and whether that was locked."""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path

import pytest
from support.engine import tiny

from env.distributions import Distribution
from env.editable import proof
from env.errors import EnvError
from env.project import Project, load
from env.pyproject import asked, unlocked
from env.requirements import Notes, normalize, with_notes
from env.toml import loads, with_setting

TEXT = """\
[project]
name = "p"
requires-python = ">=3.11"
dependencies = ["beta>=2", "gamma ; sys_platform == 'linux'"]

[project.optional-dependencies]
Gpu = ["zeta", "p[more]"]
more = ["eta ; os_name == 'posix'"]

[dependency-groups]
dev = [{ include-group = "Test_Tools" }, "P[gpu] ; python_version < '3.13'"]
test-tools = ["theta"]
docs = ["iota"]

[tool.uv]
index-strategy = "first-index"

[tool.ruff]
line-length = 100
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    root = tiny(tmp_path / "p", {}, lock="requirements-dev.txt").root
    (root / "pyproject.toml").write_text(TEXT)
    return load(root, {})


def edit(project: Project, old: str, new: str) -> None:
    path = project.root / "pyproject.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_groups_hold_what_they_include_and_what_the_projects_own_extras_bring(
    project: Project,
) -> None:
    found = asked(project)
    assert found.dependencies == ("beta>=2", "gamma ; sys_platform == 'linux'")
    assert found.groups == {
        "dev": (
            "theta",
            "zeta ; python_version < '3.13'",
            "eta  ; (python_version < '3.13') and ( os_name == 'posix')",
        )
    }


def test_a_source_counts_for_what_is_asked_for(project: Project) -> None:
    sources = """
sources.torch = [{ index = "cpu", extra = "Gpu" }, { index = "rocm", extra = "amd" }]
sources.eta = { path = "../eta", group = "dev" }
sources.iota = { path = "../iota", group = "docs" }
"""
    edit(project, "[tool.uv]\n", f"[tool.uv]\n{sources}")
    assert asked(project).places == {"../eta": "eta", "../iota": "iota"}
    draft = tomllib.loads(asked(project).draft(project.root, ["os_name == 'nt'"]))
    assert draft["tool"]["uv"] == {
        "index-strategy": "first-index",
        "required-environments": ["os_name == 'nt'"],
        "sources": {
            "torch": [{"index": "cpu"}],
            "eta": [{"path": str(project.root.parent / "eta"), "group": "dev"}],
        },
    }


@pytest.mark.parametrize(
    ("chosen", "groups"),
    [("[]", []), ('["docs", "Test_Tools"]', ["docs", "test-tools"]), ('"all"', None)],
)
def test_the_default_groups_of_uv_are_locked(
    project: Project, chosen: str, groups: list[str] | None
) -> None:
    edit(project, "[tool.uv]\n", f"[tool.uv]\ndefault-groups = {chosen}\n")
    assert list(asked(project).groups) == (
        groups or (["dev", "docs", "test-tools"], [])[groups == []]
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('["beta>=2", ', '[ # why\n "Beta >= 2",\n'),
        ("\"gamma ; sys_platform == 'linux'\"", "'gamma;sys_platform==\"linux\"'"),
        ('"beta>=2", "gamma ; sys_platform == \'linux\'"',
         '"gamma ; sys_platform == \'linux\'", "beta>=2"'),
        ("Test_Tools", "test.tools"),
        ("line-length = 100", "line-length = 80"),
        ('docs = ["iota"]', ""),
        ('[tool.uv]', '[tool.uv]\nlink-mode = "copy"'),
    ],
)  # fmt: skip
def test_an_edit_of_form_or_of_something_else_is_none(project: Project, old: str, new: str) -> None:
    before = asked(project).sha256
    edit(project, old, new)
    assert asked(project).sha256 == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (">=3.11", ">=3.12"),
        ("beta>=2", "beta>=2,<3"),
        ("== 'linux'", "== 'win32'"),
        ('"zeta"', '"zeta>1"'),
        ('"eta ', '"eta<9 '),
        ('["theta"]', '["theta", "kappa"]'),
        ("first-index", "unsafe-first-match"),
        ("[tool.uv]", '[tool.uv]\nsources.beta = { path = "../beta" }'),
        ("[tool.uv]", '[tool.uv]\ndefault-groups = ["dev", "docs"]'),
    ],
)
def test_an_edit_of_what_decides_the_lock_is_told(project: Project, old: str, new: str) -> None:
    told = with_notes(Notes(asked=asked(project).sha256), "")
    project.lock.write_text(told)
    assert list(unlocked(project)) == []
    edit(project, old, new)
    (found,) = unlocked(project)
    assert (found.code, found.message) == (
        "unlocked",
        "What pyproject.toml asks for has changed since it was locked.",
    )


def test_of_a_lock_without_a_note_nothing_is_told(project: Project) -> None:
    project.lock.write_text("beta==2.0\n")
    assert list(unlocked(project)) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[project]", "<<<<<<< HEAD\n[project]", "line 1"),
        ('"theta"]', '"theta"', "line 13"),
        ("Test_Tools", "nowhere", "the dependency group nowhere is not there"),
        ('["theta"]', '[{include-group = "dev"}]', "the dependency group dev includes itself"),
        ("P[gpu]", "P[tpu]", "asks for an extra that the project does not have"),
        ('["theta"]', "[1]", "a table of its dependencies is not what it should be"),
        ('"p"', '"\\u0000p" #\0', "NUL"),
        ('name = "p"', 'name = "p"\ndynamic = ["dependencies"]', "made by a build"),
        ("[tool.uv]", "[tool.uv]\nsources = 1", "a table of its dependencies"),
        ("[tool.uv]", "[tool.uv]\nindex = { url = 1 }", "a table of its dependencies"),
        ("[tool.uv]", '[tool.uv]\nno-binary-package = "x"', "no list of texts"),
        ("[tool.uv]", '[tool.uv]\nenvironments = ["linux"]', "not a marker"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(
    project: Project, old: str, new: str, told: str
) -> None:
    project.lock.write_text(with_notes(Notes(asked="aa"), ""))
    edit(project, old, new)
    with pytest.raises(EnvError, match=r"pyproject.toml cannot be read: .*Mend it or .* lock"):
        asked(project)
    (found,) = unlocked(project)
    assert found.code == "unreadable"
    assert told in found.message


def test_an_install_is_proven_where_nothing_reads_toml(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a Python 3.9 of Debian, which has no pip either."""
    dist = Distribution("p", "0", "p-0.dist-info")
    (project.root / dist.directory).mkdir()
    (project.root / dist.directory / "RECORD").write_text("p.py,,\n")
    assert proof(project, project.root, [dist]).keys() == {"install", "pyproject", "asked"}
    monkeypatch.setattr("env.toml._READERS", ())
    assert proof(project, project.root, [dist]).keys() == {"install", "pyproject"}


@pytest.mark.skipif(os.name == "nt", reason="Windows has symbolic links only for some")
def test_the_environments_python_reads_toml_for_one_that_cannot(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.python_path.parent.mkdir(parents=True)
    project.python_path.symlink_to(sys.executable)
    monkeypatch.setattr("env.toml._READERS", ())
    assert loads(project, "a = 1") == {"a": 1}
    with pytest.raises(ValueError, match="Invalid value"):
        loads(project, "a =")
    project.python_path.unlink()
    with pytest.raises(EnvError, match=r"reads no TOML\b.*\. Run it with 3\.11 or newer"):
        loads(project, "a = 1")


EXEMPT = "exclude-newer-package"
BUILT = """\
[tool.uv]
no-binary-package = [
    "Mine",  # with our BLAS
    'gone_now', # as "mine"
]
"""


@pytest.mark.parametrize(
    ("before", "key", "value"),
    [
        ("", EXEMPT, {"a": "2026-11-26T00:00:00Z"}),
        (
            '[tool.uv]\nexclude-newer = "7 days"\n',
            EXEMPT,
            {"a": "2026-11-26T00:00:00Z", "b": False},
        ),
        ("[ tool.uv ] # x\nexclude-newer-package = { b = false } # x\n", EXEMPT, {"a.b": False}),
        ('[tool.uv]\nexclude-newer-package={}\nprerelease = "allow"\n', EXEMPT, {"c": False}),
        ('[tool.uv]\n  "exclude-newer-package"= { a = "2026-01-01" }', EXEMPT, {"c": False}),
        ("[tool.x]\ny = 1", "no-binary-package", ["a", "b"]),
        ("[tool.uv.sources]\nx = { path = 'x' }\n", "no-binary-package", ["a"]),
        (BUILT, "no-binary-package", ["also", "mine"]),
        (BUILT, "no-binary-package", ["mine"]),
        (BUILT, "no-binary-package", ["also"]),
    ],
)
def test_a_setting_of_uv_is_edited_and_taken_back(
    before: str, key: str, value: dict[str, object] | list[str]
) -> None:
    others = tomllib.loads(before)
    uv = others.setdefault("tool", {}).setdefault("uv", {})
    uv.pop(key, None)
    after = with_setting(before, key, value)
    found = tomllib.loads(after)["tool"]["uv"].pop(key)
    assert (sorted(map(normalize, found)) if isinstance(found, list) else found) == value
    without = tomllib.loads(with_setting(after, key, type(value)()))
    without.setdefault("tool", {}).setdefault("uv", {})
    assert without == others


def test_what_stays_in_a_list_stays_as_it_is_written() -> None:
    after = with_setting(BUILT, "no-binary-package", ["also", "mine"])
    assert '"Mine",  # with our BLAS\n' in after
    assert '# as "mine"\n' in after
