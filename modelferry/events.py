"""Events: a job's history as it grows, over server-sent events that survive a broken line."""

import json
import time
from collections.abc import Iterable, Iterator
from typing import Final

from modelferry.errors import BadAnswer, Passing
from modelferry.transport import Transport
from modelferry.types import EventView, JobView
from modelferry.wire import read

END: Final = "end"
"""The message behind the last event of a job that has ended."""

PAUSE: Final = 0.5  # seconds before a stream that was closed in good order is opened again


def follow(transport: Transport, job_id: str, *, after: int = 0) -> Iterator[EventView]:
    """Every event behind `after`, each once and in order, until the job has ended.

    Raises:
        NotFound: there is no such job.
        Passing: the service stayed away for longer than the transport's patience.
    """
    ends = time.monotonic() + transport.patience
    tries = 0
    while True:
        trouble: Passing | None = None
        try:
            for event in _stream(transport, job_id, after):
                after = event.seq
                yield event
                ends, tries = time.monotonic() + transport.patience, 0
        except Passing as error:
            trouble = error
        if trouble is None:
            job = read(JobView, transport.get(f"/v1/jobs/{job_id}"))
            if job.ended and job.last_event <= after:
                return
            time.sleep(PAUSE)
            ends = time.monotonic() + transport.patience
            continue
        pause = transport.pause(tries, trouble)
        if time.monotonic() + pause > ends:
            raise trouble
        time.sleep(pause)
        tries += 1


def _stream(transport: Transport, job_id: str, after: int) -> Iterator[EventView]:
    headers = {"Accept": "text/event-stream", "Last-Event-ID": str(after)}
    with transport.stream(f"/v1/jobs/{job_id}/events", headers) as response:
        for kind, data in messages(lines(response.iter_bytes())):
            if kind == END:
                return
            event = _event(data)
            # What the service repeats after a reconnect was told already.
            if event.seq > after:
                yield event


def _event(data: str) -> EventView:
    try:
        payload = json.loads(data)
    except ValueError:
        raise BadAnswer(f"An event is no JSON: {data[:80]!r}.") from None
    return read(EventView, payload)


def lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """The lines of a stream. A last one without its end is none.

    Not str.splitlines (nor what is built on it): JSON may hold U+2028 and U+0085 as they are.
    """
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (each.removesuffix(b"\r").decode() for each in whole)


def messages(stream: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Name and data of each message. One that was cut off by the end of the stream is none.

    The format is that of https://html.spec.whatwg.org/multipage/server-sent-events.html; the
    ids are in the data too.
    """
    kind = ""
    data: list[str] = []
    for line in stream:
        if not line:
            if data:
                yield kind, "\n".join(data)
            kind, data = "", []
            continue
        name, _, value = line.partition(":")
        if name == "data":
            data.append(value.removeprefix(" "))
        elif name == "event":
            kind = value.removeprefix(" ")
