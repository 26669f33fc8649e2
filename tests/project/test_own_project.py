"""The project's own install is proven like everything else: from here, editable, of today."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support.engine import Tiny, other_pythons, run, tiny
from support.managers import uv
from support.template import tree
from support.wheels import Wheel, wheel

PYPROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "tiny"
version = "0.1.0"
dependencies = ["alpha"]

[project.scripts]
hello = "tiny:hello"

[tool.ruff]
line-length = 100
"""
BACKEND = '''\
"""The smallest build back end (PEP 517, PEP 660) that goes by pyproject.toml."""
import base64
import hashlib
import os
import tomllib
import zipfile


def _digest(text):
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
    return "sha256=" + digest.rstrip(b"=").decode()


def _wheel(folder, files):
    with open("pyproject.toml", "rb") as file:
        own = tomllib.load(file)["project"]
    stem = f"{own['name'].replace('-', '_')}-{own['version']}"
    metadata = f"Metadata-Version: 2.1\\nName: {own['name']}\\nVersion: {own['version']}\\n"
    scripts = "".join(f"{key} = {value}\\n" for key, value in own["scripts"].items())
    files[f"{stem}.dist-info/METADATA"] = metadata
    files[f"{stem}.dist-info/WHEEL"] = "Wheel-Version: 1.0\\nTag: py3-none-any\\n"
    files[f"{stem}.dist-info/entry_points.txt"] = f"[console_scripts]\\n{scripts}"
    record = "".join(f"{path},{_digest(text)},\\n" for path, text in files.items())
    files[f"{stem}.dist-info/RECORD"] = f"{record}{stem}.dist-info/RECORD,,\\n"
    name = f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return name


def build_wheel(folder, settings=None, metadata=None):
    with open("src/tiny/__init__.py") as file:
        return _wheel(folder, {"tiny/__init__.py": file.read()})


def build_editable(folder, settings=None, metadata=None):
    return _wheel(folder, {"_tiny.pth": os.path.abspath("src") + "\\n"})
'''


def checkout(root: Path) -> None:
    (root / "src" / "tiny").mkdir(parents=True)
    (root / "src" / "tiny" / "__init__.py").write_text("def hello(): print(__file__)\n")
    (root / "backend.py").write_text(BACKEND)
    (root / "pyproject.toml").write_text(PYPROJECT)


@pytest.fixture
def own(tmp_path: Path, environ: dict[str, str], alpha: Wheel) -> Tiny:
    """A project with code of its own, and its environment."""
    project = tiny(tmp_path / "project", environ, package="tiny")
    checkout(project.root)
    project.lock(alpha)
    project.sync()
    return project


def edit(project: Tiny, old: str, new: str) -> None:
    path = project.root / "pyproject.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def install(project: Tiny, *words: str) -> None:
    """Past the engine, as a README says it."""
    argv = ["pip", "install", "--python", str(project.python), "--no-deps", "--no-build-isolation"]
    done = uv(project, *argv, *words)
    assert done.returncode == 0, done.stderr


def from_another_checkout(project: Tiny) -> None:
    checkout(project.root.parent / "other")
    install(project, "--editable", str(project.root.parent / "other"))


def as_a_copy(project: Tiny) -> None:
    install(project, ".")


def with_another_script(project: Tiny) -> None:
    edit(project, 'hello = "tiny:hello"', 'hello = "tiny:hello"\nbye = "tiny:hello"')


def with_another_version(project: Tiny) -> None:
    edit(project, "0.1.0", "0.2.0")


def with_another_name(project: Tiny) -> None:
    edit(project, '"tiny"', '"huge-thing"')


def with_an_extra(project: Tiny) -> None:
    edit(project, "[project.scripts]", "[project.optional-dependencies]\nx = []\n[project.scripts]")


def with_another_back_end(project: Tiny) -> None:
    edit(project, "requires = []", 'requires = ["alpha"]')


def again_after_an_edit_that_was_taken_back(project: Tiny) -> None:
    edit(project, "0.1.0", "0.2.0")
    install(project, "--editable", ".")
    edit(project, "0.2.0", "0.1.0")


def metadata_edited(project: Tiny) -> None:
    path = next(project.site.glob("tiny-*.dist-info/METADATA"))
    path.write_text(path.read_text() + "Summary: another\n")


def link_deleted(project: Tiny) -> None:
    (project.site / "_tiny.pth").unlink()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (from_another_checkout, "stale-project"),
        (as_a_copy, "stale-project"),
        (with_another_script, "stale-project"),
        (with_another_version, "stale-project"),
        (with_another_name, "stale-project"),
        (with_an_extra, "stale-project"),
        (with_another_back_end, "stale-project"),
        (again_after_an_edit_that_was_taken_back, "stale-project"),
        (metadata_edited, "file-edited"),
        (link_deleted, "file-missing"),
        (lambda project: uv(project, "pip", "uninstall", "tiny"), "missing-package"),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_an_install_that_is_not_todays_is_told_and_mended(
    own: Tiny, change: Callable[[Tiny], object], code: str
) -> None:
    change(own)
    assert own.codes() == own.codes("--fast") == [code]
    own.sync()
    assert own.codes() == []
    assert "nothing to do" in own.sync().stderr
    hello = subprocess.check_output([str(own.scripts / "hello")], text=True)
    assert hello.strip() == str(own.root / "src" / "tiny" / "__init__.py")


