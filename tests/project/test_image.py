"""The image that the page says how to build is built, and holds what is outside of it."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from docs.pages import blocks
from support.engine import Tiny
from support.images import BASE, Builder, builder
from support.index import serve
from support.real import cached_environ, copied
from support.template import ROOT

pytestmark = pytest.mark.thorough
COMMANDS = next(
    block.text for block in blocks(ROOT / "docs" / "containers.md") if block.language == "console"
)
IMAGE = "my-project"
MORE = "import my_project.more as more; print(more.more)"


@dataclass(frozen=True)
class Built:
    project: Tiny
    buildah: Builder
    output: str

    def inside(self, *words: str) -> str:
        """What a command prints in the image."""
        container = self.buildah("from", IMAGE).strip()
        try:
            return self.buildah("run", container, "--", *words)
        finally:
            self.buildah("rm", container)


@pytest.fixture(scope="module")
def built(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    place = tmp_path_factory.mktemp("image")
    buildah = builder(place / "programs")
    (place / "home").mkdir()
    environ = cached_environ(place / "home")
    answers = {"framework": "none", "libraries": [], "extras": ["docker"]}
    project = copied(template, place / IMAGE, environ, python_version=buildah.python, **answers)
    done = buildah.page(COMMANDS, project.root)
    assert done.returncode == 0, done.stdout + done.stderr
    yield Built(project, buildah, done.stdout + done.stderr)
    buildah("rmi", "--force", IMAGE)


def test_an_image_has_the_environment_of_its_project_and_says_so(built: Built) -> None:
    outside = built.project.info()["fingerprint"]
    assert outside in built.inside("python3", "/app/tools/env", "info")
    label = '{{index .OCIv1.Config.Labels "org.seedbed.fingerprint"}}'
    assert built.buildah("inspect", "--format", label, IMAGE).strip() == outside
    assert "1 passed" in built.output  # the page's last command runs the tests in there


def test_who_runs_in_an_image_cannot_change_its_environment(built: Built) -> None:
    assert built.inside("id", "-u").strip() == "1000"
    look = "find /opt/my-project -writable ! -type l ! -name .lock"  # that is uv's, and empty
    assert not built.inside("sh", "-c", look).strip()
    built.inside("sh", "-c", "mkdir -p /app/runs/new && touch ~/mine")


def test_what_is_of_this_machine_alone_is_not_in_an_image(built: Built) -> None:
    assert built.inside("sh", "-c", "ls -d /app/.venv /app/.git 2>/dev/null; true") == ""


def test_a_change_of_the_code_installs_nothing_again(built: Built) -> None:
    (built.project.root / "src" / "my_project" / "more.py").write_text("more = 1\n")
    done = built.buildah.page(COMMANDS, built.project.root)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "installing" not in done.stdout + done.stderr
    assert built.inside("python3", "/app/tools/env", "run", "--", "python", "-c", MORE) == "1\n"


def test_an_image_with_another_environment_than_the_promised_one_is_not_built(built: Built) -> None:
    promised = re.sub(r"\$\(python3.*?p'\)", "0" * 64, COMMANDS)
    done = built.buildah.page(promised, built.project.root)
    assert done.returncode != 0
    assert f"The environment of this image is not {'0' * 64}." in done.stderr
    assert "build again: python3 tools/env sync" in done.stderr


def test_an_image_for_apptainer_has_the_same_environment(built: Built, tmp_path: Path) -> None:
    """Apptainer is in no registry: its steps are run as it does, by what is there."""
    text = (built.project.root / "apptainer.def").read_text(encoding="utf-8")
    parts = dict(re.findall(r"^%(\w+)\n(.*?)(?=^%|\Z)", text, re.MULTILINE | re.DOTALL))
    buildah = built.buildah
    container = buildah("from", *buildah.volumes, BASE).strip()
    for line in parts["files"].split("\n"):
        if line:
            source, target = line.split()
            buildah("copy", container, str(built.project.root / source), target)
    labels = "export APPTAINER_LABELS=/labels\n"
    try:
        post = parts["post"].replace("UV_NO_CACHE=1", "")  # here the cache is a volume
        buildah("run", container, "--", "sh", "-e", "-c", labels + post)
        environ = parts["environment"]
        assert "is exactly" in buildah("run", container, "--", "sh", "-c", environ + parts["test"])
        told = buildah("run", container, "--", "cat", "/labels").split()
        start = ("sh", "-c", environ + parts["runscript"], "sh")
        command = ("python", "-c", "import sys; print(sys.prefix)")
        assert buildah("run", container, "--", *start, *command) == "/opt/my-project\n"
    finally:
        buildah("rm", container)
    assert told == ["org.seedbed.fingerprint", built.project.info()["fingerprint"]]


@pytest.mark.weekly
@pytest.mark.parametrize("manager", ["venv", "uv"])
def test_a_companys_index_is_asked_with_the_login_of_a_secret(
    manager: str, template: Path, tmp_path: Path
) -> None:
    buildah = builder(tmp_path / "programs")
    (tmp_path / "home").mkdir()
    answers = {"framework": "none", "libraries": [], "extras": ["docker", "pack"]}
    answers |= {"python_version": buildah.python, "env_manager": manager}
    project = copied(template, tmp_path / IMAGE, cached_environ(tmp_path / "home"), **answers)
    assert project.run("pack").returncode == 0
    (path,) = (project.root / "dist").glob("*.tar")
    with tarfile.open(path) as archive:
        archive.extractall(tmp_path / "files", filter="data")
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ada password s3cret\n", encoding="utf-8")
    image = f"{IMAGE}-{manager}"  # the other tests have that one
    build = COMMANDS.split("\n")[1].replace(f"--tag {IMAGE}", f"--tag {image}", 1)
    secret = f"--secret id=netrc,src={netrc} --tag"
    with serve(tmp_path / "files", login="ada:s3cret") as address:
        index = f"docker build --build-arg UV_DEFAULT_INDEX={address}"
        asked = build.replace("docker build", index, 1)
        refused = buildah.page(asked, project.root)
        done = buildah.page(asked.replace("--tag", secret, 1), project.root)
    assert refused.returncode != 0
    assert done.returncode == 0, done.stdout + done.stderr
    container = buildah("from", image).strip()
    try:
        look = "! grep -rIl s3cret /etc /root /home /opt /app /run 2>/dev/null"
        buildah("run", container, "--", "sh", "-c", look)
        assert "s3cret" not in buildah("inspect", image)
    finally:
        buildah("rm", container)
        buildah("rmi", "--force", image)
