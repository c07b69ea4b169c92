"""A real HTTP server that misbehaves on demand: what a client meets on a bad day."""

import json
import socket
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Asked:
    """A request as it arrived. `body` is shorter than announced where the line was cut."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """An answer. `promised` is the Content-Length, where that is not the body's."""

    status: int = 200
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    promised: int | None = None


class Cut:
    """No answer: the connection is reset."""


Answer = Reply | Cut
Handler = Callable[[Asked], Answer]


def problem(status: int, code: str, band: str, *, wait: int | None = None, **more: str) -> Reply:
    headers = {"Content-Type": "application/problem+json"}
    if wait is not None:
        headers["Retry-After"] = str(wait)
    told = {"status": status, "code": code, "band": band, "detail": f"It is {code}.", **more}
    return Reply(status, told, headers)


class Shaky:
    """Answers by path. Queued answers come first, one a request; then the standing one."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._once: defaultdict[tuple[str, str], deque[Answer]] = defaultdict(deque)
        self._always: dict[tuple[str, str], Handler] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def always(self, method: str, path: str, answer: Handler | Reply) -> None:
        self._always[method, path] = (lambda _: answer) if isinstance(answer, Reply) else answer

    def once(self, method: str, path: str, *answers: Answer) -> None:
        self._once[method, path].extend(answers)

    def seen(self, method: str, path: str) -> list[Asked]:
        return [each for each in self.asked if (each.method, each.path) == (method, path)]

    def _answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        where = asked.method, asked.path
        if self._once[where]:
            return self._once[where].popleft()
        if where in self._always:
            return self._always[where](asked)
        return problem(404, "not_found", "yours")

    def _handler(shaky) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - `self` is the handler's
        class Handling(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                parts = urlsplit(self.path)
                length = int(self.headers.get("Content-Length") or 0)
                asked = Asked(
                    self.command,
                    parts.path,
                    dict(parse_qsl(parts.query)),
                    dict(self.headers),
                    self.rfile.read(length),
                )
                answer = shaky._answer(asked)
                if isinstance(answer, Cut):
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                body = answer.body
                if not isinstance(body, bytes):
                    body = json.dumps(body).encode()
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                promised = len(body) if answer.promised is None else answer.promised
                self.send_header("Content-Length", str(promised))
                self.end_headers()
                self.wfile.write(body)
                if promised != len(body):
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:
                pass

        for verb in ("GET", "POST", "PUT", "DELETE"):
            setattr(Handling, f"do_{verb}", Handling._serve)
        return Handling
