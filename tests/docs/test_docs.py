"""Every command that the pages show is run here, as it stands there.

The blocks marked `sh` of a page are one script, run by bash on a terminal on which Enter is pressed
at each question. What the reader is told to write into a file is written there, too. A comment
above a block says where it begins: in an empty directory, or in a project. Not as for a reader:

- https://github.com/OWNER/seedbed is this working tree: git is told so in its configuration.
- python_version has the version that runs the tests as its default, and `--python 3.12` is another
  version of this machine, or that one where there is no other.
- The starter trains for 3 rounds.
- pipx is not installed here; `pipx` is `uvx pipx`, the real one.
- conda-forge is a channel on loopback, made of the Python that runs the tests; its graphviz is a
  shell script.
- The targets of make in LONG are only looked up. .ci/run runs demo, test, lint and types for real;
  format is lint's twin; bench and pictures write pages that show what came out.
"""

from __future__ import annotations

import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pexpect
import pytest
from docs.pages import PAGES, Block, blocks, name
from support.channel import NATIVE
from support.conda_packages import File, Package, publish
from support.copying import COMMAND
from support.engine import MINOR, clean_environ, other_pythons
from support.managers import serve_files
from support.template import ROOT, git

ADDRESS = "https://github.com/OWNER/seedbed"
LONG = " demo test thorough weekly lint types format refresh audit bench bench-peers site pictures "
MAKE = f'''make() {{
    case "{LONG}" in *" $1 "*) set -- -n "$@" ;; esac
    command make "$@"
}}'''
END = "every command was run"
FLOWERS = "width,length,kind\n" + "".join(
    f"{n % 7},{n % 5},{'rose' if n % 2 else 'iris'}\n" for n in range(60)
)
_INSERT = (
    "import pathlib, sys\n"
    "block, line, file = sys.argv[1:]\n"
    "path = pathlib.Path(file)\n"
    "before, found, after = path.read_text('utf-8').partition(line + '\\n')\n"
    "assert found, f'{file} has no line {line}'\n"
    "path.write_text(before + found + pathlib.Path(block).read_text('utf-8') + after, 'utf-8')\n"
)


@dataclass(frozen=True)
class Reader:
    """A person with a home, the usual programs, and nothing of ours yet."""

    place: Path
    environ: dict[str, str]

    def run(self, *words: str, cwd: Path) -> None:
        subprocess.run(words, cwd=cwd, env=self.environ, check=True, capture_output=True)


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The working tree, committed or not, as a repository that can be cloned and pushed to."""
    place = tmp_path_factory.mktemp("published")
    listed = subprocess.check_output(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, text=True
    )
    for each in filter(None, listed.split("\0")):
        if (ROOT / each).is_file():
            (place / "tree" / each).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / each, place / "tree" / each)
    config = place / "tree" / "frameworks" / "scikit-learn" / "model.toml"
    config.write_text(config.read_text(encoding="utf-8").replace("rounds = 100", "rounds = 3"))
    git(place / "tree", "init", "--quiet", "--initial-branch=main")
    git(place / "tree", "add", "--all")
    git(place / "tree", "commit", "--quiet", "--message", "v1.0.0")
    git(place / "tree", "tag", "v1.0.0")
    git(place, "clone", "--quiet", "--bare", "tree", "seedbed.git")
    return place / "seedbed.git"


@pytest.fixture(scope="session")
def conda_forge(channel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The channel with what the pages ask for."""
    place = tmp_path_factory.mktemp("conda") / "channels"
    shutil.copytree(channel, place)
    dot = {"bin/dot": File(b"#!/bin/sh\necho dot - graphviz version 12.0.0\n", executable=True)}
    here = NATIVE[platform.machine()]
    publish(place / "conda-forge", Package("graphviz", "12.0.0", here, dot, ()))
    return place


