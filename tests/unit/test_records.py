"""RECORD as the standard has it, and as it comes to look: what is read, and what proves a file."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from env import distributions, files
from env.difference import FILE_EDITED, FILE_MISSING
from env.distributions import Distribution, Recorded

ALPHA = Distribution("alpha", "1.0", "alpha-1.0.dist-info")
OWN = "alpha-1.0.dist-info/RECORD"


def record(site: Path, text: str) -> distributions.Record:
    folder = site / ALPHA.directory
    folder.mkdir(exist_ok=True)
    (folder / "RECORD").write_bytes(text.encode("utf-8", "surrogateescape"))
    found = distributions.record(site, ALPHA)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "path",
    ["a.py", 'with "quotes".py', "a,comma.py", "line\u2028break.py", "form\x0cfeed.py", "é\x85.py"],
)
def test_a_name_is_read_as_it_was_written(tmp_path: Path, path: str) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([(path, "sha256=x", "1"), (OWN, "", "")])
    for ending in ("\n", "\r\n"):
        found = record(tmp_path, text.getvalue().replace("\n", ending))
        assert found.whole
        assert [line.path for line in found.lines] == [path, OWN]
        assert found.lines[0][1:] == ("sha256=x", "1")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.py,sha256=x,1\n",
        f"a.py,sha256=x\n{OWN},,\n",
        f"{OWN},,\na.py,sha",
        f"/etc/passwd,sha256=x,1\n{OWN},,\n",
        f"../../../../outside.py,,\n{OWN},,\n",
        f"alpha/../../../../../outside.py,,\n{OWN},,\n",
        f'"a.py,sha256=x,1\n{OWN},,\n',
        f'"a,b.py",sha256=x\n{OWN},,\n',
        f"a\0.py,sha256=x,1\n{OWN},,\n",
    ],
)
def test_what_no_installer_should_go_by_is_not_whole(tmp_path: Path, text: str) -> None:
    assert not record(tmp_path, text).whole


@pytest.mark.parametrize("path", ["../../../bin/alpha", "../../../share/man/alpha.1", "..data/x"])
def test_what_stays_in_the_environment_is_whole(tmp_path: Path, path: str) -> None:
    assert record(tmp_path, f"{path},,\n{OWN},,\n").whole


@settings(max_examples=60)
@given(raw=st.binary(max_size=200))
def test_no_bytes_make_it_fail(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    site = tmp_path_factory.mktemp("site")
    (site / ALPHA.directory).mkdir()
    (site / ALPHA.directory / "RECORD").write_bytes(raw)
    found = distributions.record(site, ALPHA)
    assert found is not None
    list(files.damaged(site, {"alpha": found.lines if found.whole else []}, {}, since=None))


def digest(algorithm: str, body: bytes) -> str:
    value = base64.urlsafe_b64encode(hashlib.new(algorithm, body).digest())
    return f"{algorithm}={value.rstrip(b'=').decode()}"


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512", "sha3_256", "blake2b"])
@pytest.mark.parametrize("since", [None, 0])
def test_every_hash_that_a_record_may_have_proves(
    tmp_path: Path, algorithm: str, since: int | None
) -> None:
    (tmp_path / "a.py").write_bytes(b"x = 1\n")
    line = Recorded("a.py", digest(algorithm, b"x = 1\n"), "6")
    assert not list(files.damaged(tmp_path, {"alpha": [line]}, {}, since=since))
    (tmp_path / "a.py").write_bytes(b"x = 2\n")
    found = [each.code for each in files.damaged(tmp_path, {"alpha": [line]}, {}, since=since)]
    assert found == [FILE_EDITED]


@pytest.mark.parametrize("told", ["md5=abc", "sha1=abc", "shake_128=abc", "nonsense", ""])
def test_a_hash_that_proves_nothing_still_says_that_a_file_is_there(
    tmp_path: Path, told: str
) -> None:
    (tmp_path / "a.py").write_bytes(b"x = 1\n")
    line = Recorded("a.py", told, "6")
    for since in (None, 0):
        assert not list(files.damaged(tmp_path, {"alpha": [line]}, {}, since=since))
    (tmp_path / "a.py").unlink()
    for since in (None, 0):
        found = [each.code for each in files.damaged(tmp_path, {"alpha": [line]}, {}, since=since)]
        assert found == [FILE_MISSING]


def test_a_file_that_may_not_be_read_is_not_taken_as_gone(tmp_path: Path) -> None:
    (tmp_path / "a.py").mkdir()
    line = Recorded("a.py", digest("sha256", b""), "")
    found = [each.code for each in files.damaged(tmp_path, {"alpha": [line]}, {}, since=None)]
    assert found == [FILE_EDITED]


def test_a_size_that_is_no_number_is_no_reason_to_fail(tmp_path: Path) -> None:
    (tmp_path / "a.py").touch()
    lines = [Recorded("a.py", digest("sha256", b""), size) for size in ("²", "x", "")]
    found = [each.code for each in files.damaged(tmp_path, {"alpha": lines}, {}, since=0)]
    assert found == [FILE_EDITED, FILE_EDITED]
