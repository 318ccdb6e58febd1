"""Files on loopback over HTTP, as a test wants them served; it remembers what it was asked and what it sent."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Served:
    """One file: `failures` are statuses given before it; of the `cut` first answers only half comes."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    failures: list[int] = field(default_factory=list)
    cut: int = 0
    has_length: bool = True
    token: str | None = None


@dataclass
class FileServer:
    """Where it listens, its files by path and query, and each request: path, condition, status."""

    url: str
    files: dict[str, Served] = field(default_factory=dict)
    asked: list[tuple[str, str | None, int]] = field(default_factory=list)
    bodies: int = 0


@contextmanager
def file_server() -> Iterator[FileServer]:
    """Serve while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            served = server.files.get(self.path)
            condition = self.headers.get("If-None-Match") or self.headers.get("If-Modified-Since")
            if served is None:
                self.reply(404, condition, b"none here")
            elif served.token and self.headers["Authorization"] != f"Bearer {served.token}":
                self.reply(401, condition, b"who are you")
            elif served.failures:
                self.reply(served.failures.pop(0), condition, b"not now")
            elif condition and condition in served.headers.values():
                self.reply(304, condition, b"", served.headers)
            else:
                self.send_file(served, condition)

        def send_file(self, served: Served, condition: str | None) -> None:
            server.bodies += 1
            is_cut = served.cut > 0
            served.cut -= is_cut
            body = served.body[: len(served.body) // 2] if is_cut else served.body
            length = len(served.body) if served.has_length else None
            self.reply(200, condition, body, served.headers, length)
            self.close_connection = is_cut or not served.has_length

        def reply(
            self,
            status: int,
            condition: str | None,
            body: bytes,
            headers: Mapping[str, str] | None = None,
            length: int | None = -1,
        ) -> None:
            server.asked.append((self.path, condition, status))
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            if length is not None:
                self.send_header("Content-Length", str(len(body) if length < 0 else length))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.daemon_threads = True
    listener.handle_error = lambda request, client_address: None  # type: ignore[method-assign]
    server = FileServer(f"http://127.0.0.1:{listener.server_address[1]}")
    thread = threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()
