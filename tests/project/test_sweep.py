"""A search for settings, in a real project: it survives kills, shares trials, and refuses early."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from project.test_cluster import eventually
from project.test_scaling import parent
from support.engine import MINOR, Tiny
from support.real import cached_environ, copied, inside
from support.template import git

pytestmark = pytest.mark.thorough

SPACE = """
metric = "log_loss"
direction = "minimize"
trials = {trials}
seed = 3
[space]
model.learning_rate = {{ low = 0.05, high = 0.5, log = true }}
model.max_leaf_nodes = {{ low = 3, high = 9 }}
model.class_weight = ["none", "balanced"]
"""
SHORT = ["model.rounds=3", "model.threads=1"]
ENGINES = ["dask", "ray"]
TRIALS = (
    "import json, sys; sys.path[:0] = ['tools/sweep', 'tools/runs']; import search\n"
    "print(json.dumps([[t.number, t.state.name, t.params, t.value, t.user_attrs] for t in "
    "search.load(sys.argv[1]).study().trials]))"
)

LATE = """
import sys
sys.path[:0] = ["tools/sweep", "tools/runs"]
import search, worker

found = search.load(sys.argv[1])
study, other, opened = found.study(), found.study(), worker._locked
trial = other.ask()

def locked(path):
    other.tell(trial.number, 1.0)
    return opened(path)

