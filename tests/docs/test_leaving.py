"""A project with all extras, after docs/leaving.md: nothing in it asks for the template."""

from __future__ import annotations

import subprocess
from pathlib import Path

import yaml
from docs.pages import blocks
from support.template import ROOT, git, render


def test_no_file_waits_for_the_template_any_more(template: Path, tmp_path: Path) -> None:
    extras = yaml.safe_load((ROOT / "questions" / "extras.yml").read_text("utf-8"))["extras"]
    project = render(template, tmp_path / "p", extras=[*extras["choices"].values()])
    for words in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "-m", "Start"]):
        git(project, *words)
    checks = project / ".github" / "workflows" / "checks.yml"
    ours = yaml.safe_load(checks.read_text(encoding="utf-8"))["jobs"].keys() - {"template"}
    own = "\nours:\n  script: [make]\n"
    with (project / ".gitlab-ci.yml").open("a", encoding="utf-8") as file:
        file.write(own)
    script = blocks(ROOT / "docs" / "leaving.md")[0].text.partition("git commit")[0]
    subprocess.run(["bash", "-e", "-c", script], cwd=project, check=True)
    assert yaml.safe_load(checks.read_text(encoding="utf-8"))["jobs"].keys() == ours
    gitlab = yaml.safe_load((project / ".gitlab-ci.yml").read_text(encoding="utf-8"))
    assert gitlab.keys() == {"checks", "audit", "ours"}
    told = git(project, "grep", "-lE", "Owned by the template|template[-_](check|update)")
    assert told.split() == ["AGENTS.md", "README.md"]
