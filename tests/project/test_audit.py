"""`poe audit`: the whole lock against advisories, which a stand-in for OSV on loopback has here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import yaml
from support.engine import MINOR, Tiny, clean_environ, shared_cache, tiny
from support.template import ROOT, render

HASH = f"--hash=sha256:{'0' * 64}"
LOCK = f"""\
beta==1.0 ; sys_platform == 'nowhere' \\
    {HASH}
delta @ https://example.org/delta-1.0-py3-none-any.whl \\
    {HASH}
gamma==1.0 ; python_version < '3' \\
    {HASH}
gamma==2.0+cpu ; python_version >= '3' \\
    {HASH}
"""
ADVISORY = {
    "id": "PYSEC-0000-1",
    "aliases": ["GHSA-0000-0000-0000"],
    "summary": "It lets anybody in.",
    "affected": [
        {
            "package": {"name": "gamma", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.1"}]}],
        }
    ],
}
FOUND = "gamma 2.0: GHSA-0000-0000-0000 PYSEC-0000-1. Mended in 2.1.\n    It lets anybody in.\n"
Osv = tuple[str, list[tuple[str, str]]]


@pytest.fixture(scope="module")
def osv() -> Iterator[Osv]:
    """The address of a service that knows one advisory, and what it was asked for."""
    asked: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append((query["package"]["name"], query["version"]))
            answer = {"vulns": [ADVISORY]} if asked[-1] == ("gamma", "2.0") else {}
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1/query", asked
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def project(tmp_path: Path, home: Path) -> Tiny:
    made = tiny(tmp_path / "project", clean_environ(home, UV_CACHE_DIR=shared_cache()))
    shutil.copy(ROOT / "template" / "tools" / "audit.py", made.root / "tools")
    (made.root / "requirements.txt").write_text(LOCK)
    return made


def audit(project: Tiny, address: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "tools/audit.py", "--osv-url", address]
    return subprocess.run(
        argv, cwd=project.root, env=project.environ, capture_output=True, text=True, check=False
    )


def accept(project: Tiny, line: str) -> None:
    file = project.root / "tools" / "accepted-vulnerabilities.txt"
    file.write_text(f"# What we know of.\n{line}\n")


def test_the_whole_lock_is_asked_for_whatever_the_system(project: Tiny, osv: Osv) -> None:
    address, asked = osv
    asked.clear()
    done = audit(project, address)
    assert done.returncode == 1, done.stderr
    unknown = "delta is not asked for: it comes from an address, and OSV knows none.\n"
    assert done.stdout.startswith(unknown + FOUND)
    assert sorted(asked) == [("beta", "1.0"), ("gamma", "1.0"), ("gamma", "2.0")]


@pytest.mark.thorough
def test_an_accepted_one_passes_until_its_day(project: Tiny, osv: Osv) -> None:
    accept(project, f"GHSA-0000-0000-0000 {date.today()} nobody can reach it")
    done = audit(project, osv[0])
    assert done.returncode == 0, done.stdout + done.stderr
    yesterday = date.today() - timedelta(days=1)
    accept(project, f"GHSA-0000-0000-0000 {yesterday} nobody can reach it")
    done = audit(project, osv[0])
    assert done.returncode == 1
    ended = f"The acceptance of GHSA-0000-0000-0000 has ended on {yesterday}; "
    assert f"{ended}its reason was: nobody can reach it\n{FOUND}" in done.stdout


@pytest.mark.parametrize("line", ["PYSEC-0000-1", "PYSEC-0000-1 soon why", "PYSEC-0 2027-01-31"])
def test_an_acceptance_has_a_day_and_a_reason(project: Tiny, line: str) -> None:
    accept(project, line)
    done = audit(project, "http://127.0.0.1:9")
    assert done.returncode == 3
    assert f"{line!r} is not an identifier, a day as 2027-01-31 and a reason." in done.stderr


def test_not_reached_is_not_fine(project: Tiny) -> None:
    done = audit(project, "http://127.0.0.1:9")
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr.startswith("error: The lock could not be audited: ")
    assert "Connection refused" in done.stderr
    project.environ["UV"] = "/nowhere/uv"
    done = audit(project, "http://127.0.0.1:9")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr


def test_each_change_of_a_lock_is_audited_and_each_week(template: Path, tmp_path: Path) -> None:
    project = render(template, tmp_path / "p", extras=["github", "gitlab"], python_version=MINOR)
    github = yaml.safe_load((project / ".github" / "workflows" / "audit.yml").read_text())
    gitlab = yaml.safe_load((project / ".gitlab-ci.yml").read_text())["audit"]
    on = github[True]  # YAML takes `on` for that
    assert set(on) == {"push", "pull_request", "schedule", "workflow_dispatch"}
    assert on["push"]["paths"] == on["pull_request"]["paths"] == gitlab["rules"][1]["changes"]
    for pattern in on["push"]["paths"]:
        assert list(project.glob(pattern)) or pattern == "tools/accepted-vulnerabilities.txt"
    assert github["permissions"] == {"contents": "read"}
    for command in (github["jobs"]["audit"]["steps"][-1]["run"], gitlab["script"][-1]):
        assert command.endswith("uv run --quiet --script tools/audit.py")


@pytest.mark.thorough
def test_this_repository_is_audited_in_the_same_way(osv: Osv, home: Path) -> None:
    address, asked = osv
    asked.clear()
    environ = {**os.environ, **clean_environ(home, UV_CACHE_DIR=shared_cache())}
    argv = [sys.executable, "tools/audit.py", "--osv-url", address]
    done = subprocess.run(argv, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    catalogue = json.loads((ROOT / "catalogue" / "lock.json").read_text(encoding="utf-8"))
    assert {tuple(pin.partition("+")[0].split("==")) for pin in catalogue["packages"]} <= {*asked}
    assert "copier" in dict(asked)