worker._locked = locked
print(worker._take(found, study))
"""


def make(template: Path, place: Path, engines: list[str]) -> Tiny:
    (place / "home").mkdir()
    environ = cached_environ(place / "home", OMP_NUM_THREADS="1")
    answers: dict[str, Any] = {"extras": ["sweep"], "scale_out": engines, "libraries": []}
    answers |= {"python_version": MINOR, "package_name": "own"}
    project = copied(template, place / "my-project", environ, **answers)
    git(project.root, "add", "--all")
    return project


@pytest.fixture(scope="module")
def made(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    return make(template, tmp_path_factory.mktemp("sweep"), ENGINES)


@pytest.fixture
def project(made: Tiny) -> Tiny:
    """Without runs, and with the code as it came."""
    shutil.rmtree(made.root / "runs", ignore_errors=True)
    git(made.root, "checkout", "--", ".")
    space(made, trials=3)
    return made


def space(project: Tiny, **values: Any) -> None:
    path = project.root / "configs" / "sweep.toml"
    path.write_text(SPACE.format(**values), encoding="utf-8")


def sweep(project: Tiny, *words: str) -> subprocess.CompletedProcess[str]:
    return project.run("run", "--", "poe", "-q", "sweep", *words)


def folder(project: Tiny) -> Path:
    (found,) = (project.root / "runs").glob("sweep-*")
    return found


def trials(project: Tiny) -> list[Any]:
    """Number, state, settings, figure and notes of each."""
    found: list[Any] = json.loads(inside(project, "python", "-c", TRIALS, folder(project).name))
    return found


def chosen(project: Tiny) -> list[Any]:
    return [each[:4] for each in trials(project)]


@contextmanager
def searching(
    project: Tiny, begun: str, *words: str, **extra: str
) -> Iterator[subprocess.Popen[str]]:
    """A search; the body comes when a trial whose number is `begun` trains."""
    argv = [str(project.env / "bin" / "python"), "tools/sweep", *SHORT, *words]
    path = f"{project.env / 'bin'}:{os.environ['PATH']}"
    variables = {**project.environ, "PATH": path, **extra}
    with subprocess.Popen(
        argv, cwd=project.root, env=variables, stdout=subprocess.PIPE, text=True
    ) as search:
        eventually(lambda: search.poll() is not None or training(project, begun) is not None)
        assert search.returncode is None, f"no training of trial {begun} was seen"
        yield search


def training(project: Tiny, number: str) -> int | None:
    """The process that trains a trial whose run has begun; its parent is the worker."""
    for path in (project.root / "runs").glob(f"*_sweep-*-{number}/run.json"):
        if json.loads(path.read_text("utf-8"))["state"] == "running":
            name = path.parent.name.partition("_")[2].encode()
            for words in Path("/proc").glob("[0-9]*/cmdline"):
                with suppress(OSError):
                    if b"\0--name\0" + name + b"\0" in words.read_bytes():
                        return int(words.parent.name)
    return None


def kill_a_training(project: Tiny, *words: str, **extra: str) -> subprocess.CompletedProcess[str]:
    """A search of which one worker and its training are killed, once the run has begun."""
    with searching(project, "1", *words, **extra) as search:
        victim = training(project, "1")
        assert victim
        for each in (parent(victim), victim):
            os.kill(each, signal.SIGKILL)
        output = search.communicate()[0]
    return subprocess.CompletedProcess(search.args, search.returncode, output)


def test_a_search_that_was_killed_goes_on_as_the_whole_one(project: Tiny) -> None:
    done = sweep(project, *SHORT)
    assert done.returncode == 0, done.stdout + done.stderr
    whole = chosen(project)
    assert [each[:2] for each in whole] == [[number, "COMPLETE"] for number in range(3)]
    page = (folder(project) / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == 1
    assert "https://" not in page
    best = min(whole, key=lambda each: each[3])
    assert f"trial {best[0]}" in done.stdout
    assert all(
        each[4]["run"] in inside(project, "poe", "-q", "compare") for each in trials(project)
    )

    shutil.rmtree(project.root / "runs")
    stopped = kill_a_training(project)
    assert stopped.returncode == 3
    assert [each[1] for each in trials(project)] == ["COMPLETE", "RUNNING"]
    again = sweep(project, *SHORT)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "trial 1 is taken up again" in again.stdout
    assert chosen(project) == whole
    assert len(list((project.root / "runs").glob("*_sweep-*"))) == 3

    space(project, trials=4)
    more = sweep(project, *SHORT)
    assert "3 of 4 trials are done" in more.stdout
    assert chosen(project)[:3] == whole
    assert len(chosen(project)) == 4


def test_torn_records_cost_a_search_nothing_but_themselves(project: Tiny) -> None:
    with searching(project, "1") as search:
        journal = folder(project) / "journal.log"
        with journal.open("ab") as file:
            file.write(b'{"op_code":6,"wor')  # the disk was full
        output = search.communicate()[0]
    assert search.returncode == 0, output
    whole = chosen(project)
    assert [each[:2] for each in whole] == [[number, "COMPLETE"] for number in range(3)]

    lines = journal.read_bytes().splitlines(keepends=True)
    assert [json.loads(line)["op_code"] for line in lines]
    told = max(at for at, line in enumerate(lines) if b'"op_code":6' in line)
    glued = lines[2][:30] + lines[2]
    torn = [*lines[:3], glued, b"\0" * 40 + b"\n", *lines[3:told], lines[told][:40]]
    journal.write_bytes(b"".join(torn))
    space(project, trials=4)
    again = sweep(project, *SHORT)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "dropped 2 torn records" in again.stdout
    assert journal.with_name("journal-torn.log").read_bytes().count(b"\0") == 40
    assert "trial 2 is taken up again" in again.stdout
    assert chosen(project)[:3] == whole
    assert len(chosen(project)) == 4


def test_a_trial_that_ends_while_another_worker_looks_at_it_is_not_taken_again(
    project: Tiny,
) -> None:
    space(project, trials=1)
    assert sweep(project, *SHORT).returncode == 0
    assert inside(project, "python", "-c", LATE, folder(project).name).strip() == "None"
    assert [each[3] for each in trials(project)][1:] == [1.0]


@pytest.mark.weekly
def test_what_died_with_a_lock_in_its_hand_holds_nobody_up_for_ever(project: Tiny) -> None:
    with searching(project, "1") as search:
        for name in ("journal.log.lock", "trials.lock"):
            (folder(project) / name).touch()
        output = search.communicate()[0]
    assert search.returncode == 0, output
    assert [each[1] for each in trials(project)] == ["COMPLETE"] * 3


def test_workers_share_a_search_and_one_that_dies_is_followed_by_another(project: Tiny) -> None:
    space(project, trials=5)
    done = kill_a_training(project, "--workers", "2")
    assert done.returncode == 0, done.stdout
    found = trials(project)
    assert [each[:2] for each in found] == [[number, "COMPLETE"] for number in range(5)]
    assert [each[4]["tries"] for each in found] == [1, 2, 1, 1, 1]
    assert len({each[4]["run"] for each in found}) == 5


@pytest.mark.parametrize("on", ENGINES)
def test_a_worker_of_an_engine_finds_what_one_on_this_machine_does(project: Tiny, on: str) -> None:
    argv = ["run", "--", "poe", "-q", "sweep", "--on", on, "--workers", "1", *SHORT]
    with tempfile.TemporaryDirectory(prefix="ray-") as short:  # for sockets
        done = project.run(*argv, RAY_TMPDIR=short)
    assert done.returncode == 0, done.stdout + done.stderr
    there = chosen(project)
    shutil.rmtree(project.root / "runs")
    assert sweep(project, *SHORT).returncode == 0
    assert chosen(project) == there


@pytest.mark.parametrize("on", ENGINES)
def test_what_an_engine_starts_is_killed_in_the_midst_and_the_search_ends(
    project: Tiny, on: str
) -> None:
    with tempfile.TemporaryDirectory(prefix="ray-") as short:
        done = kill_a_training(project, "--on", on, "--workers", "2", RAY_TMPDIR=short)
    # The worker's command has failed, which Dask and Ray let be; the other one has done its trial.
    assert [each[:2] for each in trials(project)] == [[n, "COMPLETE"] for n in range(3)], (
        done.stdout
    )
    assert [each[4]["tries"] for each in trials(project)] == [1, 2, 1]
    assert "1 of 2 workers ended well" in done.stdout
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("words", "table", "said"),
    [
        ([], ("learning_rate", "learning_rat"), "Did you mean model.learning_rate?"),
        ([], ('"balanced"', '"even"'), "One of none, balanced is needed"),
        ([], ("low = 3, high = 9", "low = 9, high = 3"), "is no range or list"),
        ([], ("trials", "trial"), "Did you mean trials?"),
        (["modle.rounds=3"], ("", ""), "There is no key modle"),
        (["--on", "slurm"], ("", ""), "no launcher for slurm"),
        (["data.file=data/raw/absent.csv"], ("", ""), "absent.csv"),
    ],
)
def test_what_no_trial_could_do_is_said_before_anything_starts(
    words: list[str], table: tuple[str, str], said: str, project: Tiny
) -> None:
    path = project.root / "configs" / "sweep.toml"
    path.write_text(path.read_text("utf-8").replace(*table, 1), encoding="utf-8")
    done = sweep(project, *words)
    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (project.root / "runs").exists()


def test_a_trial_that_fails_is_kept_with_its_error_and_all_failing_is_said(project: Tiny) -> None:
    code = project.root / "src" / "own" / "train.py"
    text = code.read_text(encoding="utf-8")
    line = "    settings = run.config.model\n"
    unlucky = (
        f"{line}    if settings.class_weight == 'none':\n        raise RuntimeError('no luck')\n"
    )
    code.write_text(text.replace(line, unlucky, 1), encoding="utf-8")
    space(project, trials=4)
    done = sweep(project, *SHORT)
    assert done.returncode == 0, done.stdout + done.stderr
    for _, state, params, _, notes in trials(project):
        assert state == ("FAIL" if params["model.class_weight"] == '"none"' else "COMPLETE")
        assert notes.get("error") == ("RuntimeError: no luck" if state == "FAIL" else None)
    assert {each[1] for each in trials(project)} == {"FAIL", "COMPLETE"}

    shutil.rmtree(project.root / "runs")
    space(project, trials=2)
    done = sweep(project, *SHORT, "model.class_weight=none")
    assert done.returncode == 3
    assert "error: No trial succeeded" in done.stderr
    assert "no luck" in done.stdout


def test_a_figure_that_nothing_has_ends_the_search(project: Tiny) -> None:
    path = project.root / "configs" / "sweep.toml"
    path.write_text(path.read_text("utf-8").replace("log_loss", "rmse"), encoding="utf-8")
    done = sweep(project, *SHORT)
    assert done.returncode == 3
    assert "There is no figure 'rmse'. As metric, name one of: accuracy" in done.stderr
