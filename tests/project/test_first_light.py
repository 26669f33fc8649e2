"""One command gives a real project with a real environment that trains."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pexpect
import pytest
from support.copying import COMMAND
from support.engine import MINOR, clean_environ, shared_cache
from support.index import interrupted
from support.template import make_template, render, tree

COPIER = [sys.executable, "-m", "copier"]
GIT = {"GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@example.invalid"}
GIT |= {"GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@example.invalid"}


def copy(
    template: Path,
    project: Path,
    environ: dict[str, str],
    *words: str,
    copier: Sequence[str] = COMMAND,
    **answers: str,
) -> subprocess.CompletedProcess[str]:
    """`copier copy --defaults --trust` as from a shell without a terminal."""
    given = {"project_name": "First light", "python_version": MINOR, **answers}
    data = [word for key, value in given.items() for word in ("--data", f"{key}={value}")]
    argv = [*copier, "copy", "--quiet", "--defaults"]
    argv += ["--trust", *data, *words, str(template), str(project)]
    # PWD: Copier runs its tasks where the project is, and the variable still names where it began.
    environ = {**environ, "PWD": str(project.parent)}
    return subprocess.run(
        argv, cwd=project.parent, env=environ, capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


def copy_without_trust(template: Path, project: Path) -> None:
    """Make no environment; the packages are those of `real`."""
    render(template, project, python_version=MINOR, libraries=["rich"])


def engine(project: Path, environ: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "tools/env", *words]
    return subprocess.run(
        argv, cwd=project, env=environ, capture_output=True, text=True, check=False
    )


def info(project: Path, environ: dict[str, str]) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(engine(project, environ, "info", "--json").stdout)
    return facts


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A project as one command makes it, with the machine's own caches and a home of its own."""
    place = tmp_path_factory.mktemp("real")
    home = place / "home"
    home.mkdir()
    environ = clean_environ(home, UV_CACHE_DIR=shared_cache(), **GIT)
    template = make_template(place / "template")
    done = copy(template, place / "digits", environ, copier=COPIER, libraries="[rich]")
    return {"project": place / "digits", "environ": environ, "home": home, "done": done}


def test_copying_makes_a_ready_environment_and_says_what_comes_next(real: dict[str, Any]) -> None:
    done = real["done"]
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-4:] == [
        "Next:",
        "  cd digits",
        "  . ./activate.sh",
        "  poe train",
    ]
    assert info(real["project"], real["environ"])["state"] == "ready"
    assert engine(real["project"], real["environ"], "check").returncode == 0


def test_git_has_a_first_commit_and_sees_nothing_else(real: dict[str, Any]) -> None:
    def git(*words: str) -> str:
        return subprocess.check_output(["git", *words], cwd=real["project"], text=True)

    assert git("log", "--format=%s") == "Start the project\n"
    assert git("status", "--short") == ""


def test_the_home_directory_was_not_touched(real: dict[str, Any]) -> None:
    assert tree(real["home"]) == {}


def test_the_environment_is_of_the_python_that_was_asked_for(real: dict[str, Any]) -> None:
    facts = info(real["project"], real["environ"])
    assert facts["python"].startswith(MINOR + ".")


def test_training_writes_a_run_that_says_what_made_it(real: dict[str, Any]) -> None:
    project, environ = real["project"], real["environ"]
    done = engine(project, environ, "run", "--", "poe", "-q", "train")
    assert done.returncode == 0, done.stderr
    (run,) = (path for path in (project / "runs").iterdir() if path.is_dir())
    assert {path.name for path in run.iterdir()} == {
        "config.toml", "confusion_matrix.png", "metrics.json", "model.joblib", "report.html",
        "run.json", "schema.json",
    }  # fmt: skip
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["validation"]["accuracy"] > 0.95
    record = json.loads((run / "run.json").read_text())
    facts = info(project, environ)
    assert record["environment"]["state"] == "ready"
    assert record["environment"]["fingerprint"] == facts["fingerprint"]
    assert record["lock"]["sha256"] == facts["lock_sha256"]
    head = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=project, text=True).strip()
    assert record["git"]["commit"] == head
    assert record["git"]["dirty"] is False
    status = subprocess.check_output(["git", "status", "--short"], cwd=project, text=True)
    assert status == ""

    again = engine(project, environ, "run", "--", "poe", "-q", "train")
    assert again.returncode == 0, again.stderr
    one, two = (path.read_bytes() for path in sorted((project / "runs").glob("*/metrics.json")))
    assert one == two, "the same seed must give the same metrics"

    evaluated = engine(project, environ, "run", "--", "poe", "-q", "evaluate")
    assert evaluated.returncode == 0, evaluated.stderr
    assert engine(project, environ, "check").returncode == 0, "training must not change the env"


