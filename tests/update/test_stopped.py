"""An update that ends midway or without an index: nothing is lost, and what to do is said."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.engine import clean_environ, shared_cache
from support.history import append
from support.index import interrupted
from support.template import git, tree
from support.updates import commit, update

from .conftest import Made

NOWHERE = {"UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple", "UV_HTTP_RETRIES": "0"}
STOP = """#!/bin/sh
case " $* " in *" apply "*) kill -INT $PPID; exit 130 ;; esac
exec {git} "$@"
"""


def check(project: Path, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`poe template-check`, run by the Copier of the tests."""
    argv = [sys.executable, "tools/template_check.py", *words]
    environ = clean_environ(home)
    return subprocess.run(
        argv, cwd=project, env=environ, capture_output=True, text=True, check=False
    )


@pytest.fixture
def stopping(tmp_path: Path) -> str:
    """A PATH whose git stops Copier where it is about to put the user's edits back."""
    folder = tmp_path / "bin"
    folder.mkdir()
    found = shutil.which("git", path=os.defpath)
    (folder / "git").write_text(STOP.format(git=found))
    (folder / "git").chmod(0o755)
    return os.pathsep.join([str(folder), os.defpath])


@pytest.mark.thorough
@pytest.mark.skipif(os.name == "nt", reason="the git that stops Copier is a shell script")
def test_an_update_that_is_stopped_midway_is_noticed_and_undone(
    made: Made, home: Path, stopping: str
) -> None:
    project = made()
    append(project / ".gitattributes", "# of mine\n")
    commit(project)
    before = tree(project)
    assert update(project, home, PATH=stopping).returncode != 0
    assert b"# of mine" not in (project / ".gitattributes").read_bytes(), "else there is no danger"

    told = check(project, home)
    assert told.returncode == 1
    assert "An update was stopped midway." in told.stdout
    assert "All that you had before it is in your last commit:" in told.stdout
    hint = told.stdout.splitlines()[-1]
    for words in hint.strip().split(", then ")[:2]:
        git(project, *words.split()[1:])
    assert tree(project) == before
    done = update(project, home)
    assert done.returncode == 0, done.stderr
    assert "# of mine" in (project / ".gitattributes").read_text()
    assert json.loads(check(project, home, "--json").stdout)["stopped"] == ""


@pytest.mark.thorough
@pytest.mark.skipif(os.name == "nt", reason="the git that stops Copier is a shell script")
def test_a_stopped_update_that_was_committed_lets_the_next_one_ask(
    made: Made, home: Path, stopping: str
) -> None:
    project = made("v1.4.0")
    append(project / ".gitattributes", "# of mine\n")
    before = git(commit(project), "rev-parse", "--short", "HEAD").strip()
    assert update(project, home, PATH=stopping).returncode != 0
    commit(project)
    done = update(project, home)
    assert done.returncode != 0
    assert f"edits of {before} may be missing" in done.stderr
    assert "+# of mine" in git(project, "diff", "HEAD", before)
    ref = done.stderr.split("git update-ref -d ")[1].split()[0]
    git(project, "update-ref", "-d", ref)
    assert update(project, home).returncode == 0


@pytest.mark.thorough
def test_without_an_index_the_files_are_merged_and_the_lock_stays_as_it_was(
    made: Made, home: Path, tmp_path: Path
) -> None:
    project = made(libraries=["rich"])
    before = (project / "requirements.txt").read_bytes()
    cache = {"UV_CACHE_DIR": str(tmp_path / "empty")}
    done = update(project, home, **NOWHERE, **cache)
    assert done.returncode != 0
    finish = done.stdout.split("Lock or environment are not up to date. Finish with: ")[1]
    assert 'log_level = "DEBUG"' in (project / "pyproject.toml").read_text()
    assert (project / "requirements.txt").read_bytes() == before
    environ = clean_environ(home, UV_CACHE_DIR=shared_cache())
    for words in (*finish.strip().split(" and "), "python3 tools/env check"):
        argv = [sys.executable, *words.split()[1:]]
        subprocess.run(argv, cwd=project, env=environ, check=True, capture_output=True)
    assert "tqdm==4.67.1" in (project / "requirements.txt").read_text()


