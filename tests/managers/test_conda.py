"""The manager conda: a prefix with Python and what pip cannot bring, and the lock on top of it."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.channel import NATIVE, hello_native
from support.conda_packages import File, publish
from support.engine import Tiny
from support.managers import serve_files
from support.template import copy_helpers, tree
from support.wheels import wheel

HERE = NATIVE[platform.machine()]


@pytest.fixture
def project(by_conda: Tiny) -> Tiny:
    by_conda.sync()
    return by_conda


def prefix(project: Tiny) -> Path:
    return project.env / "conda"


def ask_for(project: Tiny, *lines: str) -> None:
    """Write the dependencies of environment.yml."""
    path = project.root / "environment.yml"
    head = path.read_text().partition("dependencies:\n")[0]
    path.write_text(head + "dependencies:\n" + "".join(f"  - {line}\n" for line in lines))


def python_line(project: Tiny) -> str:
    text = (project.root / "environment.yml").read_text()
    return next(line[4:] for line in text.splitlines() if line.startswith("  - python="))


def test_python_and_programs_come_from_the_prefix(project: Tiny) -> None:
    done = project.run("run", "--", "hello-native")
    assert done.stdout == f"hello-native 1.1 from {prefix(project)}\n"
    base = project.run("run", "--", "python", "-c", "import sys; print(sys.base_prefix)").stdout
    assert base.strip() == str(prefix(project))
    inside = project.run("run", "--", "sh", "-c", "echo $CONDA_PREFIX; echo $HELLO_HOME").stdout
    assert inside.splitlines() == [str(prefix(project)), str(prefix(project) / "share/hello")]


@pytest.mark.thorough
def test_the_lock_is_for_every_platform_that_has_the_packages(project: Tiny) -> None:
    made = sorted(path.name for path in project.root.glob("conda-*.txt"))
    assert made == ["conda-linux-64.txt", "conda-linux-aarch64.txt", "conda-osx-arm64.txt"]
    ask_for(project, python_line(project))
    project.run("lock")
    assert (project.root / "conda-win-64.txt").exists()
    ask_for(project, python_line(project), "hello-native")
    assert "win-64 is left out" in project.run("lock").stderr
    assert not (project.root / "conda-win-64.txt").exists()


def test_the_lock_names_the_channel_and_not_the_mirror(project: Tiny) -> None:
    for name in ("pixi.lock", f"conda-{HERE}.txt"):
        text = (project.root / name).read_text()
        assert "127.0.0.1" not in text
        assert "/conda-forge/" in text
    assert "sha256: " in (project.root / "pixi.lock").read_text()
    assert "@EXPLICIT\n" in (project.root / f"conda-{HERE}.txt").read_text()


def remove_program(project: Tiny) -> None:
    (prefix(project) / "bin" / "hello-native").unlink()


def edit_shared_file(project: Tiny) -> None:
    """One that the installer linked out of its cache, so that the cache is edited with it."""
    path = prefix(project) / "share" / "hello" / "readme.txt"
    assert path.stat().st_nlink > 1
    path.write_text("edited")


def edit_library(project: Tiny) -> None:
    path = prefix(project) / "lib" / "hello.bin"
    path.write_bytes(path.read_bytes()[:-1] + b"!")


def forget_package(project: Tiny) -> None:
    next((prefix(project) / "conda-meta").glob("hello-native-*.json")).unlink()


def cut_off_a_record(project: Tiny) -> None:
    record = next((prefix(project) / "conda-meta").glob("hello-native-*.json"))
    record.write_text(record.read_text()[:200])


def claim_a_package(project: Tiny) -> None:
    record = next((prefix(project) / "conda-meta").glob("hello-native-*.json"))
    content = json.loads(record.read_text())
    content.update(name="stray", files=[], paths_data={"paths_version": 1, "paths": []})
    record.with_name("stray-1.1-0.json").write_text(json.dumps(content))


DAMAGE: list[tuple[Callable[[Tiny], None], str]] = [
    (remove_program, "file-missing"),
    (edit_shared_file, "file-edited"),
    (edit_library, "file-edited"),
    (forget_package, "missing-package"),
    (cut_off_a_record, "missing-package"),
    (claim_a_package, "extra-package"),
]


def test_damage_in_the_prefix_is_told_and_mended(project: Tiny, subtests: pytest.Subtests) -> None:
    whole = {name: data for name, data in tree(prefix(project)).items() if "conda-meta" not in name}
    for damage, code in DAMAGE:
        with subtests.test(damage.__name__):
            damage(project)
            assert project.codes() == [code]
            assert project.codes("--fast") == [code]
            project.sync()
            assert project.codes() == []
            mended = tree(prefix(project))
            assert {name: mended.get(name) for name in whole} == whole


@pytest.mark.thorough
def test_a_tainted_cache_does_not_reach_the_next_project(project: Tiny, tmp_path: Path) -> None:
    edit_shared_file(project)
    other = Tiny(tmp_path / "other", project.environ)
    shutil.copytree(project.root, other.root, ignore=shutil.ignore_patterns(".venv"))
    other.sync()
    assert other.codes() == []
    assert (prefix(other) / "share/hello/readme.txt").read_text() == "The same in every prefix.\n"


def test_a_changed_environment_file_must_be_locked(project: Tiny) -> None:
    ask_for(project, python_line(project), "hello-native=1.0")
    assert project.codes() == ["unlocked"]
    assert project.run("lock").returncode == 0
    assert set(project.codes()) == {"stale-lock", "wrong-version"}
    project.sync()
    assert project.run("run", "--", "hello-native").stdout.startswith("hello-native 1.0 ")


@pytest.mark.thorough
def test_versions_are_kept_until_told(
    by_conda: Tiny, channel: Path, tmp_path: Path, conda_environ: dict[str, str]
) -> None:
    folder = tmp_path / "channels"
    shutil.copytree(channel, folder)
    with serve_files(folder) as address:
        project = Tiny(by_conda.root, {**by_conda.environ, "CONDA_CHANNEL_ALIAS": address})
        project.sync()
        publish(folder / "conda-forge", hello_native("1.2", HERE))
        shutil.rmtree(Path(project.environ["HOME"]) / ".cache" / "rattler")
        ask_for(project, python_line(project), "hello-native", "tinypure")
        project.run("lock")
        assert "hello-native-1.1-" in (project.root / f"conda-{HERE}.txt").read_text()
        project.run("lock", "--upgrade", "hello-native")
        assert "hello-native-1.2-" in (project.root / f"conda-{HERE}.txt").read_text()
        project.sync()
        assert project.codes() == []


@pytest.mark.thorough
def test_the_window_holds_for_what_a_channel_brings(
    by_conda: Tiny, channel: Path, tmp_path: Path
) -> None:
    folder, lock = tmp_path / "channels", by_conda.root / f"conda-{HERE}.txt"
    shutil.copytree(channel, folder)
    young = replace(hello_native("1.2", HERE), built=time.time() - 3600)
    publish(folder / "conda-forge", young)
    ask_for(by_conda, python_line(by_conda), "hello-native")
    pyproject = by_conda.root / "pyproject.toml"
    text = pyproject.read_text()
    with serve_files(folder) as address:
        project = Tiny(by_conda.root, {**by_conda.environ, "CONDA_CHANNEL_ALIAS": address})
        for window, version in (("7 days", "1.1"), ("false", "1.2")):
            asked = "false" if window == "false" else f'"{window}"'
            pyproject.write_text(f"{text}\n[tool.uv]\nexclude-newer = {asked}\n")
            done = project.run("lock", "--upgrade")
            assert done.returncode == 0, done.stderr
            assert f"hello-native-{version}-" in lock.read_text()
        pyproject.write_text(f'{text}\n[tool.uv]\nexclude-newer = "7 days"\n')
        assert project.run("lock").returncode == 0
        assert "hello-native-1.2-" in lock.read_text()  # never taken back for its age


@pytest.mark.thorough
def test_a_conflict_in_the_lock_keeps_the_versions_of_both_sides(by_conda: Tiny) -> None:
    by_conda.run("lock")
    ask_for(by_conda, python_line(by_conda), "hello-native=1.0", "tinypure")
    assert by_conda.run("lock").returncode == 0
    ours = (by_conda.root / "pixi.lock").read_text()
    ask_for(by_conda, python_line(by_conda), "hello-native", "tinypure=1.0")
    assert by_conda.run("lock", "--upgrade").returncode == 0
    theirs = (by_conda.root / "pixi.lock").read_text()
    text = f"<<<<<<< HEAD\n{ours}=======\n{theirs}>>>>>>> theirs\n"
    (by_conda.root / "pixi.lock").write_text(text)
    path = by_conda.root / f"conda-{HERE}.txt"
    path.write_text(f"<<<<<<< HEAD\n=======\n>>>>>>> theirs\n{path.read_text()}")
    ask_for(by_conda, python_line(by_conda), "hello-native", "tinypure")
    assert by_conda.run("sync").returncode == 3
    assert by_conda.run("lock").returncode == 0
    assert "/hello-native-1.0-" in path.read_text()
    assert "<<<" not in (by_conda.root / "pixi.lock").read_text()
    by_conda.sync()
    assert by_conda.codes() == []


@pytest.mark.thorough
def test_python_packages_of_conda_are_seen_only_when_asked_for(project: Tiny) -> None:
    imports = ["run", "--", "python", "-c", "import tinypure; print(tinypure.version)"]
    assert project.run(*imports).returncode == 1
    ask_for(project, python_line(project), "tinypure")
    project.run("lock")
    assert "importable from the Python underneath: tinypure" in project.sync().stderr
    assert project.run(*imports).stdout == "1.1\n"
    assert project.codes() == []


@pytest.mark.thorough
def test_what_is_asked_for_counts_where_the_packages_are_the_same(project: Tiny) -> None:
    imports = ["run", "--", "python", "-c", "import tinypure"]
    prints: list[str] = []
    for asked, seen in ((["tool"], False), (["tool", "tinypure"], True), (["tool"], False)):
        ask_for(project, python_line(project), *asked)
        project.run("lock")
        assert ("other-python" in project.codes()) is (prints != [])
        project.sync()
        assert project.codes() == []
        assert (project.run(*imports).returncode == 0) is seen
        prints.append(project.info()["fingerprint"])
    assert prints[0] == prints[2] != prints[1]


@pytest.mark.thorough
def test_pip_inside_removes_nothing_from_the_prefix(project: Tiny) -> None:
    ask_for(project, python_line(project), "tinypure")
    project.run("lock")
    project.sync()
    for words in (["uninstall", "--yes", "tinypure"], ["install", "tinypure==9", "--no-index"]):
        argv = [sys.executable, "-m", "pip", "--python", str(project.python), *words]
        subprocess.run(argv, env=project.environ, capture_output=True, check=False)
        assert project.codes() == []
        assert project.run("run", "--", "python", "-c", "import tinypure").returncode == 0


@pytest.mark.thorough
def test_a_module_that_both_layers_bring_is_named(project: Tiny, wheelhouse: Path) -> None:
    ask_for(project, python_line(project), "tinypure")
    project.run("lock")
    project.sync()
    wheel(wheelhouse, "tinypure", "9.0")
    said = project.run("add", "tinypure").stderr
    assert (
        "tinypure is asked for in environment.yml and comes with requirements-dev.txt too" in said
    )
    imports = ["run", "--", "python", "-c", "import tinypure; print(tinypure.version)"]
    assert project.run(*imports).stdout == "9.0\n"
    assert project.run("remove", "tinypure").returncode == 0
    assert project.run(*imports).stdout == "1.1\n"
    assert project.codes() == []


@pytest.mark.thorough
def test_pip_is_kept_out_of_the_prefix(project: Tiny, alpha: object) -> None:
    python = prefix(project) / "bin" / "python"
    words = ["-m", "ensurepip"]
    subprocess.run([python, *words], env=project.environ, capture_output=True, check=False)
    done = subprocess.run(
        [python, "-m", "pip", "install", "alpha"],
        env=project.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "externally-managed" in done.stderr or "No module named pip" in done.stderr


WRONG = {
    "other channel": ("  - conda-forge", "  - defaults", "exactly: conda-forge"),
    "nodefaults": ("  - conda-forge", "  - conda-forge\n  - nodefaults", "exactly: conda-forge"),
    "pip section": ("  - hello-native", "  - pip:\n    - scipy", "pyproject.toml"),
    "no such package": ("  - hello-native", "  - no-such-package", "no-such-package"),
    "no YAML": ("dependencies:", "dependencies: [", "not YAML"),
    "no such spec": ("  - hello-native", "  - 'hello-native >>3'", ">>3"),
}


def test_what_cannot_be_solved_changes_nothing(project: Tiny, subtests: pytest.Subtests) -> None:
    path = project.root / "environment.yml"
    right = path.read_text()

    def content() -> dict[str, bytes]:
        return {k: v for k, v in tree(project.root).items() if ".seedbed" not in k}

    for what, (old, new, said) in WRONG.items():
        with subtests.test(what):
            path.write_text(right.replace(old, new))
            before = content()
            done = project.run("lock")
            assert done.returncode == 3
            assert said in done.stderr
            assert "nothing was changed" in done.stderr
            assert "Traceback" not in done.stderr
            assert content() == before


@pytest.mark.thorough
def test_an_unreachable_channel_is_named(by_conda: Tiny) -> None:
    done = by_conda.run("sync", CONDA_CHANNEL_ALIAS="http://127.0.0.1:9")
    assert done.returncode == 3
    assert "channel" in done.stderr
    assert "could not be reached" in done.stderr
    by_conda.sync()
    assert by_conda.codes() == []


@pytest.mark.thorough
def test_a_package_with_another_hash_is_refused(
    by_conda: Tiny, channel: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "channels"
    shutil.copytree(channel, folder)
    by_conda.sync()
    by_conda.run("delete", "--yes")
    shutil.rmtree(Path(by_conda.environ["HOME"]) / ".cache" / "rattler")
    evil = {"bin/hello-native": File(b"#!/bin/sh\necho evil\n", executable=True)}
    publish(folder / "conda-forge", replace(hello_native("1.1", HERE), files=evil))
    with serve_files(folder) as address:
        done = by_conda.run("sync", CONDA_CHANNEL_ALIAS=address)
    assert done.returncode == 3
    assert "hash mismatch" in done.stderr
    by_conda.sync()
    assert by_conda.codes() == []


@pytest.mark.thorough
def test_offline_the_cache_is_enough(project: Tiny) -> None:
    nowhere = {"CONDA_CHANNEL_ALIAS": "http://127.0.0.1:9"}
    project.run("delete", "--yes")
    done = project.run("sync", "--offline", **nowhere)
    assert done.returncode == 0, done.stderr
    project.run("delete", "--yes")
    shutil.rmtree(Path(project.environ["HOME"]) / ".cache" / "rattler")
    done = project.run("sync", "--offline", **nowhere)
    assert done.returncode == 3
    assert "Not in the cache" in done.stderr


STUB = """\
#!/bin/sh
echo "$@" >> {log}
test "$1 $2 $3" = "create -y -p" || exit 1
cp -R {made} "$4"
"""


def test_an_installed_conda_is_used_when_named(project: Tiny, tmp_path: Path) -> None:
    made, log, stub = tmp_path / "made", tmp_path / "log", tmp_path / "micromamba"
    prefix(project).rename(made)
    stub.write_text(STUB.format(made=made, log=log))
    stub.chmod(0o755)
    project.run("delete", "--yes")
    done = project.sync(SEEDBED_CONDA=str(stub))
    assert f"making the conda prefix with {stub}" in done.stderr
    words = log.read_text().strip()
    assert words == (f"create -y -p {prefix(project)} --file {project.root / f'conda-{HERE}.txt'}")
    assert project.info()["state"] == "ready"


def test_a_conda_that_is_not_there_is_named(by_conda: Tiny) -> None:
    done = by_conda.run("sync", SEEDBED_CONDA="/nowhere/mamba")
    assert done.returncode == 3
    assert "SEEDBED_CONDA names /nowhere/mamba" in done.stderr


def test_python_cannot_be_chosen_by_hand(by_conda: Tiny) -> None:
    done = by_conda.run("sync", "--python", "3.12")
    assert done.returncode == 2
    assert "comes from conda" in done.stderr


def test_too_long_a_place_is_refused(by_conda: Tiny, tmp_path: Path) -> None:
    place = str(tmp_path / ("x" * 120) / ("y" * 120))
    done = by_conda.run("sync", UV_PROJECT_ENVIRONMENT=place)
    assert done.returncode == 3
    assert "too long" in done.stderr


def test_activation_enters_both_and_leaves_both(project: Tiny, subtests: pytest.Subtests) -> None:
    copy_helpers(project.root)
    show = "env | grep -v '^_=' | sort"
    script = f"set -eu; {show} > before; . ./activate.sh; {show} > inside; hello-native"
    script += f"; deactivate; {show} > after"
    environ = {**project.environ, "CONDA_PREFIX": "/opt/base", "CONDA_DEFAULT_ENV": "base"}
    for shell in ("bash", "zsh", "dash", "ksh93", "mksh", "yash"):
        with subtests.test(shell):
            if not shutil.which(shell):
                pytest.skip(f"{shell} is not installed")
            done = subprocess.run(
                [shell, "-c", script],
                cwd=project.root,
                env=environ,
                capture_output=True,
                text=True,
                check=False,
            )
            assert (done.returncode, done.stderr) == (0, "")
            assert done.stdout.startswith("hello-native 1.1 ")
            before, inside, after = (
                (project.root / name).read_text() for name in ("before", "inside", "after")
            )
            assert after == before
            assert f"CONDA_PREFIX={prefix(project)}\n" in inside
            assert f"HELLO_HOME={prefix(project)}/share/hello\n" in inside


def test_a_kernel_has_the_programs_and_variables_of_the_prefix(
    project: Tiny, wheelhouse: Path
) -> None:
    lock = project.root / "requirements-dev.txt"
    lock.write_text(lock.read_text() + wheel(wheelhouse, "ipykernel", "1.0").line)
    project.sync()
    place = project.env / "share" / "jupyter" / "kernels" / "tiny" / "kernel.json"
    found = json.loads(place.read_text())["env"]
    assert found == {
        "PATH": f"{project.scripts}:{prefix(project)}/bin:${{PATH}}",
        "VIRTUAL_ENV": str(project.env),
        "VIRTUAL_ENV_PROMPT": "tiny",
        "CONDA_PREFIX": str(prefix(project)),
        "CONDA_DEFAULT_ENV": "tiny",
        "HELLO_HOME": f"{prefix(project)}/share/hello",
    }


SOURCED = {
    "sh": '. .venv/bin/activate && hello-native && deactivate && test "$PATH" = "$BEFORE"',
    "fish": "source .venv/bin/activate.fish; and hello-native; and deactivate;"
    ' and test (string join : $PATH) = "$BEFORE"',
    "tcsh": "set prompt=x\nsource .venv/bin/activate.csh\nhello-native\ndeactivate\n"
    "test $PATH = $BEFORE",
}


@pytest.mark.thorough
def test_programs_are_found_with_the_scripts_of_the_venv_too(
    project: Tiny, subtests: pytest.Subtests
) -> None:
    environ = {**project.environ, "BEFORE": project.environ["PATH"]}
    for shell, script in SOURCED.items():
        with subtests.test(shell):
            if not shutil.which(shell):
                pytest.skip(f"{shell} is not installed")
            done = subprocess.run(
                [shell],
                input=script,
                cwd=project.root,
                env=environ,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            assert done.stdout.startswith("hello-native 1.1 ")


@pytest.mark.thorough
def test_another_manager_makes_it_anew(project: Tiny) -> None:
    settings = project.root / "tools" / "env.cfg"
    text = settings.read_text()
    settings.write_text(text.replace("manager = conda", "manager = venv").replace(" pixi.lock", ""))
    assert project.info()["state"] == "stale"
    project.sync()
    assert not prefix(project).exists()
    assert project.codes() == []
    settings.write_text(text)
    project.sync()
    assert project.run("run", "--", "hello-native").returncode == 0
    assert project.codes() == []
