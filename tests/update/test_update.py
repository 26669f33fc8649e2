"""`copier update`: hooks run once and in time, what is the user's stays, the lock follows."""

from __future__ import annotations

import json
import subprocess
import tomllib
from pathlib import Path

import pytest
from support.copying import COMMAND
from support.engine import MINOR, clean_environ
from support.template import git, make_template, release, render, undated
from support.updates import commit, update


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    """A template of one's own, to be changed and released."""
    return make_template(tmp_path / "template")


@pytest.fixture
def made(versions: Path, tmp_path: Path) -> Path:
    """A committed project of the first version, without environment."""
    return commit(fresh(versions, tmp_path / "project", libraries=["rich"]))


def fresh(template: Path, place: Path, libraries: list[str]) -> Path:
    """The same answers for every project here."""
    return render(
        template,
        place,
        project_name="Up",
        libraries=libraries,
        python_version=MINOR,
        create_env=False,
    )


def change(template: Path, name: str, old: str, new: str) -> None:
    path = template / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_what_is_the_users_is_neither_changed_nor_brought_back(
    versions: Path, made: Path, home: Path
) -> None:
    (made / "README.md").write_text("mine\n")
    (made / "src" / "up" / "plots.py").unlink()
    (made / "src" / "up" / "own.py").write_text("mine = 1\n")
    commit(made)
    change(versions, "template/README.md.jinja", "## Start", "## Begin")
    change(versions, "template/src/{{package_name}}/plots.py", '"""', '"""New. ')
    release(versions, "v2.0.0")
    done = update(made, home)
    assert done.returncode == 0, done.stderr
    assert (made / "README.md").read_text() == "mine\n"
    assert not (made / "src" / "up" / "plots.py").exists()
    assert (made / "src" / "up" / "own.py").read_text() == "mine = 1\n"


def test_a_library_chosen_later_is_locked(versions: Path, made: Path, home: Path) -> None:
    done = update(made, home, "--data", "libraries=[rich, scipy]")
    assert done.returncode == 0, done.stderr
    expected = fresh(versions, made.parent / "fresh", ["rich", "scipy"])
    for lock in ("requirements.txt", "requirements-dev.txt", "pyproject.toml"):
        texts = [undated((place / lock).read_bytes()) for place in (made, expected)]
        assert texts[0] == texts[1], lock