@pytest.fixture
def reader(tmp_path: Path, published: Path, conda_forge: Path) -> Iterator[Reader]:
    home, programs, owner = (tmp_path / each for each in ("home", "bin", "owner"))
    (home / ".config" / "copier").mkdir(parents=True)
    settings = f"defaults:\n  python_version: '{MINOR}'\n"
    (home / ".config" / "copier" / "settings.yml").write_text(settings)
    shutil.copytree(published, owner / "seedbed.git")
    (home / ".gitconfig").write_text(
        "[user]\nname = t\nemail = t@example.invalid\n[init]\ndefaultBranch = main\n"
        f'[url "file://{owner}/"]\ninsteadOf = {ADDRESS.removesuffix("seedbed")}\n'
    )
    programs.mkdir()
    for each in ("uv", "uvx"):
        (programs / each).symlink_to(Path(sys.executable).with_name(each))
    (programs / "pipx").write_text('#!/bin/sh\nexec uvx pipx "$@"\n')
    (programs / "pipx").chmod(0o755)
    path = os.pathsep.join([str(programs), str(Path(sys.executable).resolve().parent), os.defpath])
    cache = os.environ.get("UV_CACHE_DIR") or str(Path.home() / ".cache" / "uv")
    # A real terminal answers a program that asks where its cursor is; this one cannot.
    terminal = {"TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"}
    environ = clean_environ(home, PATH=path, UV_CACHE_DIR=cache, **terminal)
    del environ["UV"]
    with serve_files(conda_forge) as address:
        yield Reader(tmp_path, {**environ, "CONDA_CHANNEL_ALIAS": address})


@pytest.fixture
def project(reader: Reader) -> Path:
    """A committed project without environment, in which the reader has data of their own."""
    place = reader.place / "my-project"
    copy = (*COMMAND, "copy", "--quiet", "--defaults", "--skip-tasks")
    reader.run(*copy, ADDRESS, str(place), cwd=reader.place)
    for words in ("init --quiet", "add --all", "commit --quiet --message start"):
        reader.run("git", *words.split(), cwd=place)
    (place / "data" / "raw" / "flowers.csv").write_text(FLOWERS)
    return place


@pytest.mark.skipif(os.name == "nt", reason="the pages' commands are for bash on a terminal")
@pytest.mark.thorough
@pytest.mark.parametrize("page", [each for each in PAGES if blocks(each)], ids=name)
def test_the_commands_of_a_page_work_in_their_order(
    page: Path, reader: Reader, project: Path
) -> None:
    script = reader.place / "script.sh"
    script.write_text(as_script(blocks(page), reader.place, project), encoding="utf-8")
    output, code = on_a_terminal(script, reader)
    assert code == 0, output
    assert END in output, output


def as_script(found: list[Block], place: Path, project: Path) -> str:
    """A page's blocks as a bash script that ends at the first command that fails."""
    other = next((each for each in ("3.12", "3.13", "3.11") if each in other_pythons()), MINOR)
    parts = [
        "set -e",
        "trap 'echo \"failed: $BASH_COMMAND\"' ERR",
        MAKE,
    ]
    for number, block in enumerate(found):
        if block.directive == "in a new place":
            parts.append(f"mkdir {place}/{number} && cd {place}/{number}")
        elif block.directive == "in a project under git":
            parts.append(f"cp -R {project} {place}/{number} && cd {place}/{number}")
        elif block.directive:
            parts.append(written(block, place / f"block-{number}"))
        if block.language == "sh":
            parts.append(block.text.replace("--python 3.12", f"--python {other}"))
    return "\n".join([*parts, f"echo {END}", ""])


def written(block: Block, draft: Path) -> str:
    """The command that writes a block to the file that its directive names."""
    draft.write_text(block.text, encoding="utf-8")
    whole = re.fullmatch(r"the file (\S+)", block.directive)
    if whole:
        return f"cp {draft} {whole[1]}"
    line = re.fullmatch(r"a line after `(.+)` in (\S+)", block.directive)
    assert line, f"no such directive: {block.directive}"
    return shlex.join(["python3", "-c", _INSERT, str(draft), line[1], line[2]])


def on_a_terminal(script: Path, reader: Reader) -> tuple[str, int]:
    """Run a script and press Enter at each question; what was on the screen, and the exit code."""
    words = ["--norc", str(script)]
    child = pexpect.spawn(
        "bash", words, cwd=str(reader.place), env=reader.environ, encoding="utf-8", timeout=240
    )
    child.delaybeforesend = None
    seen, answered = "", ""
    asked: list[Any] = ["\U0001f3a4[^ ]* ([^\r\n\x1b]+)", r"\[Y/n\] ", pexpect.EOF, pexpect.TIMEOUT]
    while (what := child.expect(asked)) < 2:
        question = str(child.after)
        seen += f"{child.before}{question}"
        if what == 1 or question != answered:  # Copier draws its questions more than once
            child.send("\r")
        answered = question
    seen += str(child.before)
    child.close(force=True)
    return seen, child.exitstatus if child.exitstatus is not None else -1
