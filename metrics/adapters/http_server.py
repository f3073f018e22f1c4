"""A small HTTP server for three pages: /metrics, /healthz and /status.

Owns requests and answers. Must not know what a page says: it is handed a function for each.
Rules: design.md section 5. Only GET and HEAD; bounded in time and in requests at once.
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import structlog

AT_ONCE = 32
REQUEST_WITHIN_S = 5.0
log = structlog.get_logger("http")


@dataclass(frozen=True)
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
    allow_reuse_address = True

    def __init__(self, host: str, port: int, pages: Mapping[str, Callable[[], Page]]) -> None:
        self.pages = dict(pages)
        self.places = threading.BoundedSemaphore(AT_ONCE)
        super().__init__((host, port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - socketserver's signature
        """A client that goes away in the middle is no news."""
        log.info("request broken off")


class _Handler(BaseHTTPRequestHandler):
    server: PageServer
    timeout = REQUEST_WITHIN_S
    server_version = "Jietong"
    sys_version = ""

    def do_GET(self) -> None:
        page = self._page()
        self._answer(page, with_body=True)

    def do_HEAD(self) -> None:
        self._answer(self._page(), with_body=False)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._refuse_method
        raise AttributeError(name)

    def _refuse_method(self) -> None:
        self._answer(json_page(405, {"error": "only GET and HEAD"}), with_body=True)

    def _page(self) -> Page:
        make = self.server.pages.get(urlsplit(self.path).path)
        if make is None:
            return json_page(404, {"error": "no such page", "pages": sorted(self.server.pages)})
        if not self.server.places.acquire(blocking=False):
            return json_page(503, {"error": "too many requests at once"})
        try:
            return make()
        except Exception as error:
            log.error("page failed", page=urlsplit(self.path).path, exc_info=error)
            return json_page(500, {"error": "this page failed, see the log"})
        finally:
            self.server.places.release()

    def _answer(self, page: Page, *, with_body: bool) -> None:
        self.send_response(page.status)
        self.send_header("Content-Type", page.content_type)
        self.send_header("Content-Length", str(len(page.body)))
        if page.status == 405:
            self.send_header("Allow", "GET, HEAD")
        self.send_header("Connection", "close")
        self.end_headers()
        if with_body:
            self.wfile.write(page.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's signature
        """Access lines are not logged: a scrape every few seconds would drown the rest."""
