"""What docs/maintaining.md says of adding things, done to a throw-away template."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import copier
import pytest
from support.history import change, write
from support.template import git, make_template, release

MODULE = '''\
"""Another manager."""

from .venv import Manager as Venv


class Manager(Venv):
    """Python's own environments, under another name."""
'''


@pytest.fixture
def seedbed(tmp_path: Path) -> Path:
    return make_template(tmp_path / "seedbed")


def rendered(seedbed: Path, project: Path, **answers: str) -> Path:
    """A project of the template as it is now; what was added is named among the answers."""
    release(seedbed, "v2.0.0")
    copier.run_copy(str(seedbed), project, data=answers, defaults=True, skip_tasks=True, quiet=True)
    return project


def touched(seedbed: Path) -> list[str]:
    """What the last version changed; a folder that is new counts as one."""
    names = git(seedbed, "diff", "--name-only", "v1.0.0", "v2.0.0").split()
    had = git(seedbed, "ls-tree", "-r", "-d", "--name-only", "v1.0.0").split()
    return sorted(
        {name if str(Path(name).parent) in had else str(Path(name).parent) for name in names}
    )


def test_a_framework_is_a_folder_its_libraries_and_a_label(seedbed: Path, tmp_path: Path) -> None:
    shutil.copytree(seedbed / "frameworks" / "scikit-learn", seedbed / "frameworks" / "mine")
    change(seedbed / "catalogue" / "libraries.yml", "  none: []", "  mine: [polars]\n  none: []")
    made = seedbed / "catalogue" / "libraries.json"  # by `make lock`
    change(made, '"none": []', '"mine": ["polars"], "none": []')
    label = '      "none":'
    change(seedbed / "questions" / "framework.yml", label, f'      "mine": "mine",\n{label}')
    project = rendered(seedbed, tmp_path / "p", framework="mine", project_name="Up")
    by_hand = ["catalogue/libraries.yml", "frameworks/mine", "questions/framework.yml"]
    assert touched(seedbed) == sorted(["catalogue/libraries.json", *by_hand])
    model = (seedbed / "frameworks" / "mine" / "model.py").read_bytes()
    assert (project / "src" / "up" / "model.py").read_bytes() == model
    assert '"polars' in (project / "pyproject.toml").read_text()


def test_a_manager_is_a_row_and_a_module(seedbed: Path, tmp_path: Path) -> None:
    table = seedbed / "questions" / "managers.json"
    rows = json.loads(table.read_text())
    rows["plain"] = {"label": "plain: venv again", "lock": ["requirements-dev.txt"]}
    table.write_text(json.dumps(rows))
    write(seedbed / "template" / "tools" / "env" / "managers" / "plain.py", MODULE)
    project = rendered(seedbed, tmp_path / "p", env_manager="plain")
    assert touched(seedbed) == ["questions/managers.json", "template/tools/env/managers/plain.py"]
    managers = {path.name for path in (project / "tools" / "env" / "managers").glob("[!_]*")}
    assert managers == {"plain.py", "venv.py"}
    argv = [sys.executable, "-B", "tools/env", "info", "--json"]
    info = json.loads(subprocess.check_output(argv, cwd=project, text=True))
    assert (info["manager"], info["state"]) == ("plain", "missing")
