"""Watches: what a request waits for, once its thread has let go of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from flask import Response
from typing_extensions import override

from api.answers import head
from shared.domain.errors import FerryError
from shared.domain.views import EventView, JobView

HEARTBEAT: Final = b": still here\n\n"


@dataclass(frozen=True, slots=True)
class Story:
    """A stream of server-sent events, from the one behind `after` to the job's end."""

    tenant: str
    job: str
    after: int
    head: bytes = b""


@dataclass(frozen=True, slots=True)
class Question:
    """A long poll.

    `look` is given the job and whether time is up, and returns the answer or None: not yet.
    `fail` renders an error. `headers` are those of the request's own: its id.
    """

    tenant: str
    job: str
    seconds: float
    look: Callable[[JobView, bool], Response | None]
    fail: Callable[[FerryError], Response]
    headers: tuple[tuple[str, str], ...] = ()


Watch = Story | Question


class HandedOver(Exception):
    """Raised towards the server in place of a body: the connection is a hub's from now on."""

    def __init__(self, adopt: Callable[[Any], None]) -> None:
        super().__init__("the connection was handed over")
        self.adopt = adopt


class Handover(Response):
    """What a view returns instead of an answer.

    It goes through the application's `after_request` as any answer does; then the server
    (api/server.py) takes the socket out of its books and gives it to `adopt`.
    """

    def __init__(self, watch: Watch, adopt: Callable[[Any, Watch], None]) -> None:
        super().__init__(status=200)
        self._watch = watch
        self._adopt = adopt
        del self.headers["Content-Length"]
        if isinstance(watch, Story):
            self.headers["Content-Type"] = "text/event-stream; charset=utf-8"
            self.headers["Cache-Control"] = "no-store"
            self.headers["X-Accel-Buffering"] = "no"  # or nginx would keep events to itself
            self.headers["Connection"] = "close"

    @override
    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        watch = self._watch
        if isinstance(watch, Story):
            ready: Watch = Story(watch.tenant, watch.job, watch.after, head(self))
        else:
            kept = tuple((name, value) for name, value in self.headers if name != "Content-Type")
            ready = Question(watch.tenant, watch.job, watch.seconds, watch.look, watch.fail, kept)
        start_response(self.status, self.headers.to_wsgi_list())
        raise HandedOver(lambda sock: self._adopt(sock, ready))


def frame(event: EventView) -> bytes:
    """One server-sent event."""
    return f"id: {event.seq}\nevent: {event.kind}\ndata: {event.model_dump_json()}\n\n".encode()


def last_frame(job: JobView) -> bytes:
    """Behind it nothing comes: the job has ended and all was told."""
    return f'event: end\ndata: {{"state": "{job.state.value}"}}\n\n'.encode()
