"""What the engine decides on Windows, as far as it is decided without being there."""

from __future__ import annotations

import ntpath
from pathlib import PureWindowsPath
from typing import Any

import pytest

from env import interpreters


@pytest.mark.parametrize(
    ("command", "stub"),
    [
        (r"C:\Users\me\AppData\Local\Microsoft\WindowsApps\python.exe", True),
        (r"C:\Users\me\AppData\Local\Microsoft\windowsapps\python3.exe", True),
        (r"C:\Users\me\.pyenv\pyenv-win\shims\python.bat", True),
        (r"C:\Users\me\AppData\Local\Programs\Python\Python312\python.exe", False),
        (r"C:\WindowsApps\Python312\python.exe", False),
    ],
)
def test_the_stub_of_the_shop_is_no_python(command: str, stub: bool) -> None:
    path: Any = PureWindowsPath(command)
    assert interpreters._only_points_on(path) == stub


def test_the_launcher_is_asked_last_for_the_minor_version(monkeypatch: pytest.MonkeyPatch) -> None:
    there = {"python": r"C:\Python311\python.exe", "py": r"C:\Windows\py.exe"}
    monkeypatch.setattr("env.interpreters.os.name", "nt")
    monkeypatch.setattr("env.interpreters.os.path", ntpath)
    monkeypatch.setattr("env.interpreters.shutil.which", lambda name, path: there.get(name))
    monkeypatch.setattr(interpreters, "Path", PureWindowsPath)
    monkeypatch.setattr(interpreters, "_newest_first", lambda pattern, anchor: [])
    found = list(interpreters.candidates("3.99.1", {"PATH": "x", "APPDATA": r"C:\data"}))
    assert found == [[there["python"]], [there["py"], "-3.99"]]
