"""An API on loopback that answers as a test scripts it, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request, as the server saw it."""

    path: str
    parameters: Mapping[str, str]
    authorization: str | None


@dataclass(frozen=True)
class Reply:
    """One answer; `claimed_bytes` may be more than the body has: then the connection breaks early."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    claimed_bytes: int | None = None


Script = Callable[[Asked], Reply]


def as_json(document: object, status: int = 200, **headers: str) -> Reply:
    """A reply with `document`; headers are named with `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(json.dumps(document).encode(), status, named)


def page(records: Sequence[object], next_cursor: object = None) -> Reply:
    """A page as the demo's API gives it."""
    return as_json({"data": list(records), "next_cursor": next_cursor})


@dataclass
class ScriptedApi:
    """Where it listens, and every request so far, in order."""

    url: str
    asked: list[Asked] = field(default_factory=list)

    def asked_for(self, path: str) -> list[Mapping[str, str]]:
        """The parameters of each request for `path`."""
        return [one.parameters for one in self.asked if one.path == path]


@contextmanager
def scripted_api(answer: Script) -> Iterator[ScriptedApi]:
    """Serve while the block runs; each request is remembered before it is answered."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            asked = Asked(
                address.path, dict(parse_qsl(address.query)), self.headers.get("Authorization")
            )
            api.asked.append(asked)
            reply = answer(asked)
            self.send_response(reply.status)
            size = len(reply.body) if reply.claimed_bytes is None else reply.claimed_bytes
            self.send_header("Content-Length", str(size))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)
            self.close_connection = reply.claimed_bytes is not None

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            self.do_GET()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda request, client_address: None  # type: ignore[method-assign]
    api = ScriptedApi(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
