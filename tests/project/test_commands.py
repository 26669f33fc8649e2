"""`run`, `info`, `delete` and the exit codes, as a user meets them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest
from support.engine import Tiny, other_pythons, run


def test_run_uses_the_environment_without_entering_it(ready: Tiny) -> None:
    code = "import os, shutil, sys; print(sys.prefix, os.environ['VIRTUAL_ENV'])"
    done = ready.run("run", "--", "python", "-c", code)
    assert done.stdout.split() == [str(ready.env)] * 2


def test_run_passes_on_arguments_and_exit_code(ready: Tiny) -> None:
    code = "import sys; print(sys.argv[1:]); sys.exit(7)"
    done = ready.run("run", "--", "python", "-c", code, "--json", "a b", "--", "*")
    assert (done.returncode, done.stdout) == (7, "['--json', 'a b', '--', '*']\n")


def test_run_is_not_led_astray_by_pythonhome(ready: Tiny, tmp_path: Path) -> None:
    argv = [sys.executable, "-I", "tools/env", "run", "--", "python", "-c", "print('ran')"]
    environ = {**ready.environ, "PYTHONHOME": str(tmp_path)}
    assert subprocess.check_output(argv, cwd=ready.root, env=environ, text=True) == "ran\n"


def test_run_never_makes_or_changes_an_environment(project: Tiny) -> None:
    done = project.run("run", "--", "python", "-V")
    assert done.returncode == 3
    assert "python3 tools/env sync" in done.stderr
    assert not project.env.exists()


def test_run_notes_a_stale_lock_and_goes_on(ready: Tiny) -> None:
    lock = ready.root / "requirements.txt"
    lock.write_text(lock.read_text() + "# changed\n")
    done = ready.run("run", "--", "python", "-c", "print('ran')")
    assert done.stdout == "ran\n"
    assert "requirements.txt has changed" in done.stderr


def test_run_of_an_unknown_program_says_so(ready: Tiny) -> None:
    done = ready.run("run", "--", "no-such-program")
    assert done.returncode == 3
    assert "no-such-program is not in the environment or on PATH." in done.stderr


def test_info_has_the_documented_keys(ready: Tiny) -> None:
    assert set(ready.info()) == {
        "state",
        "reason",
        "name",
        "manager",
        "python",
        "python_asked",
        "python_project",
        "python_path",
        "path",
        "lock",
        "lock_sha256",
        "installer",
        "fingerprint",
        "packages",
    }


def test_info_lists_the_pythons_of_this_machine_when_asked(project: Tiny) -> None:
    done = project.run("info", "--pythons")
    assert "{}.{}.{}".format(*sys.version_info[:3]) in done.stdout


def test_delete_removes_our_environment_and_nothing_else(ready: Tiny) -> None:
    done = ready.run("delete", "--yes")
    assert done.returncode == 0
    assert not ready.env.exists()
    assert (ready.root / "requirements.txt").exists()


def test_delete_names_the_python_that_was_chosen_by_hand(ready: Tiny) -> None:
    path = ready.env / ".seedbed" / "stamp"
    path.write_text(path.read_text() + "python=3.99\n")
    assert (
        "Make it again with: python3 tools/env sync --python 3.99"
        in ready.run("delete", "--yes").stderr
    )


def test_delete_does_not_follow_links_out_of_the_environment(ready: Tiny, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept.txt").write_text("kept")
    (ready.env / "link").symlink_to(outside)
    ready.run("delete", "--yes")
    assert (outside / "kept.txt").exists()


def test_delete_does_not_go_through_a_link_at_the_environments_place(
    ready: Tiny, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "big disk"
    ready.env.rename(elsewhere)
    ready.env.symlink_to(elsewhere)
    assert ready.info()["state"] == "ready"
    done = ready.run("delete", "--yes")
    assert done.returncode == 3
    assert "is a symbolic link" in done.stderr
    assert ready.info()["state"] == "ready"


@pytest.mark.parametrize(("key", "kept"), [("y\r", False), ("\r", True), ("\x04", True)])
def test_delete_asks_on_a_terminal(ready: Tiny, key: str, kept: bool) -> None:
    child = pexpect.spawn(
        sys.executable,
        ["tools/env", "delete"],
        env=ready.environ,
        cwd=str(ready.root),
        encoding="utf-8",
        timeout=30,
    )
    child.expect_exact("? [y/N] ")
    child.send(key)
    child.expect(pexpect.EOF)
    assert "Traceback" not in (child.before or "")
    assert ready.env.exists() is kept


def test_a_place_that_is_taken_is_answered_with_another(project: Tiny) -> None:
    project.env.mkdir()
    (project.env / "thesis.txt").touch()
    for words in (["run", "--", "python"], ["freeze"]):
        done = project.run(*words)
        assert "Mend it with: export UV_PROJECT_ENVIRONMENT=" in done.stderr


def test_delete_without_a_terminal_needs_a_yes(ready: Tiny) -> None:
    done = ready.run("delete")
    assert done.returncode == 2
    assert "delete --yes" in done.stderr
    assert ready.env.exists()


@pytest.mark.parametrize("words", [[], ["fly"], ["sync", "--no-such-option"]])
def test_wrong_use_exits_with_2(project: Tiny, words: list[str]) -> None:
    assert project.run(*words).returncode == 2


def test_outside_of_a_project_it_says_where_to_go(project: Tiny, tmp_path: Path) -> None:
    done = project.run("--project", str(tmp_path), "info")
    assert done.returncode == 2
    assert "is not a project of this template" in done.stderr


def test_commands_are_shown_so_that_they_can_be_pasted_anywhere(
    project: Tiny, tmp_path: Path
) -> None:
    done = run(sys.executable, project.root, "check", environ=project.environ, cwd=tmp_path)
    assert "python3 project/tools/env sync" in done.stdout


@pytest.mark.parametrize("minor", ["3.9", "3.10", "3.12", "3.13"])
def test_the_engine_runs_on_python(ready: Tiny, minor: str) -> None:
    python = other_pythons().get(minor)
    if python is None:
        pytest.skip(f"Python {minor} is not on this machine")
    for words in (
        ["check"],
        ["sync"],
        ["delete", "--yes"],
        ["sync"],
        ["check"],
        ["info", "--json"],
    ):
        done = run(python, ready.root, *words, environ=ready.environ)
        assert done.returncode == 0, done.stderr


def test_an_old_python_is_told_in_a_sentence(project: Tiny) -> None:
    old = [path for minor, path in other_pythons().items() if int(minor.split(".")[1]) < 9]
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    old += [str(path) for path in root.glob("2.7.*/bin/python")]
    if not old:
        pytest.skip("no Python older than 3.9 is on this machine")
    for python in old:
        done = run(python, project.root, "info", environ=project.environ)
        assert done.returncode == 1
        assert done.stderr.startswith("error: tools/env needs Python 3.9 or newer")
        # an activation helper that asks goes on to the next one, and says it where there is none
        asked = run(python, project.root, "shell", "cmd", environ=project.environ)
        assert (asked.returncode, asked.stdout, asked.stderr) == (3, "", "")


def test_nothing_outside_the_project_and_the_caches_is_written(
    project: Tiny, home: Path, tmp_path: Path
) -> None:
    def listing() -> set[str]:
        caches = (project.root, tmp_path / "uv-cache", tmp_path / "pip-cache")
        return {
            str(path)
            for path in tmp_path.rglob("*")
            if not any(cache == path or cache in path.parents for cache in caches)
        }

    before = listing()
    project.sync()
    subprocess.run([str(project.python), "-c", "import alpha"], check=True)
    assert listing() == before
    assert os.listdir(home) == []
