"""Wherever a Python may be: each place on a made-up home, and the order of them."""

from __future__ import annotations

import ntpath
import os
import re
from pathlib import Path, PureWindowsPath

import pytest
from support.template import ROOT

from env import discovery
from env.discovery import Place, candidates, places

ENGINE_PAGE = ROOT / "docs" / "engine.md"


def put(*parts: str | Path) -> str:
    """An empty program."""
    path = Path(*parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o755)
    return str(path)


def found(version: str, home: Path, monkeypatch: pytest.MonkeyPatch, **environ: str) -> list[str]:
    """What is found below a made-up home, in order."""
    monkeypatch.setattr("env.discovery.os.path.expanduser", lambda path: str(home))
    commands = [argv[0] for argv in candidates(version, {"PATH": "", **environ})]
    return [path for path in commands if path.startswith(str(home))]


def where(place: Place, home: Path) -> Path:
    """The directory of a place on a made-up home; one of the system's is put below it, too."""
    data, local = home / ".local" / "share", home / "AppData" / "Local"
    return Path(place.default.format(home=home, data=data, local=local))


@pytest.mark.parametrize("place", places("posix"), ids=lambda place: place.default)
def test_a_python_is_found_where_each_of_them_keeps_it(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / where(place, tmp_path).relative_to("/")
    if not place.default.startswith("{"):  # a directory of the system, where tests write nothing
        moved = place._replace(default=str(folder))
        monkeypatch.setattr("env.discovery.places", lambda: (moved,))
    else:
        folder = where(place, tmp_path)
    name = place.pattern.format(version="3.77", minor="3.77").replace("*", ".5")
    python = put(folder, name)
    assert found("3.77", tmp_path, monkeypatch) == [python]


@pytest.mark.parametrize(
    "place", [each for each in places("posix") if each.variable], ids=lambda place: place.keeper
)
def test_a_variable_says_where_it_is_kept(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = place.pattern.format(version="3.77", minor="3.77").replace("*", ".5")
    python = put(tmp_path / "else [where] {x}", name)
    assert place.variable
    environ = {place.variable: str(tmp_path / "else [where] {x}")}
    assert found("3.77", tmp_path, monkeypatch, **environ) == [python]


def test_path_goes_first_then_the_newest_of_each_keeper_then_shims(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shim = put(tmp_path, ".pyenv/shims/python3.77")
    plain = put(tmp_path, "bin/python3.77")
    expected = [
        plain,
        put(tmp_path, ".pyenv/versions/3.77.10/bin/python"),
        put(tmp_path, ".pyenv/versions/3.77.2/bin/python"),
        put(tmp_path, ".local/share/mise/installs/python/3.77.4/bin/python"),
        put(tmp_path, ".asdf/installs/python/3.77.3/bin/python"),
        shim,
    ]
    put(tmp_path, ".pyenv/versions/3.7.1/bin/python")
    path = os.pathsep.join(map(os.path.dirname, (shim, plain)))
    assert found("3.77", tmp_path, monkeypatch, PATH=path) == expected


def test_the_newest_goes_first_whatever_numbers_the_path_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "disk-2.5"
    releases = ["3.77.2", "3.77.10", "3.77.9", "3.77.11"]
    for each in releases:
        put(home, ".pyenv", "versions", each, "bin", "python")
    order = [Path(path).parent.parent.name for path in found("3.77", home, monkeypatch)]
    assert order == ["3.77.11", "3.77.10", "3.77.9", "3.77.2"]


def test_a_patch_release_that_is_asked_for_is_the_only_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, ".asdf/installs/python/3.77.10/bin/python")
    python = put(tmp_path, ".asdf/installs/python/3.77.2/bin/python")
    assert found("3.77.2", tmp_path, monkeypatch) == [python]


def test_a_python_under_several_names_is_named_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = put(tmp_path, ".local/share/mise/installs/python/3.77.4/bin/python")
    (tmp_path / ".local/share/mise/installs/python/3.77").symlink_to(Path(python).parent.parent)
    assert found("3.77", tmp_path, monkeypatch) == [python]


@pytest.mark.parametrize(
    ("folder", "what"),
    [
        (r"C:\Users\me\AppData\Local\Microsoft\WindowsApps", True),
        (r"C:\Users\me\AppData\Local\Microsoft\windowsapps", True),
        (r"C:\Users\me\.pyenv\pyenv-win\shims", True),
        (r"C:\Users\me\AppData\Local\Programs\Python\Python312", False),
        (r"C:\WindowsApps\Python312", False),
    ],
)
def test_the_stub_of_the_store_is_no_python(
    folder: str, what: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discovery, "PurePath", PureWindowsPath)
    assert discovery._points_on(folder) is what


def test_on_windows_the_launcher_is_asked_for_the_minor_version(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there = {"python": r"C:\Python311\python.exe", "py": r"C:\Windows\py.exe"}
    monkeypatch.setattr("env.discovery.os.name", "nt")
    monkeypatch.setattr("env.discovery.os.path", ntpath)
    monkeypatch.setattr("env.discovery.shutil.which", lambda name, path: there.get(name))
    monkeypatch.setattr(discovery, "_kept", lambda place, version, environ: [])
    monkeypatch.setattr(discovery, "PurePath", PureWindowsPath)
    assert list(candidates("3.99.1", {"PATH": "x"})) == [[there["python"]], [there["py"], "-3.99"]]


def test_the_page_names_each_keeper_and_its_variable() -> None:
    section = ENGINE_PAGE.read_text(encoding="utf-8").partition("## How a Python is found")[2]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", section, re.MULTILINE)
    told = {row[0].strip(): row[1:] for row in rows}
    for place in (*places("posix"), *places("nt")):
        assert (place.variable or "") in told[place.keeper][0]
    for place in places("posix"):
        kept = place.default.replace("{home}", "~").replace("{data}", "~/.local/share")
        assert f"`{kept}`" in told[place.keeper][1]
