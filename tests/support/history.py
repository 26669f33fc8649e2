"""Seven releases of this template: the working tree, and six that each do what releases do."""

from __future__ import annotations

import re
from pathlib import Path

from .template import make_template, release

PACKAGE = "src/{{package_name}}"
QUESTION = """
{key}:
  type: str
  help: Made for the tests
  default: {default}
"""
OLD, NEW = "tasks.mk", "tools/tasks.mk"
"""A file that is renamed."""

GONE = "tox.ini"
"""A file that is deleted."""

EARLIER = (
    "tqdm==4.67.1",
    "sha256:26445eca388f82e72884e0d580d5464cd801a3ea01e63e5601bdff9ba6a48de2",
    "sha256:f8aef9c52c08c13a65f30ea34f4e5aac3fd1a34959879d7e59e63027286627f2",
)
"""A pin, and the hashes of its files."""

LINES = "".join(f"# line {number}\n" for number in range(30))


def build(folder: Path) -> dict[str, str]:
    """The template at `folder`; what each release did, by its tag, oldest first."""
    make_template(folder, "v0.9.0")
    body = folder / "template"
    # Updates leave the starter's code alone, and its paths take a third of their time.
    for code in [*(body / PACKAGE).glob("*.py"), *(body / "tests").glob("test_*")]:
        if code.name not in ("__init__.py", "train.py", "plots.py"):
            code.unlink()
    for name in (OLD, GONE):
        write(body / name, f"# Owned by the template.\n{LINES}")
    release(folder, "v1.0.0")
    done = {"v1.0.0": "the start"}

    lock = folder / "catalogue" / "lock.json"
    today = re.search(
        r'"(tqdm==.+)": \[\s+"(\S+)",\s+"(\S+)"\s+\]', lock.read_text(encoding="utf-8")
    )
    assert today
    for old, new in zip(today.groups(), EARLIER, strict=True):
        change(lock, old, new)
    change(body / "pyproject.toml.jinja", 'log_level = "INFO"', 'log_level = "DEBUG"')
    done["v1.1.0"] = "a pin and a rule moved"
    release(folder, "v1.1.0")

    write(body / "tools" / "added.cfg", f"# Owned by the template.\n{LINES}")
    change(body / "tools" / "env" / "errors.py", "COULD_NOT = 3", "COULD_NOT = 3  # new")
    done["v1.2.0"] = "a file came"
    release(folder, "v1.2.0")

    text = (body / OLD).read_text(encoding="utf-8")
    (body / OLD).unlink()
    write(body / NEW, text.replace("# line 3\n", "# line three\n"))
    write(folder / "hooks" / "moves.yml", f"{OLD}: {NEW}\n")
    done["v1.3.0"] = "a file was renamed and changed"
    release(folder, "v1.3.0")

    (body / GONE).unlink()
    write(folder / "hooks" / "moves.yml", f"{OLD}: {NEW}\n{GONE}: ~\n")
    done["v1.4.0"] = "a file was deleted"
    release(folder, "v1.4.0")

    questions = folder / "questions" / "project.yml"
    before = re.search(r"\nlicense:\n(  .+\n)*?  default: .+\n", questions.read_text("utf-8"))
    assert before
    change(questions, before[0], re.sub(r"default: .+", "default: MIT", before[0]))
    append(questions, QUESTION.format(key="team", default="ours"))
    append(body / ".gitignore.jinja", "# {{ team }}\n")
    done["v1.5.0"] = "a question came and a default changed"
    release(folder, "v1.5.0")

    append(
        questions, QUESTION.format(key="backbone", default="trees") + "  choices: [trees, nets]\n"
    )
    write(body / PACKAGE / "{% if backbone == 'nets' %}nets.py{% endif %}", "layers = 2\n")
    write(body / PACKAGE / "{% if backbone == 'trees' %}trees.py{% endif %}", "depth = 2\n")
    done["v2.0.0"] = "there are two kinds of starter"
    release(folder, "v2.0.0")
    return done


def change(path: Path, old: str, new: str) -> None:
    """Replace a text that must be there."""
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{path} has no {old}"
    write(path, text.replace(old, new))


def append(path: Path, text: str) -> None:
    write(path, path.read_text(encoding="utf-8") + text)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
