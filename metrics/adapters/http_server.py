"""A small HTTP server for a few pages: /metrics, /healthz and /status.

Owns requests, answers and their limits. Must not know what a page says: it is handed a function for each.
Rules: design.md section 5. Only GET and HEAD; bounded in time and in connections at once.
"""

import json
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import structlog

AT_ONCE = 32  # connections; more wait in the backlog
PLACE_WITHIN_S = 1.0
SILENCE_S = 5.0  # of a client, before it is dropped
METHODS = ("GET", "HEAD")
log = structlog.get_logger("http")


@dataclass(frozen=True, slots=True)
class Page:
    """An answer."""

    status: int
    content_type: str
    body: bytes


def json_page(status: int, content: object) -> Page:
    """A page of JSON."""
    return Page(status, "application/json; charset=utf-8", json.dumps(content, ensure_ascii=False).encode() + b"\n")


class PageServer(ThreadingHTTPServer):
    """Serves `pages` (path -> function that makes the page now) on host and port. Raises OSError when the port is taken."""

    daemon_threads = True
    block_on_close = False  # a silent client must not hold the end up
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, host: str, port: int, pages: Mapping[str, Callable[[], Page]]) -> None:
        self.pages = dict(pages)
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._places = threading.BoundedSemaphore(AT_ONCE)
        super().__init__((host, port), _Handler)

    def server_bind(self) -> None:
        """Binds without asking a name server for this machine's name."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """A thread for the connection, or its end when all are busy."""
        if not self._places.acquire(timeout=PLACE_WITHIN_S):
            log.warning("too many connections at once, one is refused", limit=AT_ONCE)
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Runs in the connection's thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - socketserver's signature
        """A client that goes away in the middle is no news."""
        log.info("request broken off")


class _Handler(BaseHTTPRequestHandler):
    server: PageServer
    timeout = SILENCE_S
    server_version = "Jietong"
    sys_version = ""

    def parse_request(self) -> bool:
        """Refuses any other method here, so that none needs a function of its own."""
        if not super().parse_request():
            return False
        if self.command in METHODS:
            return True
        self._answer(json_page(405, {"error": "only GET and HEAD"}))
        return False

    def do_GET(self) -> None:
        self._answer(self._page())

    def do_HEAD(self) -> None:
        self._answer(self._page())

    def _page(self) -> Page:
        path = urlsplit(self.path).path if self.path.startswith("/") else self.path
        make = self.server.pages.get(path)
        if make is None:
            return json_page(404, {"error": "no such page", "pages": sorted(self.server.pages)})
        try:
            return make()
        except Exception as error:
            log.error("page failed", page=path, exc_info=error)
            return json_page(500, {"error": "this page failed, see the log"})

    def _answer(self, page: Page) -> None:
        self.send_response(page.status)
        self.send_header("Content-Type", page.content_type)
        self.send_header("Content-Length", str(len(page.body)))
        self.send_header("Cache-Control", "no-store")
        if page.status == 405:
            self.send_header("Allow", ", ".join(METHODS))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(page.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's signature
        """Access lines are not logged: a scrape every few seconds would drown the rest."""