def test_a_tool_that_needs_the_project_itself_has_it_from_here(own: Tiny, wheelhouse: Path) -> None:
    wheel(wheelhouse, "tiny", "9.0", requires=("beta",))
    wheel(wheelhouse, "tool", "1.0", requires=("tiny[more] >=9",))
    done = own.run("add", "tool")
    assert done.returncode == 0, done.stderr
    lock = (own.root / "requirements.txt").read_text()
    assert re.findall("^[a-z]+==", lock, re.MULTILINE) == ["alpha==", "tool=="]
    assert own.codes() == []
    hello = subprocess.check_output([str(own.scripts / "hello")], text=True)
    assert hello.strip() == str(own.root / "src" / "tiny" / "__init__.py")


def test_the_projects_own_install_is_mended_without_a_network(own: Tiny) -> None:
    link_deleted(own)
    own.sync("--offline")
    assert own.codes() == []


def test_after_another_name_the_old_one_is_gone(own: Tiny) -> None:
    with_another_name(own)
    own.sync()
    left = sorted(path.name for path in own.site.glob("*.dist-info"))
    assert left == ["alpha-1.0.dist-info", "huge_thing-0.1.0.dist-info"]
    assert "huge" not in own.run("freeze").stderr


def test_an_edit_that_decides_nothing_about_the_install_is_no_difference(own: Tiny) -> None:
    edit(own, "line-length = 100", "line-length = 99")
    edit(own, "[build-system]", "# a comment\n[build-system]")
    assert own.codes() == []
    assert "nothing to do" in own.sync().stderr


def test_the_textbook_command_installs_what_is_there(own: Tiny) -> None:
    path = own.root / "backend.py"
    path.write_text(
        path.read_text().replace("Wheel-Version: 1.0", "Wheel-Version: 1.0\\nGenerator: 2")
    )
    install(own, "--editable", ".")
    assert own.codes() == []


def test_a_second_way_to_the_same_directory_is_the_same_project(own: Tiny) -> None:
    link = own.root.parent / "link"
    link.symlink_to(own.root)
    install(own, "--editable", str(link))
    assert own.codes() == []


def test_a_python_that_reads_no_toml_tells_the_same(own: Tiny) -> None:
    old = other_pythons().get("3.10") or other_pythons().get("3.9")
    if old is None:
        pytest.skip("no Python without tomllib on this machine (pyenv install 3.10)")
    edit(own, "line-length = 100", "line-length = 99")
    assert run(old, own.root, "check", environ=own.environ).returncode == 0
    with_another_script(own)
    done = run(old, own.root, "check", environ=own.environ)
    assert "stale-project: pyproject.toml has changed since tiny was installed" in done.stdout
    assert run(old, own.root, "sync", environ=own.environ).returncode == 0
    assert own.codes() == []


def test_a_sync_for_something_else_does_not_install_the_project_again(
    own: Tiny, alpha: Wheel, beta: Wheel
) -> None:
    link = own.site / "_tiny.pth"
    before = link.stat().st_ctime_ns, os.stat(link).st_ino
    own.lock(alpha, beta)
    own.sync()
    assert (link.stat().st_ctime_ns, os.stat(link).st_ino) == before


def test_a_project_without_code_of_its_own_is_not_installed(ready: Tiny) -> None:
    checkout(ready.root)
    assert ready.codes() == []
    install(ready, "--editable", ".")
    assert ready.codes() == ["extra-package"]
    ready.sync()
    assert ready.codes() == []


NEEDS = """\
readme = "docs/README.md"
license = { file = "LICENSE.txt" }
dependencies = ["alpha"]"""


@pytest.mark.parametrize(
    ("gone", "told"),
    [
        ("pyproject.toml", "pyproject.toml cannot be read: No such file or directory."),
        ("docs/README.md", "names docs/README.md as the project's readme"),
        ("LICENSE.txt", "names LICENSE.txt as the project's license"),
        ("src/tiny", "names src/tiny as the project's code"),
    ],
)
def test_what_the_install_needs_is_looked_for_before_anything_is_changed(
    own: Tiny, gone: str, told: str
) -> None:
    edit(own, 'dependencies = ["alpha"]', NEEDS)
    edit(own, 'backend = "backend"', 'backend = "uv_build"')
    (own.root / "docs").mkdir()
    for name in ("docs/README.md", "LICENSE.txt"):
        (own.root / name).write_text("Tiny\n")
    (own.root / gone).rename(own.root / "aside")
    shutil.rmtree(own.site / "alpha")
    before = tree(own.root)
    for words in (["sync"], ["add", "alpha>=1"]):
        done = own.run(*words)
        assert done.returncode == 3
        assert told in done.stderr
        assert tree(own.root) == before
    assert "incomplete-env" not in own.codes()
