"""What is done many times a day in a project that is there: sync, check, activate, update."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from measure import Size, Way, content, disk, medians, run
from scene import Scene

POSIX = (". ./activate.sh", ". .venv/bin/activate")
# How a shell runs a line, without the user's own start-up files, which have nothing to do with it;
# the line that enters, and the one of the environment's own script: venv has none for two of them.
SHELLS = {
    "bash": (["bash", "--noprofile", "--norc", "-c"], *POSIX),
    "zsh": (["zsh", "-f", "-c"], *POSIX),
    "dash": (["dash", "-c"], *POSIX),
    "ksh": (["ksh", "-c"], *POSIX),
    "fish": (["fish", "-N", "-c"], "source activate.fish", "source .venv/bin/activate.fish"),
    # venv's own wants a prompt there
    "tcsh": (
        ["tcsh", "-f", "-c"],
        "set prompt = x; source activate.csh",
        "set prompt = x; source .venv/bin/activate.csh",
    ),
    "xonsh": (["xonsh", "--no-rc", "-c"], "source activate.xsh", "pass"),
    "nu": (["nu", "-n", "-c"], "overlay use activate.nu", "null"),
    "pwsh": (["pwsh", "-NoProfile", "-Command"], ". ./activate.ps1", ". .venv/bin/Activate.ps1"),
}
ASKING = ("xonsh", "pwsh")
"""Those whose helper asks the engine, and so starts Python."""

BY_CHOICE = "shells=[tcsh, xonsh, nushell]"
# For those who have conda: its hook, which start-up files run in each shell, and the base.
CONDA = 'eval "$(conda shell.bash hook)" && conda activate base'
PROJECTS = 10


@dataclass(frozen=True)
class Everyday:
    python: float
    """Starting Python and doing nothing: no engine command can be faster."""

    ask: float
    """What a helper asks that asks the engine, of an environment that is ready."""

    isolated: float
    """Starting Python as that does (-I), and doing nothing."""

    sync: float
    stale: float
    """`sync` of a lock that is another text and names the same packages."""

    check_fast: float
    check: float
    packages: Size
    """What the environment's packages are, byte code left out."""

    update: float
    update_without_hooks: float
    activate: dict[str, tuple[float, float]]
    """By shell: seconds for ours, and for the environment's own; both with the shell's start."""

    conda: float | None
    """Seconds of `conda activate` in bash, with the shell's start; None where there is no conda."""


@dataclass(frozen=True)
class Disk:
    """Bytes that a project takes which no project before it took."""

    first: int
    tenth: int
    first_trained: int
    tenth_trained: int


def measure(scene: Scene, rounds: int) -> Everyday:
    """Make one project, and do everything with it `rounds` times."""
    project, environ = scene.root / "everyday", scene.with_uv
    run(scene.render(project, "--trust", "--data", BY_CHOICE), scene.root, environ)
    packages = content(project / ".venv" / "lib")

    def way(*argv: str | Path) -> Way:
        return lambda: run(argv, project, environ)

    def stale() -> float:
        lock = project / "requirements-dev.txt"
        text = lock.read_bytes()
        lock.write_bytes(text + b"# changed\n")
        # Constraints in pip's files, which uv would be asked about, are not what is measured.
        took = run(scene.engine("sync"), project, {**environ, "PIP_CONFIG_FILE": os.devnull})
        lock.write_bytes(text)
        run(scene.engine("sync"), project, environ)
        return took

    update = [str(scene.copier), "update", "--quiet", "--defaults", "--trust"]
    ways = {
        "python": way(scene.python, "-c", "pass"),
        "isolated": way(scene.python, "-I", "-c", "pass"),
        "ask": way(scene.python, "-IS", "tools/env", "shell", "powershell"),
        "sync": way(*scene.engine("sync")),
        "stale": stale,
        "check --fast": way(*scene.engine("check", "--fast")),
        "check": way(*scene.engine("check")),
        "update": way(*update),
        "update without hooks": way(*update, "--skip-tasks"),
    }
    shells = [name for name in SHELLS if shutil.which(name)]
    for name in shells:
        program, ours, own = SHELLS[name]
        ways[name + " ours"] = way(*program, ours)
        ways[name + " own"] = way(*program, own)
    if shutil.which("conda", path=environ["PATH"]):
        ways["conda"] = way(*SHELLS["bash"][0], CONDA)
    took = medians(ways, rounds)
    run(["git", "diff", "--exit-code", "HEAD"], project, environ)  # else an update did do something
    return Everyday(
        python=took["python"],
        ask=took["ask"],
        isolated=took["isolated"],
        sync=took["sync"],
        stale=took["stale"],
        check_fast=took["check --fast"],
        check=took["check"],
        packages=packages,
        update=took["update"],
        update_without_hooks=took["update without hooks"],
        activate={name: (took[name + " ours"], took[name + " own"]) for name in shells},
        conda=took.get("conda"),
    )


def measure_disk(scene: Scene) -> Disk:
    """Make ten projects with one lock, and train in the first and the tenth."""
    projects = [scene.root / f"disk-{number}" for number in range(1, PROJECTS + 1)]
    for project in projects:
        run(scene.render(project, "--trust"), scene.root, scene.with_uv)
    first, tenth = _first_and_last(projects)
    for project in (projects[0], projects[-1]):
        run(scene.engine("run", "--", "poe", "train"), project, scene.with_uv)
    return Disk(first, tenth, *_first_and_last(projects))


def _first_and_last(projects: list[Path]) -> tuple[int, int]:
    counted: set[tuple[int, int]] = set()
    taken = [disk(project, counted) for project in projects]
    return taken[0], taken[-1]
