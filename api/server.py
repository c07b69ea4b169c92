"""The server: gunicorn's threaded worker, which can let go of a connection.

gthread keeps a thread busy for as long as a view streams, so eight watchers would stop eight
threads. Here a view may raise HandedOver instead of a body (api/watches.py): the request's thread
ends at once, the connection leaves the worker's books, and its socket goes to the hub.
"""

import logging
import selectors
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final

from flask import Flask
from gunicorn import glogging
from gunicorn.app.base import BaseApplication
from gunicorn.http.body import ChunkedReader, LengthReader
from gunicorn.http.errors import ParseException
from gunicorn.workers.gthread import ThreadWorker
from typing_extensions import override

from api.answers import wire
from api.app import create_app
from api.context import KEY, Context
from api.problems import problem, unexpected
from api.watches import HandedOver
from shared.bootstrap import services
from shared.domain.errors import BadRequest
from shared.settings import Settings

SILENCE: Final = 60.0  # seconds that a request's thread waits for its client to send or to take
GRACE: Final = 4  # seconds for requests in flight at a shutdown
KEEPALIVE: Final = 30  # seconds
PARTING: Final = 0.5  # seconds that an idle connection is kept at a shutdown
CLOSERS: Final = 4  # threads that wait for clients to close their end
DRAIN: Final = 5.0  # seconds, and
DRAINED: Final = 64 << 20  # bytes of a body that nobody wants, read so that the answer is heard
CONNECTIONS: Final = 1000  # watchers not counted


class Logger(glogging.Logger):  # type: ignore[misc]  # gunicorn has no types
    """Send gunicorn's records where all others go (shared/telemetry.py)."""

    @override
    def setup(self, cfg: Any) -> None:
        self.cfg = cfg
        self._access_log_enabled = False  # api/requests.py writes it
        self.error_log.propagate = True
        self.error_log.setLevel(logging.WARNING)


class WatchfulWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """See the module."""

    wsgi: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._handed_over: dict[Any, HandedOver] = {}
        self._closers = ThreadPoolExecutor(CLOSERS, thread_name_prefix="closer")
        self._now = threading.local()

    @override
    def enqueue_req(self, conn: Any) -> None:
        """Take a thread only once the client has said something.

        gthread lets one wait for five seconds first: a few idle connections would take them all.
        """
        if conn.initialized or conn.data_ready:
            super().enqueue_req(conn)
            return
        conn.sock.settimeout(0)
        conn.timeout = time.monotonic() + KEEPALIVE
        self.pending_conns.append(conn)
        readable = partial(self.on_pending_socket_readable, conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, readable)

    @override
    def handle_request(self, req: Any, conn: Any) -> Any:
        conn.sock.settimeout(SILENCE)
        self._now.request = req
        try:
            keep: bool = super().handle_request(req, conn)
        except HandedOver as handed_over:
            self._handed_over[conn] = handed_over
            return False
        if not keep and _unread(req.body):
            # A client that is still sending hears nothing when its connection is reset.
            conn.parser.finish_body(deadline=time.monotonic() + DRAIN, max_bytes=DRAINED)
        return keep

    @override
    def load_wsgi(self) -> None:
        super().load_wsgi()
        application = self.wsgi

        def announcing(environ: Any, start_response: Any) -> Any:
            """Say that the connection ends with an answer that came before the body's end."""

            def start(status: str, headers: Any, exc_info: Any = None) -> Any:
                if _unread(environ["wsgi.input"]):
                    self._now.request.force_close()
                return start_response(status, headers, exc_info)

            return application(environ, start)

        self.wsgi = announcing

    @override
    def finish_request(self, conn: Any, fs: Any) -> None:
        """On the main thread, behind each request: here alone `nr_conns` may be changed."""
        handed_over = self._handed_over.pop(conn, None)
        if handed_over is not None:
            self.nr_conns -= 1
            handed_over.adopt(conn.sock)
        elif fs.cancelled() or fs.exception() or fs.result():
            super().finish_request(conn, fs)
        else:
            self.nr_conns -= 1
            self._closers.submit(conn.close, graceful=True)  # it waits for the client, up to 2 s

    @override
    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Answer what never became a request of the application with a problem, too."""
        if isinstance(exc, ParseException):
            error = BadRequest(f"This is no HTTP request that can be read: {exc}.")
            response = problem(error, None, None)
        else:
            self.log.error("request_failed", exc_info=exc)
            response = problem(unexpected(), None, None)
        try:
            client.sendall(wire(response))
        except OSError as gone:
            self.log.debug("nobody there to be told: %s", gone)

    @override
    def handle_exit(self, sig: Any, frame: Any) -> None:
        if self.alive:
            self.method_queue.defer(self.app.context.hub.dismiss)
        super().handle_exit(sig, frame)

    @override
    def _cap_keepalive(self, deadline: float) -> None:
        soon = min(deadline, time.monotonic() + PARTING)
        super()._cap_keepalive(soon)
        for conn in self.pending_conns:
            conn.timeout = min(conn.timeout, soon)

    @override
    def run(self) -> None:
        try:
            super().run()
        finally:
            self.app.context.hub.close()
            self.app.context.services.feed.close()


def _unread(body: Any) -> bool:
    """Whether there is more of a request's body (of gunicorn) than was read."""
    match body.reader:
        case LengthReader(length=left):
            return bool(left)
        case ChunkedReader(parser=parser):
            return parser is not None
        case _:
            return False


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """The application under its server; `run()` returns when it was told to stop."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        super().__init__()

    @override
    def load_config(self) -> None:
        host = (
            f"[{self.settings.api_host}]"
            if ":" in self.settings.api_host
            else self.settings.api_host
        )
        for name, value in {
            "bind": f"{host}:{self.settings.api_port}",
            "workers": 1,
            "worker_class": WatchfulWorker,
            "threads": self.settings.api_threads,
            "worker_connections": CONNECTIONS,
            "keepalive": KEEPALIVE,
            "graceful_timeout": GRACE,
            "limit_request_line": 8190,
            "logger_class": Logger,
            "control_socket_disable": True,
            "proc_name": "modelferry-api",
        }.items():
            self.cfg.set(name, value)

    @override
    def load(self) -> Flask:
        """In the worker process, where threads may be started."""
        return create_app(services(self.settings), self.settings)

    @property
    def context(self) -> Context:
        context: Context = self.wsgi().extensions[KEY]
        return context
