"""A package index on loopback (PEP 503) over a folder of wheels and source archives."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit


@contextmanager
def serve(
    folder: Path,
    login: str = "",
    certificate: Path | None = None,
    timed: bool = False,
    hashed: bool = True,
    port: int = 0,
) -> Iterator[str]:
    """The address of an index that serves the files in `folder`, read anew at each request.

    `login`, as "name:password", is asked of everybody; `certificate`, with its key in the same
    file, makes it https. It is a proxy too: which host is asked for does not matter. A `timed` one
    tells upload times: see `uploaded`. One that is not `hashed` tells no hashes, as some proxies.
    The `port` is another one where that is taken.
    """
    expected = f"Basic {base64.b64encode(login.encode()).decode()}"

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if login and self.headers["Authorization"] != expected:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="packages"')
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            kind, _, name = unquote(urlsplit(self.path).path).strip("/").partition("/")
            file = folder / name
            if kind == "simple" and timed:
                self.answer(_timed_page(folder, name), "application/vnd.pypi.simple.v1+json")
            elif kind == "simple":
                page = _page(folder, name)
                self.answer(page if hashed else page and re.sub(b'#[^"]*', b"", page), "text/html")
            elif kind == "files" and file.is_file():
                self.answer(file.read_bytes(), "application/octet-stream")
            else:
                self.send_error(404)

        do_HEAD = do_GET  # noqa: N815

        def answer(self, body: bytes | None, kind: str) -> None:
            if body is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    except OSError:
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http{'s' * bool(certificate)}://127.0.0.1:{server.server_port}/simple"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def failing(how: str, wheelhouse: Path | None = None) -> Iterator[str]:
    """The address of an index that fails for everybody, in one way.

    With a `wheelhouse`, its pages are right, and it fails where one of those files is asked for.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, _, name = self.path.strip("/").partition("/")
            if how == "slow":
                time.sleep(3)
                self.close_connection = True
            elif wheelhouse and kind == "simple":
                self.answer(_page(wheelhouse, name) or b"", "text/html")
            elif wheelhouse and how == "late":
                time.sleep(1)
                self.answer((wheelhouse / name).read_bytes(), "application/octet-stream")
            elif wheelhouse and how == "kept":
                self.answer((wheelhouse / name).read_bytes(), "application/octet-stream")
            elif wheelhouse and how == "cut off":
                self.answer((wheelhouse / name).read_bytes(), "application/octet-stream", 100)
            elif how == "cut off":
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", "10000")
                self.end_headers()
                self.wfile.write(b"<a href=")
            else:
                self.send_error(int(how))

        do_HEAD = do_GET  # noqa: N815

        def answer(self, body: bytes, kind: str, missing: int = 0) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            if kind != "text/html":
                self.send_header("Cache-Control", "max-age=86400")
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body[: len(body) - missing])

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
    ).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/simple"
    finally:
        server.shutdown()
        server.server_close()


def uploaded(file: Path, days_ago: float | None) -> None:
    """Let a `timed` index say that `file` was uploaded so many days ago, or nothing for None."""
    when = (datetime.now(UTC) - timedelta(days=days_ago)).timestamp() if days_ago else 0
    os.utime(file, (when, when))


def _files(folder: Path, name: str) -> list[Path]:
    stem = f"{name.replace('-', '_')}-*"
    return sorted([*folder.glob(f"{stem}.whl"), *folder.glob(f"{stem}.tar.gz")])


def _page(folder: Path, name: str) -> bytes | None:
    links = (
        f'<a href="/files/{file.name}#sha256={hashlib.sha256(file.read_bytes()).hexdigest()}">'
        f"{file.name}</a>"
        for file in _files(folder, name)
    )
    return "\n".join(links).encode() or None


def _timed_page(folder: Path, name: str) -> bytes | None:
    """As JSON (PEP 691) with upload times (PEP 700)."""
    files: list[dict[str, object]] = []
    for file in _files(folder, name):
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        files.append({"filename": file.name, "url": f"/files/{file.name}"})
        files[-1] |= {"hashes": {"sha256": digest}, "size": file.stat().st_size}
        if when := file.stat().st_mtime:
            files[-1]["upload-time"] = f"{datetime.fromtimestamp(when, UTC):%Y-%m-%dT%H:%M:%SZ}"
    page = {"meta": {"api-version": "1.1"}, "name": name, "versions": [], "files": files}
    return json.dumps(page).encode() if files else None


def interrupted(
    argv: list[str], cwd: Path, environ: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """A command and all that it starts get a Ctrl-C while an index that never answers is asked."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(120)
        index = f"http://127.0.0.1:{silent.getsockname()[1]}/simple"
        running = subprocess.Popen(
            argv, cwd=cwd, env={**environ, "UV_DEFAULT_INDEX": index, "UV_HTTP_RETRIES": "0"},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True,
        )  # fmt: skip
        with silent.accept()[0]:
            os.killpg(running.pid, signal.SIGINT)
            output, errors = running.communicate(timeout=60)
    return subprocess.CompletedProcess(argv, running.returncode, output, errors)
