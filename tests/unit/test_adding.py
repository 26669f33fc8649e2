"""What `add` takes for a requirement, by hand and out of a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.sources import tree

from env.dependencies import wanted
from env.errors import EnvError
from env.project import Project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    root = tmp_path / "code" / "project"
    root.mkdir(parents=True)
    tree(tmp_path / "code" / "lib", "delta")
    tree(root / "packages" / "epsilon", "epsilon")
    (root / "some.whl").touch()
    monkeypatch.chdir(root)
    return Project(root, "tiny", "", "3.12", "3.11", "venv", root / ".venv", (root / "lock.txt",))


@pytest.mark.parametrize(
    ("word", "requirement"),
    [
        ("numpy", "numpy"),
        ("numpy[x] >=2, <3 ; os_name == 'a/b'", "numpy[x] >=2, <3 ; os_name == 'a/b'"),
        ("../lib", "-e ../lib"),
        ("../lib/", "-e ../lib"),
        ("delta @ ../lib", "-e delta @ ../lib"),
        ("delta[x]@../lib ; os_name=='nt'", "-e delta[x] @ ../lib ; os_name=='nt'"),
        ("packages/epsilon", "-e ./packages/epsilon"),
        ("delta @ file://{place}/code/lib", "-e delta @ ../lib"),
        ("{place}/code/lib", "-e ../lib"),
        ("git+https://example.com/a/b@v1", "git+https://example.com/a/b@v1"),
        ("git+ssh://git@example.com/a/b", "git+ssh://git@example.com/a/b"),
        ("https://example.com/d-1-py3-none-any.whl", "https://example.com/d-1-py3-none-any.whl"),
    ],
)
def test_a_directory_is_seen_from_the_project(
    project: Project, tmp_path: Path, word: str, requirement: str
) -> None:
    assert wanted(project, [word.replace("{place}", str(tmp_path))], []) == [requirement]


@pytest.mark.parametrize(
    "address",
    [
        "https://person:s3cret@example.com/delta-1.0-py3-none-any.whl",
        "https://person:s3c%40r:et@example.com/delta-1.0-py3-none-any.whl",
        "git+https://s3cret@example.com/delta.git",
        "git+ssh://person:s3cret@example.com/delta.git",
        "delta @ git+https://person:s3cret@example.com/delta.git@main ; os_name == 'nt'",
        "delta @ git+https://${s3cret}@example.com/delta.git",
        "https://example.com/delta-1.0-py3-none-any.whl?token=s3cret",
        "delta @ https://example.com/delta-1.0.tar.gz?X-Amz-Signature=s3cret",
    ],
)
def test_a_login_in_an_address_is_refused_and_not_told(project: Project, address: str) -> None:
    with pytest.raises(EnvError) as told:
        wanted(project, [address], [])
    assert "~/.netrc" in told.value.mend
    assert "s3c" not in str(told.value)


@pytest.mark.parametrize("word", [".", "../nothing", "./some.whl", "../../code/project", "~/x"])
def test_what_no_colleague_has_is_refused(project: Project, word: str) -> None:
    with pytest.raises(EnvError, match="only a directory beside the project"):
        wanted(project, [word], [])


FILE = """\
# what we had
--index-url https://example.com/simple
alpha==3.0 \\
    --hash=sha256:00 --hash=sha256:11
-r more.txt  # and this
-c limits.txt
beta[fast] ; python_version > "3"
numbers @ file:///home/conda/feedstock_root/build_artifacts/numbers_1/work
-e git+https://example.com/a/b@main#egg=theta
git+https://example.com/a/b@v2#egg=mu[x]&subdirectory=c
gamma @ git+https://example.com/a/b@main#subdirectory=c
-e ../lib
--editable=../lib
./packages/epsilon
-e .
./eta-1.0-py3-none-any.whl
kappa==1 --config-settings=a=b
https://me:s3cret@example.com/x-1.whl
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_requirements_file_is_taken_as_far_as_it_goes(
    project: Project, capsys: pytest.CaptureFixture[str], encoding: str
) -> None:
    (project.root / "old.txt").write_text(FILE, encoding=encoding, newline="\r\n")
    (project.root / "more.txt").write_text("zeta<3.1\n-r old.txt\n")
    assert wanted(project, ["first"], ["old.txt"]) == [
        "first",
        "alpha==3.0",
        "zeta<3.1",
        'beta[fast] ; python_version > "3"',
        "numbers",
        "theta @ git+https://example.com/a/b@main",
        "mu[x] @ git+https://example.com/a/b@v2#subdirectory=c",
        "gamma @ git+https://example.com/a/b@main#subdirectory=c",
        "-e ../lib",
        "-e ../lib",
        "./packages/epsilon",
        "kappa==1",
    ]
    told = capsys.readouterr().err
    for note in (
        "--index-url is not taken",
        "-c is not taken",
        "numbers is taken by its name",
        "is the project itself",
        "eta-1.0-py3-none-any.whl is no directory",
        "the options of kappa==1 are not taken",
        "An address with a login",
    ):
        assert note in told
    assert "s3cret" not in told


@pytest.mark.parametrize("content", [None, b"\xff\xfebad", b"# nothing\n", b"caf\xe9==1\n"])
def test_a_file_with_nothing_to_take_is_refused(project: Project, content: bytes | None) -> None:
    if content is not None:
        (project.root / "old.txt").write_bytes(content)
    with pytest.raises(EnvError):
        wanted(project, [], ["old.txt"])
