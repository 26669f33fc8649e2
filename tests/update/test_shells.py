"""A project keeps the helpers that it has, also where it was made before they were a choice."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from support.template import git, make_template, release, render
from support.updates import commit, update

HELPERS = {"activate.csh", "activate.nu", "activate.xsh", "tools/leave.csh"}


def before_the_question(template: Path) -> Path:
    """Make the template as it was when every project had all helpers."""
    (template / "questions" / "extras.yml").rename(template / "kept.yml")
    text = (template / "kept.yml").read_text(encoding="utf-8")
    asked = re.sub(r"^shells:\n(?: .*\n)*", "", text, flags=re.MULTILINE)
    (template / "questions" / "extras.yml").write_text(asked)
    for each in [*(template / "template").rglob("*in shells %}*")]:
        each.rename(each.with_name(each.name.partition("%}")[2].partition("{%")[0]))
    readme = template / "template" / "README.md.jinja"
    readme.write_text(readme.read_text(encoding="utf-8").replace("in shells", "in ['tcsh']"))
    release(template, "v1.0.0")
    return template


def there(project: Path) -> set[str]:
    return {name for name in HELPERS if (project / name).exists()}


@pytest.mark.thorough
def test_an_update_keeps_the_helpers_that_are_there(tmp_path: Path, home: Path) -> None:
    template = make_template(tmp_path / "template", "v0.9.0")
    now = git(template, "rev-parse", "HEAD").strip()
    before_the_question(template)
    project = render(template, tmp_path / "a [b]", project_name="Up", create_env=False)
    assert there(project) == HELPERS
    (project / "activate.nu").unlink()
    with (project / "activate.xsh").open("a") as helper:
        helper.write("# mine\n")
    commit(project)
    git(template, "checkout", "--quiet", now, "--", ".")
    for old in ("activate.csh", "activate.xsh", "activate.nu", "tools/leave.csh"):
        git(template, "rm", "--quiet", f"template/{old}")
    release(template, "v2.0.0")
    done = update(project, home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert there(project) == HELPERS - {"activate.nu"}
    assert (project / "activate.xsh").read_text().endswith("# mine\n")
    answers = yaml.safe_load((project / ".copier-answers.yml").read_text())
    assert answers["shells"] == ["tcsh", "xonsh"]