@pytest.mark.thorough
def test_a_lock_that_does_not_say_what_it_was_made_for_is_made_anew(
    versions: Path, made: Path, home: Path
) -> None:
    locks = [made / name for name in ("requirements.txt", "requirements-dev.txt")]
    before = [undated(each.read_bytes()) for each in locks]
    for each in locks:
        lines = each.read_text().splitlines(keepends=True)
        each.write_text("".join(line for line in lines if not line.startswith("# Asked: ")))
    assert [undated(each.read_bytes()) for each in locks] != before
    commit(made)
    release(versions, "v2.0.0")
    done = update(made, home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [undated(each.read_bytes()) for each in locks] == before


@pytest.mark.thorough
def test_what_is_not_offered_any_more_stays_with_who_has_it(
    versions: Path, made: Path, home: Path
) -> None:
    def retire(library: str) -> None:
        place = versions / "catalogue" / "libraries.json"
        lock = json.loads(place.read_text(encoding="utf-8"))
        gone = [each for each in lock["libraries"] if each["name"] == library]
        lock["libraries"] = [each for each in lock["libraries"] if each not in gone]
        lock["retired"]["libraries"] += gone
        place.write_text(json.dumps(lock), encoding="utf-8")

    before = (made / "requirements.txt").read_bytes()
    retire("rich")
    change(versions, "template/pyproject.toml.jinja", 'log_level = "INFO"', 'log_level = "DEBUG"')
    release(versions, "v2.0.0")
    done = update(made, home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"rich>=12"' in (made / "pyproject.toml").read_text()
    assert (made / "requirements.txt").read_bytes() == before

    commit(made)
    done = update(made, home, "--data", "libraries=[rich, scipy]")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Answers:\n- libraries: ['rich'] -> ['scipy', 'rich']\n" in done.stdout
    assert {"rich", "scipy"} <= {
        line.split("==")[0] for line in (made / "requirements.txt").read_text().splitlines()
    }


@pytest.mark.thorough
def test_a_choice_that_the_template_forgot_stops_no_update(
    versions: Path, made: Path, home: Path
) -> None:
    change(versions, "questions/project.yml", "[None, MIT, ", "[None, ")
    update(made, home, "--data", "license=MIT", "--vcs-ref", "v1.0.0")
    commit(made)
    release(versions, "v2.0.0")
    done = update(made, home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Answers:\n- license: MIT -> None\n" in done.stdout


def test_the_hook_runs_once_and_only_in_the_project(versions: Path, made: Path, home: Path) -> None:
    start = "def main(template: Path, answers_file: str) -> int:"
    told = f"{start}\n    print('HOOK', Path.cwd())\n    return 0\n\n\n"
    unused = start.replace("main", "unused")
    change(versions, "hooks/after_update.py", start, told + unused)
    release(versions, "v2.0.0")
    done = update(made, home)
    assert done.stdout.count("HOOK") == 1
    assert f"HOOK {made}" in done.stdout


def test_a_conflict_in_the_dependencies_stops_before_anything_is_locked(
    versions: Path, made: Path, home: Path
) -> None:
    change(made, "pyproject.toml", '"joblib>=1.1"', '"joblib>=1.5"')
    commit(made)
    change(versions, "catalogue/libraries.json", '"joblib>=1.1"', '"joblib>=1.3"')
    release(versions, "v2.0.0")
    before = (made / "requirements.txt").read_bytes()
    done = update(made, home)
    assert done.returncode != 0
    assert "Conflicts are left in pyproject.toml." in done.stderr
    assert (made / "requirements.txt").read_bytes() == before


@pytest.mark.thorough
def test_neighbours_in_a_list_of_dependencies_are_no_conflict(
    versions: Path, made: Path, home: Path
) -> None:
    change(made, "pyproject.toml", '    "joblib>=1.1",', '    "colorlog<6.9",\n    "joblib>=1.1",')
    commit(made)
    change(versions, "catalogue/libraries.json", '"joblib>=1.1"', '"joblib>=1.3"')
    change(versions, "template/pyproject.toml.jinja", 'log_level = "INFO"', 'log_level = "DEBUG"')
    release(versions, "v2.0.0")
    done = update(made, home)
    assert done.returncode == 0, done.stdout + done.stderr
    text = (made / "pyproject.toml").read_text()
    assert '    "colorlog<6.9",\n    "joblib>=1.3",\n' in text
    assert 'log_level = "DEBUG"' in text
    assert git(made, "diff", "--name-only", "--diff-filter=U") == ""
    assert "colorlog==6.8" in (made / "requirements.txt").read_text()


@pytest.mark.thorough
def test_a_table_that_both_have_added_is_one_table(versions: Path, made: Path, home: Path) -> None:
    """As where a project had settings for uv before the template had some."""
    pyproject = versions / "template" / "pyproject.toml.jinja"
    now = pyproject.read_text()
    start = now.index("[tool.uv]\n")
    end = now.index("\n", now.index("exclude-newer = ", start)) + 1
    pyproject.write_text(now[:start] + now[end:])
    release(versions, "v2.0.0")
    assert update(made, home).returncode == 0
    with (made / "pyproject.toml").open("a") as file:
        file.write('\n[tool.uv]\nprerelease = "if-necessary"\n')
    commit(made)
    pyproject.write_text(now)
    release(versions, "v3.0.0")
    done = update(made, home)
    assert done.returncode == 0, done.stdout + done.stderr
    found = tomllib.loads((made / "pyproject.toml").read_text())["tool"]["uv"]
    assert (found["prerelease"], found["exclude-newer"]) == ("if-necessary", "7 days")


def test_recopying_overwrites_no_file_of_the_users(versions: Path, made: Path, home: Path) -> None:
    (made / "README.md").write_text("mine\n")
    (made / "src" / "up" / "plots.py").write_text("mine = 1\n")
    (made / ".gitattributes").write_text("mine\n")
    commit(made)
    argv = [*COMMAND, "recopy", "--defaults", "--overwrite", "--skip-tasks"]
    subprocess.run(argv, cwd=made, env=clean_environ(home), check=True, capture_output=True)
    assert (made / "README.md").read_text() == "mine\n"
    assert (made / "src" / "up" / "plots.py").read_text() == "mine = 1\n"
    assert (made / ".gitattributes").read_text() != "mine\n", "that one is the template's"
