"""A web server with recordings that behaves as its paths say."""

from __future__ import annotations

import http.server
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tui_label.sound import fetching, remote


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Who hangs up on it, as whoever does not trust it, is no fault of the server's to be printed."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(*_)  # type: ignore[arg-type]


class Elsewhere:
    """`files` are what it has, by path; `how` what it does there: cut, slow, silent, a status, or another path it moved to."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.how: dict[str, Any] = {}
        self.asked: list[tuple[str, str]] = []
        self.over = threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self) -> None:
                outer.answer(self, body=False)

            def do_GET(self) -> None:
                outer.answer(self, body=True)

            def log_message(self, *_: object) -> None: ...

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def answer(self, to: http.server.BaseHTTPRequestHandler, *, body: bool) -> None:
        path = to.path.split("?")[0]
        self.asked.append((to.command, path))
        data, how = self.files.get(path), self.how.get(path)
        if isinstance(how, list):
            how = how.pop(0) if how and body else None
        if how == "silent":
            self.over.wait(10)
            return None
        if isinstance(how, int) or (data is None and not isinstance(how, str)):
            return self._head(to, how or 404, {"Content-Length": "0"})
        if isinstance(how, str) and how.startswith("/"):
            return self._head(to, 302, {"Location": how, "Content-Length": "0"})
        assert data is not None
        if how == "private" and to.headers.get("Authorization") is None:
            return self._head(to, 401, {"Content-Length": "0"})
        self._head(to, 200, {"Content-Length": str(len(data)), "ETag": f'"{hash(data):x}"'})
        if body:
            self._send(to, data, how)
        return None

    def _head(self, to: http.server.BaseHTTPRequestHandler, status: int, headers: dict[str, str]) -> None:
        to.send_response(status)
        for name, value in headers.items():
            to.send_header(name, value)
        to.end_headers()

    def _send(self, to: http.server.BaseHTTPRequestHandler, data: bytes, how: str | None) -> None:
        if how == "cut":
            to.wfile.write(data[: len(data) // 2])
            to.close_connection = True
            return
        step = len(data) // 20 if how == "slow" else len(data)
        for at in range(0, len(data), step or 1):
            to.wfile.write(data[at : at + step])
            to.wfile.flush()
            if how == "slow" and self.over.wait(0.05):
                return

    def speak_tls(self, context: ssl.SSLContext) -> None:
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def close(self) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def elsewhere() -> Iterator[Elsewhere]:
    made = Elsewhere()
    try:
        yield made
    finally:
        made.close()
        time.sleep(0)


@contextmanager
def impatient(monkeypatch: pytest.MonkeyPatch, cache: Path) -> Iterator[None]:
    """Whoever fetches gives up soon, and keeps what came in a folder of this test."""
    monkeypatch.setattr(fetching, "PAUSES_S", (0.01, 0.02))
    monkeypatch.setattr(fetching, "SILENCE_S", 0.6)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    remote.cache.cache_clear()
    yield
    remote.cache.cache_clear()
