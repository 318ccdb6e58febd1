"""The preview's server: HTTP on loopback only, and Server-Sent Events that tell a page to load again."""

from __future__ import annotations

import errno
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from configuration.errors import PlainError
from reports.preview.preview_site import PreviewSite, Reply, own_file, with_reload
from reports.preview.watch import Watcher, effect_of

HOST = "127.0.0.1"
BETWEEN_LOOKS = 0.1  # seconds; a save is told after two looks at most
BETWEEN_SIGNS_OF_LIFE = 15.0  # seconds; a browser that is gone is noticed then
_FOR_EVER = "public, max-age=31536000, immutable"


class Changes:
    """Counts the changes, and lets pages wait for one that touches them."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._number = 0
        self._of_all = 0
        self._of_page: dict[str, int] = {}
        self._is_over = False

    @property
    def number(self) -> int:
        """How many changes there were."""
        return self._number

    def tell(self, pages: frozenset[str] | None) -> None:
        """These pages have changed; None: all."""
        with self._changed:
            self._number += 1
            if pages is None:
                self._of_all = self._number
            self._of_page.update(dict.fromkeys(pages or (), self._number))
            self._changed.notify_all()

    def end(self) -> None:
        """Nobody waits any longer."""
        with self._changed:
            self._is_over = True
            self._changed.notify_all()

    @property
    def is_over(self) -> bool:
        """Whether the server ends."""
        return self._is_over

    def wait(self, page: str, since: int, seconds: float) -> bool:
        """Whether `page` has changed after change number `since`; waits that long for it."""

        def has_changed() -> bool:
            return max(self._of_all, self._of_page.get(page, 0)) > since

        with self._changed:
            self._changed.wait_for(lambda: self._is_over or has_changed(), seconds)
            return has_changed()


class PreviewServer(ThreadingHTTPServer):
    """Serves one PreviewSite; raises PlainError where the port is taken."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, site: PreviewSite, port: int) -> None:
        self.site = site
        self.changes = Changes()
        self.run = secrets.token_hex(4)  # a page of a server that is gone is loaded again
        try:
            super().__init__((HOST, port), _Handler)
        except (OSError, OverflowError) as error:
            taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
            what = "is in use by another program" if taken else f"cannot be used ({error})"
            raise PlainError(
                f"port {port} {what}",
                remedy="Name another, such as `--port 8401`, or `--port 0` for any that is free.",
            ) from None
        self.hosts = {f"{name}:{self.server_port}" for name in (HOST, "localhost")}

    @property
    def address(self) -> str:
        """Where the site is."""
        return f"http://{HOST}:{self.server_port}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that went away is no error; the next request tells what else may be wrong."""


@contextmanager
def watching(server: PreviewServer) -> Iterator[None]:
    """Look for saved files while the block runs."""
    over = threading.Event()
    watched = server.site.watched
    watcher = Watcher(watched.snapshot())

    def look() -> None:
        while not over.wait(BETWEEN_LOOKS):
            changed = watcher.look(watched.snapshot())
            if changed:
                server.changes.tell(server.site.apply(effect_of(changed, watched)))

    thread = threading.Thread(target=look, name="preview-watcher", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        server.changes.end()


class _Handler(BaseHTTPRequestHandler):
    server: PreviewServer
    protocol_version = "HTTP/1.1"
    server_version = "till"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer with a file of the site, or with the stream of its changes."""
        refused = self._refusal()
        if refused:
            self._send(HTTPStatus.FORBIDDEN, Reply(refused.encode(), "text/plain; charset=utf-8"))
            return
        address = urlsplit(self.path)
        path = unquote(address.path).removeprefix("/") or "index.html"
        if path == "~preview/events":
            self._stream({name: values[0] for name, values in parse_qs(address.query).items()})
            return
        since = (
            self.server.changes.number
        )  # before the page is made: a save meanwhile is not missed
        if path.startswith("~preview/"):
            reply = own_file(path.removeprefix("~preview/"))
        else:
            reply = self.server.site.reply(path)
        if reply is None:
            missing = Reply(b"There is no such page.\n", "text/plain; charset=utf-8")
            self._send(HTTPStatus.NOT_FOUND, missing)
            return
        if reply.page is not None:
            html = with_reload(reply.content, reply.page, since, self.server.run)
            reply = Reply(html, reply.content_type)
        self._send(HTTPStatus.OK, reply)

    def _refusal(self) -> str:
        """Why this request is not answered: another site's page may send some to this machine."""
        if self.headers.get("Host", "").lower() not in self.server.hosts:
            return f"The preview answers at {self.server.address} only.\n"
        sent_from = self.headers.get("Sec-Fetch-Site", "none")
        is_visit = self.headers.get("Sec-Fetch-Mode") == "navigate"
        if sent_from not in ("none", "same-origin") and not is_visit:
            return "The preview answers its own pages only.\n"
        return ""

    def _send(self, status: HTTPStatus, reply: Reply) -> None:
        self.send_response(status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.content)))
        self.send_header("Cache-Control", _FOR_EVER if reply.is_kept else "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("Content-Security-Policy", "frame-ancestors 'none'")
        self.end_headers()
        self.wfile.write(reply.content)

    def _stream(self, asked: dict[str, str]) -> None:
        self.close_connection = True
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.end_headers()
        self.wfile.write(b"retry: 500\n\n")
        since = asked.get("since", "")
        is_old = asked.get("run") != self.server.run or not since.isascii() or not since.isdigit()
        changes = self.server.changes
        try:
            while not changes.is_over:
                self.wfile.flush()
                if is_old or changes.wait(asked.get("page", ""), int(since), BETWEEN_SIGNS_OF_LIFE):
                    self.wfile.write(b"event: reload\ndata: now\n\n")
                    return
                self.wfile.write(b": still here\n\n")
        except OSError:  # the page was closed
            return

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base's
        """Requests are not told: an author reads the page, not a log."""