@pytest.mark.thorough
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
def test_ctrl_c_while_the_lock_is_resolved_keeps_what_is_merged(
    made: Made, home: Path, tmp_path: Path
) -> None:
    project = made(libraries=["rich"])
    before = (project / "requirements.txt").read_bytes()
    argv = [sys.executable, "-m", "copier", "update", "--defaults", "--trust"]
    done = interrupted(argv, project, clean_environ(home, UV_CACHE_DIR=str(tmp_path / "empty")))
    assert done.returncode != 0
    assert "Traceback" not in done.stderr, done.stderr
    if "Finish with: python3 tools/env lock" not in done.stdout:  # Copier does not wait long
        assert "An update was stopped midway." in check(project, home).stdout
    assert 'log_level = "DEBUG"' in (project / "pyproject.toml").read_text()
    assert (project / "requirements.txt").read_bytes() == before
    for word in ("lock", "sync", "check"):
        argv = [sys.executable, "tools/env", word]
        environ = clean_environ(home, UV_CACHE_DIR=shared_cache())
        subprocess.run(argv, cwd=project, env=environ, check=True, capture_output=True)


@pytest.mark.thorough
def test_the_check_tells_the_version_and_what_differs(made: Made, home: Path) -> None:
    project = made("v1.4.0")
    append(project / ".gitignore", "# of mine\n")
    append(project / "README.md", "of mine\n")
    git(project, "rm", "--quiet", ".gitattributes", "src/up/plots.py")
    done = check(project, home, "--json")
    facts = json.loads(done.stdout)
    assert done.returncode == 1
    assert (facts["version"], facts["latest"]) == ("1.4.0", "2.0.0")
    assert facts["differ"] == {".gitignore": "changed", ".gitattributes": "deleted"}
    commit(project)
    assert update(project, home).returncode != 0  # both sides added the last line of .gitignore
    left = check(project, home)
    assert left.returncode == 1
    assert "An update left conflicts in .gitignore." in left.stdout


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "does not say where the project came from"),
        ("- a list\n", "does not say where the project came from"),
        ("<<<<<<< HEAD\n_commit: v1\n=======\n", "cannot be read"),
        ("libraries: [a\n", "cannot be read"),
        (None, "There is no .copier-answers.yml; name the file with --answers-file."),
    ],
)
def test_answers_that_cannot_be_read_are_said(
    made: Made, home: Path, text: str | None, reason: str
) -> None:
    answers = made("v1.4.0") / ".copier-answers.yml"
    answers.unlink()
    if text is not None:
        answers.write_text(text)
    done = check(answers.parent, home)
    assert done.returncode == 3
    assert reason in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.thorough
def test_a_tag_that_is_gone_is_said_in_one_sentence_and_not_in_copiers_traceback(
    made: Made, home: Path
) -> None:
    project = made("v1.4.0")
    answers = project / ".copier-answers.yml"
    answers.write_text(answers.read_text().replace("_commit: v1.4.0", "_commit: v1.4.9"))
    done = check(project, home)
    assert done.returncode == 3
    assert "Traceback" not in done.stderr, done.stderr
    assert "v1.4.9" in done.stderr


def test_a_template_that_cannot_be_reached_is_said_in_two_sentences(made: Made, home: Path) -> None:
    project = made("v1.4.0")
    answers = project / ".copier-answers.yml"
    lines = answers.read_text().splitlines()
    moved = [f"_src_path: {home}/gone" if each.startswith("_src_path") else each for each in lines]
    answers.write_text("\n".join(moved) + "\n")
    done = check(project, home)
    assert done.returncode == 3
    assert "Traceback" not in done.stderr, done.stderr
    assert "When that is mended, run: uv run --script tools/template_check.py" in done.stderr