def test_without_trust_everything_is_rendered_and_activation_makes_the_environment(
    real: dict[str, Any], template: Path, tmp_path: Path
) -> None:
    project = tmp_path / "untrusted"
    copy_without_trust(template, project)
    assert not (project / ".venv").exists()
    done = engine(project, real["environ"], "sync", "--offline")
    assert done.returncode == 0, done.stderr
    script = ". ./activate.sh && python -c 'import sys; print(sys.prefix)'"
    done = subprocess.run(
        ["bash", "--norc", "-c", script], cwd=project, env=real["environ"], text=True,
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.stdout.strip() == str(project / ".venv"), done.stderr


def test_without_uv_on_the_machine_the_locked_one_is_fetched(
    real: dict[str, Any], template: Path, tmp_path: Path
) -> None:
    # The engine is started by a Python that has no uv beside it, as Copier's own may not.
    project = tmp_path / "without-uv"
    copy_without_trust(template, project)
    environ = {key: value for key, value in real["environ"].items() if key != "UV"}
    done = engine(project, environ, "sync")
    assert done.returncode == 0, done.stderr
    assert "fetches the locked one" in done.stderr
    assert (project / ".venv" / "bin" / "uv").exists()
    assert engine(project, environ, "check").returncode == 0
    with_uv, without = info(real["project"], environ), info(project, environ)
    assert with_uv["installer"] == without["installer"]


class TestTrouble:
    """Trouble with the environment: the project is kept, and what to do is said."""

    @pytest.fixture
    def unreachable(self, home: Path, tmp_path: Path) -> dict[str, str]:
        # Port 9 (discard) on loopback: nobody listens, and the refusal comes at once.
        nowhere = {"UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple", "UV_HTTP_RETRIES": "0"}
        return clean_environ(home, UV_CACHE_DIR=str(tmp_path / "empty"), **nowhere, **GIT)

    def test_an_unreachable_index_keeps_the_project(
        self, template: Path, tmp_path: Path, unreachable: dict[str, str], real: dict[str, Any]
    ) -> None:
        project = tmp_path / "p"
        done = copy(template, project, unreachable)
        assert done.returncode == 0
        assert "The package index could not be reached" in done.stderr
        assert "in the project's directory with:  python3 tools/env sync" in done.stderr
        assert "Next:" not in done.stderr
        assert (project / "pyproject.toml").exists()
        assert info(project, unreachable)["state"] == "incomplete"
        done = engine(project, real["environ"], "sync")
        assert done.returncode == 0, done.stderr
        assert info(project, real["environ"])["state"] == "ready"

    def test_strict_makes_it_a_failure(
        self, template: Path, tmp_path: Path, unreachable: dict[str, str]
    ) -> None:
        done = copy(template, tmp_path / "p", {**unreachable, "SEEDBED_STRICT": "1"})
        assert done.returncode != 0

    def test_a_missing_python_gives_way_to_one_that_the_lock_covers(
        self, template: Path, tmp_path: Path, unreachable: dict[str, str]
    ) -> None:
        environ = {**unreachable, "UV_PYTHON_DOWNLOADS": "never"}
        done = copy(template, tmp_path / "p", environ, python_version="3.15")
        if "is not on this machine" not in done.stderr:
            pytest.skip("Python 3.15 is on this machine, so it is not missing")
        assert done.returncode == 0
        assert "is taken, which the lock covers" in done.stderr
        assert ".venv: making it with Python" in done.stderr

    def test_inside_of_a_repository_no_second_one_is_made(
        self, template: Path, tmp_path: Path, home: Path
    ) -> None:
        subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
        environ = clean_environ(home, **GIT)
        done = copy(template, tmp_path / "p", environ, create_env="false")
        assert "inside a repository already" in done.stderr
        assert not (tmp_path / "p" / ".git").exists()

    def test_the_answers_may_be_kept_in_another_file(
        self, template: Path, tmp_path: Path, home: Path
    ) -> None:
        environ = clean_environ(home, **GIT)
        words = ["--answers-file", ".answers.seedbed.yml"]
        done = copy(template, tmp_path / "p", environ, *words, create_env="false")
        assert done.returncode == 0, done.stderr
        assert "git: made a repository with a first commit" in done.stderr
        assert (tmp_path / "p" / ".answers.seedbed.yml").exists()

    def test_git_and_environment_can_be_declined(
        self, template: Path, tmp_path: Path, home: Path
    ) -> None:
        environ = clean_environ(home, **GIT)
        copy(template, tmp_path / "p", environ, create_env="false", git_init="false")
        assert not (tmp_path / "p" / ".git").exists()
        assert not (tmp_path / "p" / ".venv").exists()

    @pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
    def test_ctrl_c_keeps_the_project(self, template: Path, tmp_path: Path, home: Path) -> None:
        environ = clean_environ(home, UV_CACHE_DIR=str(tmp_path / "empty"), **GIT)
        argv = [*COPIER, "copy", "--quiet", "--defaults", "--trust"]
        argv += ["--data", f"python_version={MINOR}", str(template), str(tmp_path / "p")]
        done = interrupted(argv, tmp_path, environ)
        assert done.returncode != 0
        assert "stopped; what is done is kept" in done.stderr
        assert "Traceback" not in done.stderr, done.stderr
        assert info(tmp_path / "p", environ)["state"] == "incomplete"


class TestAsking:
    """On a terminal, a person is asked what to do about a Python that is not there."""

    @pytest.fixture
    def asked(
        self, template: Path, tmp_path: Path, real: dict[str, Any]
    ) -> Iterator[pexpect.spawn[str]]:
        argv = [*COPIER[1:], "copy", "--quiet", "--defaults", "--trust"]
        argv += ["--data", "python_version=3.14", str(template), str(tmp_path / "p")]
        child = pexpect.spawn(
            sys.executable, argv, env={**real["environ"], "TERM": "xterm"}, cwd=str(tmp_path),
            encoding="utf-8", timeout=60, dimensions=(40, 120),
        )  # fmt: skip
        if child.expect([r"What now\?", "Next:"]) == 1:
            pytest.skip("Python 3.14 is on this machine, so nobody is asked")
        yield child
        child.close(force=True)

    def test_another_python_that_was_found_can_be_used(
        self, asked: pexpect.spawn[str], tmp_path: Path, real: dict[str, Any]
    ) -> None:
        asked.expect("later")
        asked.send("\r")
        asked.expect("Next:")
        asked.expect(pexpect.EOF)
        facts = info(tmp_path / "p", real["environ"])
        assert (facts["state"], facts["python_asked"]) == ("ready", facts["python"][:4])
        assert "python = 3.14\n" in (tmp_path / "p" / "tools" / "env.cfg").read_text()

    def test_later_keeps_the_project_and_says_the_command(
        self, asked: pexpect.spawn[str], tmp_path: Path, real: dict[str, Any]
    ) -> None:
        asked.expect("later")
        asked.expect(r"Number \(1\): ")
        asked.sendeof()  # the last one
        asked.expect("The project is complete, its environment is not")
        asked.expect(pexpect.EOF)
        assert info(tmp_path / "p", real["environ"])["state"] == "missing"
