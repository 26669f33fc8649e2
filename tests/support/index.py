"""A package index on loopback (PEP 503) over a folder of wheels."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """The address of an index that serves the wheels in `folder`, read anew at each request."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, _, name = self.path.strip("/").partition("/")
            file = folder / name
            if kind == "simple":
                self.answer(_page(folder, name), "text/html")
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

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/simple"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _page(folder: Path, name: str) -> bytes | None:
    found = sorted(folder.glob(f"{name.replace('-', '_')}-*.whl"))
    if not found:
        return None
    links = (
        f'<a href="/files/{file.name}#sha256={hashlib.sha256(file.read_bytes()).hexdigest()}">'
        f"{file.name}</a>"
        for file in found
    )
    return "\n".join(links).encode()
