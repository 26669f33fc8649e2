"""Commands on real workers of Dask and Ray, as `tools/cluster launch` starts them."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from project.test_cluster import alive, eventually
from support.engine import Tiny
from support.real import cached_environ, copied

pytestmark = pytest.mark.thorough
ENGINES = ["dask", "ray"]


@pytest.fixture(scope="module")
def project(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tiny]:
    place = tmp_path_factory.mktemp("scaling")
    (place / "home").mkdir()
    with tempfile.TemporaryDirectory(prefix="ray-") as short:  # for sockets
        environ = cached_environ(place / "home", TMPDIR=str(place), RAY_TMPDIR=short)
        answers = {"framework": "none", "libraries": [], "scale_out": ENGINES}
        yield copied(template, place / "p", environ, **answers)


def launching(
    project: Tiny, on: str, workers: int, code: str, **extra: str
) -> subprocess.Popen[str]:
    """`launch` of a piece of Python; it runs on."""
    argv = [str(project.python), "tools/cluster", "launch", "--on", on, "--workers", str(workers)]
    return subprocess.Popen(
        [*argv, "--", "python", "-c", code],
        cwd=project.root,
        env={**project.environ, **extra},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@pytest.mark.parametrize("on", ENGINES)
def test_each_worker_runs_the_command_in_the_environment(project: Tiny, on: str) -> None:
    code = "import os, sys; print('in', sys.prefix)"
    with launching(project, on, 2, code) as launch:
        told, _ = launch.communicate()
    assert launch.returncode == 0, told
    for number in range(2):
        assert f"[{number}] in {project.env}\n" in told
    assert told.endswith("2 of 2 workers ended well\n")


@pytest.mark.parametrize("on", ENGINES)
def test_what_an_engine_loses_in_the_midst_it_starts_again(
    project: Tiny, tmp_path: Path, on: str
) -> None:
    first = tmp_path / "first"
    code = (
        "import os, pathlib, time\n"
        f"first = pathlib.Path({str(first)!r})\n"
        "if not first.exists():\n"
        "    first.with_suffix('.new').write_text(str(os.getpid()))\n"
        "    first.with_suffix('.new').rename(first)\n"
        "    time.sleep(600)"
    )
    with launching(project, on, 1, code) as launch:
        eventually(lambda: first.exists() or launch.poll() is not None)
        command = int(first.read_text())
        os.kill(parent(parent(command)), 9)  # the process of Dask or Ray
        told, _ = launch.communicate()
    assert launch.returncode == 0, told
    eventually(lambda: not alive(command))


@pytest.mark.parametrize("on", ENGINES)
def test_a_launcher_that_is_killed_leaves_nothing_running(
    project: Tiny, tmp_path: Path, on: str
) -> None:
    code = (
        "import os, pathlib, time\n"
        f"(pathlib.Path({str(tmp_path)!r}) / str(os.getpid())).touch()\n"
        "time.sleep(600)"
    )
    with launching(project, on, 2, code) as launch:
        eventually(lambda: len(list(tmp_path.iterdir())) == 2 or launch.poll() is not None)
        launch.kill()
    started = [int(each.name) for each in tmp_path.iterdir()]
    assert len(started) == 2
    eventually(lambda: not any(map(alive, started)))


@pytest.fixture
def scheduler(project: Tiny, tmp_path: Path) -> Iterator[tuple[str, ExitStack]]:
    """The address of a scheduler of Dask, and what ends all that a test starts for it."""
    file = tmp_path / "scheduler.json"
    with ExitStack() as processes:
        dask(project, processes, "scheduler", "--port", "0", "--scheduler-file", str(file))
        eventually(file.exists)
        yield json.loads(file.read_text())["address"], processes


def test_a_folder_whose_name_is_too_long_for_sockets_is_told(project: Tiny, tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 20)
    folder.mkdir()
    with launching(project, "ray", 1, "pass", RAY_TMPDIR=str(folder)) as launcher:
        assert launcher.stdout
        said = launcher.stdout.read()
    assert launcher.returncode == 3
    assert "error: Ray cannot work in its folder" in said
    assert "export RAY_TMPDIR=/tmp" in said


def dask(project: Tiny, processes: ExitStack, *words: str, **extra: str) -> None:
    argv = [str(project.scripts / "dask"), *words, "--dashboard-address", ":0"]
    process = subprocess.Popen(
        argv,
        cwd=project.environ["TMPDIR"],
        env={**project.environ, **extra},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    processes.callback(process.wait)
    processes.callback(process.terminate)


def test_a_node_whose_own_environment_was_tampered_with_is_refused(
    project: Tiny, scheduler: tuple[str, ExitStack], tmp_path: Path
) -> None:
    address, processes = scheduler
    other = {"UV_PROJECT_ENVIRONMENT": str(tmp_path / "local")}
    project.sync(**other)
    module = next(tmp_path.glob("local/lib/*/site-packages/click/core.py"))
    text = module.read_text(encoding="utf-8")
    module.unlink()  # which may be the cache's, too
    module.write_text(text.replace("def main(", "def  main("), encoding="utf-8")
    for variables in ({}, other):
        dask(project, processes, "worker", address, "--nthreads", "1", **variables)
    code = "import sys, time; print('in', sys.prefix); time.sleep(1)"
    address_of = {"DASK_SCHEDULER_ADDRESS": address}
    wait = "import sys, distributed as d; d.Client(sys.argv[1]).wait_for_workers(2)"
    subprocess.run([project.python, "-c", wait, address], env=project.environ, check=True)
    with launching(project, "dask", 2, code, **address_of) as launch:
        told, _ = launch.communicate()
    assert launch.returncode == 1, told
    assert f"in {project.env}\n" in told
    assert "file-edited: click/core.py" in told
    assert f"in {tmp_path}" not in told
    assert told.endswith("1 of 2 workers ended well\n")
