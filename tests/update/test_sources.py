"""A project can be made from a tag, from a clone without tags and from a fork, and says which."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from support.copying import COMMAND
from support.engine import clean_environ
from support.history import append
from support.template import git, release
from support.updates import commit, update

pytestmark = pytest.mark.thorough

LOGIN = "https://me:secret@templates.example.invalid/seedbed.git"
PLAIN = LOGIN.replace("me:secret@", "")


def test_a_login_in_the_templates_address_is_neither_written_nor_printed(
    template: Path, tmp_path: Path, home: Path
) -> None:
    served = {"GIT_CONFIG_COUNT": "2", "COPIER_CACHE_DIR": str(tmp_path / "cache")}
    for number, address in enumerate((LOGIN, PLAIN)):
        served[f"GIT_CONFIG_KEY_{number}"] = f"url.{template.as_uri()}.insteadOf"
        served[f"GIT_CONFIG_VALUE_{number}"] = address
    answers = ["--data", "create_env=false", "--data", "framework=none"]
    argv = [*COMMAND, "copy", "--defaults", "--trust", *answers, LOGIN, "p"]
    done = subprocess.run(
        argv, cwd=tmp_path, env=clean_environ(home, **served), check=True, capture_output=True,
        text=True,
    )  # fmt: skip
    project = tmp_path / "p"
    assert "git config --global credential.helper" in done.stderr
    assert yaml.safe_load((project / ".copier-answers.yml").read_text())["_src_path"] == PLAIN

    answers_file = project / ".copier-answers.yml"
    answers_file.write_text(answers_file.read_text().replace(PLAIN, LOGIN))
    commit(project)
    argv = [sys.executable, "tools/template_check.py"]
    checked = subprocess.run(
        argv, cwd=project, env=clean_environ(home, **served), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert f"Made from {PLAIN} at 1.0.0." in checked.stdout, checked.stderr
    updated = update(project, home, **served)
    assert updated.returncode != 0
    assert "Change that password" in updated.stdout
    assert PLAIN in answers_file.read_text()
    for each in (done, checked, updated):
        assert "secret" not in each.stdout + each.stderr


def test_answers_in_a_file_of_another_name_are_followed_everywhere(
    template: Path, tmp_path: Path, home: Path
) -> None:
    name = ".copier-answers.ml.yml"
    answers = ["--data", "framework=none", "--data", "extras=[github, gitlab]"]
    argv = [*COMMAND, "copy", "--defaults", "--skip-tasks", "-a", name, *answers, str(template)]
    project = tmp_path / "p"
    subprocess.run([*argv, str(project)], check=True, capture_output=True)
    commit(project)
    places = ["pyproject.toml", ".gitlab-ci.yml"]
    places += [f".github/workflows/{each}.yml" for each in ("checks", "template-update")]
    for place in places:
        text = (project / place).read_text()
        commands = [line for line in text.splitlines() if "uv run" in line and "template_" in line]
        assert commands, place
        assert all(f" --answers-file {name}" in line for line in commands), commands
    argv = [sys.executable, "tools/template_check.py", "-a", name]
    done = subprocess.run(
        argv, cwd=project, env=clean_environ(home), check=True, capture_output=True, text=True
    )
    assert "That is the newest version." in done.stdout
    done = update(project, home, "-a", name, "--data", "description=new")
    assert done.returncode == 0, done.stderr
    assert "Answers:\n- description:  -> new\n" in done.stdout


@pytest.mark.parametrize("kind", ["clone without tags", "tag", "fork"])
def test_where_a_project_comes_from_is_noted_and_followed(
    template: Path, tmp_path: Path, home: Path, kind: str
) -> None:
    source = tmp_path / kind.replace(" ", "-")
    git(tmp_path, "clone", "--quiet", str(template), str(source))
    if kind == "clone without tags":
        git(source, "tag", "--delete", "v1.0.0")
    if kind == "fork":
        append(source / "template" / ".gitattributes", "# ours\n")
        release(source, "v1.0.1")
    # A path from where it is typed, which leads nowhere from inside the project.
    argv = [*COMMAND, "copy", "--defaults", "--skip-tasks", "--data", "create_env=false"]
    argv += [f"./{source.name}", "project"]
    done = subprocess.run(
        argv, cwd=tmp_path, env=clean_environ(home), check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    expected = {
        "tag": ("v1.0.0", "template version 1.0.0"),
        "clone without tags": (
            git(source, "rev-parse", "--short", "HEAD").strip(),
            "template version 0.0.0.post1.dev0+",
        ),
        "fork": ("v1.0.1", "template version 1.0.1"),
    }
    project = tmp_path / "project"
    answers = yaml.safe_load((project / ".copier-answers.yml").read_text())
    version, said = expected[kind]
    assert said in done.stderr
    assert (answers["_src_path"], answers["_commit"]) == (str(source), version)

    commit(project)
    append(source / "template" / ".gitattributes", "# newer\n")
    release(source, "v1.1.0")
    done = update(project, home)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"Template: {version} -> v1.1.0\n")
    assert (project / ".gitattributes").read_text().endswith("# newer\n")
