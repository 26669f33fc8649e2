"""The rendered lock is the one that the resolver would have written."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml
from build import build, load
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support.engine import run
from support.template import ROOT, render
from wheels import SYSTEMS, environment

from env.requirements import for_this_system, parse

CATALOGUE = load()
NAMES = [entry["name"] for entry in CATALOGUE["libraries"]]
LOCKS = ("requirements.txt", "requirements-dev.txt")
UV = shutil.which("uv", path=str(Path(sys.executable).parent)) or "uv"

# uv answers from its cache, so an example costs a second; shrinking would cost minutes.
SLOW = settings(
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
choices = st.lists(st.sampled_from(NAMES), unique=True)
EXAMPLES = [
    2,
    pytest.param(5, marks=pytest.mark.thorough),
    pytest.param(25, marks=pytest.mark.weekly),
]


@pytest.fixture(scope="module")
def warm(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with all libraries, resolved once over the network: uv's cache knows them then."""
    project = render(template, tmp_path_factory.mktemp("warm") / "p", libraries=NAMES)
    resolve(project, "warm.txt", prefer=(project / LOCKS[1]).read_text(encoding="utf-8"))
    return project


def resolve(project: Path, output: str, *words: str, prefer: str, group: str = "dev") -> str:
    """uv's own answer for the project's pyproject.toml; the pins of the lock `prefer` stay."""
    (project / output).write_text(prefer, encoding="utf-8")
    argv = [UV, "pip", "compile", "--quiet", "--universal", "--generate-hashes", *words]
    argv += ["--no-header", "--python-version", CATALOGUE["python"][0]]
    argv += ["--exclude-newer", CATALOGUE["cutoff"], "pyproject.toml", "-o", output]
    for name, moment in CATALOGUE["newest"].items():
        argv += ["--exclude-newer-package", f"{name}={moment}"]
    argv += ["--group", group] if group else []
    subprocess.run(argv, cwd=project, check=True, capture_output=True)
    return (project / output).read_text(encoding="utf-8")


@pytest.mark.parametrize("examples", EXAMPLES)
def test_any_choice_is_locked_as_the_resolver_would_on_every_system(
    template: Path, warm: Path, tmp_path_factory: pytest.TempPathFactory, examples: int
) -> None:
    @settings(SLOW, max_examples=examples)
    @given(libraries=choices)
    def prove(libraries: list[str]) -> None:
        place = tmp_path_factory.mktemp("any") / "p"
        same_on_every_system(render(template, place, libraries=libraries), warm)

    prove()


def same_on_every_system(project: Path, warm: Path) -> None:
    """The rendered locks of a project are the resolver's own; `warm` has all blessed pins."""
    blessed = (warm / LOCKS[1]).read_text(encoding="utf-8")
    for lock, group in zip(LOCKS, ("", "dev"), strict=True):
        rendered = parse((project / lock).read_text(encoding="utf-8"))
        fresh = resolve(project, f"fresh-{lock}", "--offline", prefer=blessed, group=group)
        resolved = parse(fresh)
        for system in SYSTEMS:
            for python in CATALOGUE["python"]:
                facts = environment(system, python)
                ours, theirs = (
                    {
                        name: (pin.version, sorted(pin.hashes))
                        for name, pin in for_this_system(pins, facts).items()
                    }
                    for pins in (rendered, resolved)
                )
                assert ours == theirs, (system, python)


@pytest.mark.parametrize("examples", EXAMPLES)
def test_locking_a_new_project_again_changes_no_byte(
    template: Path, warm: Path, tmp_path_factory: pytest.TempPathFactory, examples: int
) -> None:
    @settings(SLOW, max_examples=examples)
    @given(libraries=choices)
    def prove(libraries: list[str]) -> None:
        place = tmp_path_factory.mktemp("again") / "p"
        locked_again(render(template, place, libraries=libraries))

    prove()


def locked_again(project: Path) -> None:
    """`lock` in a new project writes the bytes that are there."""
    before = {lock: (project / lock).read_bytes() for lock in LOCKS}
    environ = {**os.environ, "UV": UV, "PIP_CONFIG_FILE": os.devnull}  # no rules of this machine
    done = run(sys.executable, project, "lock", "--offline", environ=environ)
    assert done.returncode == 0, done.stderr
    assert {lock: (project / lock).read_bytes() for lock in LOCKS} == before


def test_locking_a_new_project_without_libraries_changes_no_byte(
    template: Path, warm: Path, tmp_path: Path
) -> None:
    locked_again(render(template, tmp_path / "p", framework="none", libraries=[]))


@pytest.mark.thorough
def test_resolving_the_catalogue_again_gives_the_same_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(Path(UV).parent), prepend=os.pathsep)
    edited = yaml.safe_load((ROOT / "catalogue" / "libraries.yml").read_text(encoding="utf-8"))
    again = build(edited, tmp_path, CATALOGUE)
    assert again == CATALOGUE
    assert list(again["packages"]) == list(CATALOGUE["packages"]), "the order is rendered"


def test_the_lock_to_run_is_part_of_the_lock_to_develop(template: Path, tmp_path: Path) -> None:
    project = render(template, tmp_path / "p", libraries=NAMES)
    small, large = (parse((project / lock).read_text(encoding="utf-8")) for lock in LOCKS)
    pins = {(pin.name, pin.version, pin.hashes) for pin in large}
    assert {(pin.name, pin.version, pin.hashes) for pin in small} <= pins


def macro() -> Any:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(ROOT),
        extensions=["jinja2_ansible_filters.AnsibleCoreFiltersExtension"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("catalogue/lock.jinja").module


def test_a_package_is_for_every_system_that_one_of_the_chosen_needs_it_for() -> None:
    def part(marker: str) -> dict[str, Any]:
        return {"z==1": {"marker": marker, "via": []}}

    windows, old = "sys_platform == 'win32'", "python_full_version < '3.12'"
    lock = {
        "packages": {"z==1": ["sha256:00"]},
        "closures": {"a": part(windows), "b": part(old), "c": part("")},
    }
    catalogue = {
        "libraries": [{"name": name, "roots": [name]} for name in "abc"],
        **{part: [] for part in ("variants", "dev", "tools")},
    }

    def line(*names: str) -> str:
        text = str(macro().render(catalogue, lock, "p", {"": list(names)}, "aa"))
        return next(each for each in text.splitlines() if each.startswith("z"))

    assert line("a") == f"z==1 ; {windows} \\"
    assert line("a", "b") == f"z==1 ; {old} or {windows} \\"
    assert line("a", "b", "c") == "z==1 \\"


@pytest.mark.parametrize(
    ("markers", "expected"),
    [
        (["b == '2'", "a == '1'"], "a == '1' or b == '2'"),
        (["a == '1' and b == '2'", "b == '2'"], "b == '2'"),
        (["(a == '1' or b == '2') and c == '3'", "c == '3'"], "c == '3'"),
        (["c == '3' or (a == '1' and b == '2')", "a == '1' and b == '2'"],
         "c == '3' or (a == '1' and b == '2')"),
        (["a == '1' or b == '2' and c == '3'", "c == '3'"],
         "a == '1' or b == '2' and c == '3' or c == '3'"),
    ],
)  # fmt: skip
def test_a_marker_that_another_one_covers_is_left_out(markers: list[str], expected: str) -> None:
    assert str(macro().either(markers)) == expected
