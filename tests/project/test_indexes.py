"""A company's index, login, certificate, proxy and wheels on disk count, however they are said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from support.engine import Tiny, without_uv
from support.index import serve
from support.managers import make, table
from support.wheels import wheel

PASSWORD = "pass-0f3b"
DEAD = "http://127.0.0.1:9/simple"
SOURCES = ("UV_DEFAULT_INDEX", "PIP_INDEX_URL")


@pytest.fixture
def private(wheelhouse: Path) -> Iterator[str]:
    """The address, with its login, of an index that asks for one."""
    with serve(wheelhouse, login=f"reader:{PASSWORD}") as address:
        yield address.replace("://", f"://reader:{PASSWORD}@")


@pytest.fixture
def untold(project: Tiny) -> Tiny:
    """A project on a machine where nothing says where packages come from."""
    for name in (*SOURCES, "SSL_CERT_FILE"):
        project.environ.pop(name, None)
    return project


@pytest.fixture(params=["uv", "pip"])
def installer(request: pytest.FixtureRequest, untold: Tiny, wheelhouse: Path) -> str:
    """What comes first: without uv on the machine, pip fetches the one of the lock."""
    if request.param == "pip":
        without_uv(untold, wheelhouse)
    name: str = request.param
    return name


@pytest.mark.parametrize("name", [*SOURCES, "UV_INDEX_URL"])
def test_a_variable_names_an_index_with_a_login(
    untold: Tiny, private: str, installer: str, name: str
) -> None:
    done = untold.sync(**{name: private})
    assert ("pip fetches" in done.stderr) is (installer == "pip")
    assert untold.codes() == []
    _is_secret(done.stdout + done.stderr, untold.root)


def test_a_file_of_pip_names_an_index_with_a_login(
    untold: Tiny, private: str, installer: str
) -> None:
    _configure(untold, "pip/pip.conf", f"[global]\nindex-url = {private}\n")
    done = untold.sync()
    assert untold.codes() == []
    assert f", from {private.rpartition('@')[2].removesuffix('/simple')}" in done.stderr
    _is_secret(done.stdout + done.stderr, untold.root)


def test_a_file_of_uv_goes_before_one_of_pip(untold: Tiny, private: str) -> None:
    _configure(untold, "uv/uv.toml", f'[[index]]\nurl = "{private}"\ndefault = true\n')
    _configure(untold, "pip/pip.conf", f"[global]\nindex-url = {DEAD}\n")
    done = untold.sync()
    assert untold.codes() == []
    _is_secret(done.stdout + done.stderr, untold.root)


@pytest.mark.parametrize("manager", [name for name in table() if name != "conda"])
def test_locking_from_an_index_with_a_login_writes_no_password(
    manager: str, wheelhouse: Path, environ: dict[str, str], tmp_path: Path, private: str
) -> None:
    for name in SOURCES:
        environ[name] = private
    project = make(manager, tmp_path / "project", wheelhouse, environ)
    project.sync()
    wheel(wheelhouse, "delta", "1.0")
    for words in (["add", "delta"], ["lock", "--upgrade"], ["remove", "delta"]):
        done = project.run(*words)
        assert done.returncode == 0, done.stderr
        _is_secret(done.stdout + done.stderr, project.root)


def test_a_wrong_password_is_told_without_it(untold: Tiny, private: str, installer: str) -> None:
    wrong = private.replace(PASSWORD, "old-77aa")
    done = untold.run("sync", PIP_INDEX_URL=wrong)
    assert done.returncode == 3
    assert "error: The package index" in done.stderr
    assert "login" in done.stderr
    assert "old-77aa" not in done.stdout + done.stderr
    assert "ready" in untold.sync(PIP_INDEX_URL=private).stderr


def test_wheels_on_disk_are_enough_where_no_index_may_be_asked(
    untold: Tiny, wheelhouse: Path, installer: str
) -> None:
    untold.sync(PIP_NO_INDEX="1", PIP_FIND_LINKS=str(wheelhouse), PIP_INDEX_URL=DEAD)
    assert untold.codes() == []


def test_a_file_of_pip_can_say_the_same(
    untold: Tiny, wheelhouse: Path, tmp_path: Path, installer: str
) -> None:
    text = f"[global]\nno-index = true\nfind-links =\n    {wheelhouse}\n    {tmp_path}\n"
    _configure(untold, "pip/pip.conf", text)
    untold.sync()
    assert untold.codes() == []


def test_an_index_on_top_is_looked_at_too(
    untold: Tiny, index: str, tmp_path: Path, installer: str
) -> None:
    (tmp_path / "more").mkdir()
    gamma = wheel(tmp_path / "more", "gamma", "1.0")
    lock = untold.root / "requirements.txt"
    lock.write_text(lock.read_text() + gamma.line)
    with serve(tmp_path / "more") as more:
        untold.sync(PIP_INDEX_URL=index, PIP_EXTRA_INDEX_URL=more)
    assert untold.codes() == []


@pytest.mark.parametrize("manager", [name for name in table() if name != "conda"])
def test_a_package_comes_from_an_index_of_its_own_and_what_it_needs_does_not(
    manager: str, wheelhouse: Path, environ: dict[str, str], tmp_path: Path
) -> None:
    project = make(manager, tmp_path / "project", wheelhouse, environ)
    wheel(wheelhouse, "epsilon", "1.0")
    (tmp_path / "ours").mkdir()
    wheel(tmp_path / "ours", "delta", "1.0", requires=("epsilon",))
    wheel(tmp_path / "ours", "epsilon", "9.0")
    environ.update(UV_INDEX_OURS_USERNAME="reader", UV_INDEX_OURS_PASSWORD=PASSWORD)
    path = project.root / "pyproject.toml"
    with serve(tmp_path / "ours", login=f"reader:{PASSWORD}") as ours:
        index = f'[[tool.uv.index]]\nname = "ours"\nurl = "{ours}"\nexplicit = true\n'
        source = '[tool.uv.sources]\ndelta = { index = "ours" }\n'
        path.write_text(f"{path.read_text()}\n{index}{source}")
        done = project.run("add", "delta")
        assert done.returncode == 0, done.stderr
    assert project.codes() == []
    lock = project.root / "requirements.txt"
    assert f'# From another index: [["ours={ours}", "delta", ""]]\n' in lock.read_text()
    assert "epsilon==1.0" in lock.read_text()
    _is_secret(done.stdout + done.stderr, project.root)


@pytest.mark.parametrize(
    "name",
    [
        "SSL_CERT_FILE",
        pytest.param("PIP_CERT", marks=pytest.mark.thorough),
        pytest.param("REQUESTS_CA_BUNDLE", marks=pytest.mark.thorough),
    ],
)
def test_a_companys_certificate_is_trusted_and_no_other(
    untold: Tiny, wheelhouse: Path, tmp_path: Path, installer: str, name: str
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "company.pem")
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(tmp_path / "server.pem")
    with serve(wheelhouse, certificate=tmp_path / "server.pem") as address:
        refused = untold.run("sync", PIP_INDEX_URL=address)
        assert refused.returncode == 3
        assert "The package index could not be reached" in refused.stderr
        untold.sync(PIP_INDEX_URL=address, **{name: str(tmp_path / "company.pem")})
    assert untold.codes() == []


@pytest.mark.parametrize(
    "name",
    [
        "PIP_PROXY",
        *(pytest.param(n, marks=pytest.mark.thorough) for n in ("HTTP_PROXY", "ALL_PROXY")),
    ],
)
def test_a_proxy_is_gone_through(untold: Tiny, index: str, installer: str, name: str) -> None:
    proxy = index.removesuffix("/simple")
    host = "packages.invalid"
    address = f"http://{host}/simple"
    untold.sync(PIP_INDEX_URL=address, PIP_TRUSTED_HOST=host, **{name: proxy})
    assert untold.codes() == []


def test_the_cache_is_where_the_user_wants_it(
    untold: Tiny, index: str, tmp_path: Path, home: Path
) -> None:
    untold.sync(PIP_INDEX_URL=index, UV_CACHE_DIR=str(tmp_path / "my cache"))
    assert any((tmp_path / "my cache").rglob("alpha*"))
    assert not list(home.iterdir())


def _configure(project: Tiny, name: str, text: str) -> None:
    """Write a configuration file of the user's."""
    project.environ.pop("PIP_CONFIG_FILE", None)
    path = Path(project.environ["HOME"], ".config", name)
    path.parent.mkdir(parents=True)
    path.write_text(text)


def _is_secret(printed: str, root: Path) -> None:
    assert PASSWORD not in printed
    for path in root.rglob("*"):
        if path.is_file():
            assert PASSWORD.encode() not in path.read_bytes(), path
