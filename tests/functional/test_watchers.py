"""Watchers: 300 open ones take no request's thread, and none misses a thing."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from shared.domain.outcomes import Refused
from tests.functional.test_api_jobs import FAULT, asked
from tests.functional.test_api_uploads import send
from tests.support import files
from tests.support.fleet import Hands
from tests.support.serving import TENANT, Served, serving

STREAM = {"Accept": "text/event-stream"}
MANY = 300
PATIENCE = 60


@pytest.fixture
def job(client: httpx.Client, tenant: str) -> Iterator[str]:
    model = send(client, files.program(tenant), "tiny.pt2").json()["id"]
    made = asked(client, model)["id"]
    yield made
    client.post(f"/v1/jobs/{made}/cancel")


class Line:
    """A connection of its own, read by hand."""

    def __init__(self, url: str, tenant: str, path: str, **headers: str) -> None:
        where = urlsplit(url)
        self.sock = socket.create_connection((where.hostname or "", where.port or 0), PATIENCE)
        lines = [f"GET {path} HTTP/1.1", "Host: x", f"{TENANT}: {tenant}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.sock.sendall("\r\n".join([*lines, "", ""]).encode())
        self.reader = self.sock.makefile("rb")

    def head(self) -> list[bytes]:
        return list(iter(self.reader.readline, b"\r\n"))

    def events(self) -> Iterator[dict[str, str]]:
        """The events of the stream, until it ends. Comments are left out."""
        event: dict[str, str] = {}
        for raw in self.reader:
            line = raw.decode().rstrip("\n")
            if line and not line.startswith(":"):
                name, _, value = line.partition(": ")
                event[name] = value
            elif event:
                yield event
                event = {}

    def answer(self) -> dict[str, Any]:
        head = self.head()
        assert head[0].startswith(b"HTTP/1.1 200 "), head
        body: dict[str, Any] = json.loads(self.reader.read())
        return body

    def close(self) -> None:
        self.reader.close()
        self.sock.close()


def seqs(events: list[dict[str, str]]) -> list[int]:
    return [int(event["id"]) for event in events if "id" in event]


def until(true: Callable[[], bool]) -> None:
    limit = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.05)


def test_a_stream_tells_the_whole_story(
    client: httpx.Client, api: Served, tenant: str, job: str, worker: Hands
) -> None:
    line = Line(api.url, tenant, f"/v1/jobs/{job}/events", Accept="text/event-stream")
    head = b"".join(line.head()).lower()
    assert b"text/event-stream" in head
    assert b"x-request-id" in head
    told = line.events()
    assert next(told)["event"] == "job.submitted"
    claimed = worker.claim(job)
    for number in range(20):
        worker.say(claimed, f"note {number}", [f"line {number}"])
    worker.settle(claimed, Refused(FAULT))
    rest = list(told)
    assert rest[-1]["event"] == "end"
    assert json.loads(rest[-1]["data"]) == {"state": "failed"}
    shown = client.get(f"/v1/jobs/{job}/events").json()["items"]
    assert [json.loads(event["data"]) for event in rest[:-1]] == shown[1:]
    assert [event["event"] for event in rest[:-1]] == [each["kind"] for each in shown[1:]]
    line.close()


def test_a_stream_is_taken_up_where_it_broke_off(
    client: httpx.Client, api: Served, tenant: str, job: str
) -> None:
    client.post(f"/v1/jobs/{job}/cancel")
    path = f"/v1/jobs/{job}/events"
    whole = list(Line(api.url, tenant, path, Accept="text/event-stream").events())[1:]
    accept, known = "text/event-stream", {"Last_Event_ID": "2"}
    rest = list(Line(api.url, tenant, path, Accept=accept, **known).events())
    assert seqs(rest) == seqs(whole)[2:] or seqs(rest) == [
        each for each in seqs(whole) if each > 2
    ]
    assert rest[-1]["event"] == "end"
    last = str(client.get(f"/v1/jobs/{job}").json()["last_event"])
    over = list(Line(api.url, tenant, path, Accept=accept, Last_Event_ID=last).events())
    assert [event["event"] for event in over if "event" in event] == ["end"]


def test_a_long_poll_waits_for_news(client: httpx.Client, job: str, worker: Hands) -> None:
    shown = client.get(f"/v1/jobs/{job}").json()
    old = client.get(f"/v1/jobs/{job}", params={"wait": 30, "after": 0}, timeout=5)
    assert old.json() == shown
    began = time.monotonic()
    nothing = client.get(f"/v1/jobs/{job}", params={"wait": 0.5})
    assert nothing.json() == shown
    assert 0.4 < time.monotonic() - began < 10
    assert nothing.headers["x-request-id"]
    with ThreadPoolExecutor(2) as pool:
        news = pool.submit(client.get, f"/v1/jobs/{job}", params={"wait": 50}, timeout=60)
        lines = pool.submit(client.get, f"/v1/jobs/{job}/logs", params={"wait": 50}, timeout=60)
        time.sleep(0.5)
        claimed = worker.claim(job)
        assert news.result(PATIENCE).json()["state"] == "running"
        assert not lines.done()
        worker.say(claimed, "opening", ["hello"])
        logs = lines.result(PATIENCE).json()
        assert [item["data"]["lines"] for item in logs["items"]] == [["hello"]]
    worker.settle(claimed, Refused(FAULT))
    over = client.get(f"/v1/jobs/{job}", params={"wait": 50, "after": 10**6}, timeout=5)
    assert over.json()["state"] == "failed"


def test_many_watchers_hold_no_request_up(
    client: httpx.Client, api: Served, tenant: str, job: str, worker: Hands
) -> None:
    assert api.settings.api_threads < MANY
    path = f"/v1/jobs/{job}"
    seen = client.get(path).json()["last_event"]
    streams = [
        Line(api.url, tenant, f"{path}/events", Accept="text/event-stream")
        for _ in range(MANY // 2)
    ]
    polls = [Line(api.url, tenant, f"{path}?wait=60&after={seen}") for _ in range(MANY // 2)]
    for line in streams:
        assert line.head()[0].startswith(b"HTTP/1.1 200 ")
    requests = [client.get(path) for _ in range(50)]
    assert {answer.status_code for answer in requests} == {200}
    with ThreadPoolExecutor(2 * api.settings.api_threads) as pool:
        crowd = list(pool.map(lambda _: client.get("/v1/formats").status_code, range(100)))
    assert set(crowd) == {200}

    claimed = worker.claim(job)
    for line in polls:
        assert line.answer()["last_event"] > seen
    for number in range(30):
        worker.say(claimed, f"note {number}", ["a line"])
    worker.settle(claimed, Refused(FAULT))
    shown = [event["seq"] for event in client.get(f"{path}/events").json()["items"]]
    for line in streams:
        events = list(line.events())
        assert seqs(events) == shown
        assert events[-1]["event"] == "end"
    for line in (*streams, *polls):
        line.close()
    assert client.get(path).json()["state"] == "failed"


def test_connections_go_on_after_others_were_handed_over(client: httpx.Client, job: str) -> None:
    """The worker's books are right: more hand-overs than it takes connections, then requests."""
    for _ in range(30):
        assert client.get(f"/v1/jobs/{job}", params={"wait": 0.01}).status_code == 200
        assert client.get("/healthz").status_code == 200


def test_a_watcher_that_leaves_is_noticed(
    api: Served, tenant: str, job: str, worker: Hands
) -> None:
    for _ in range(20):
        line = Line(api.url, tenant, f"/v1/jobs/{job}/events", Accept="text/event-stream")
        assert line.head()
        line.close()
    stays = Line(api.url, tenant, f"/v1/jobs/{job}/events", Accept="text/event-stream")
    assert stays.head()
    claimed = worker.claim(job)
    worker.settle(claimed, Refused(FAULT))
    assert list(stays.events())[-1]["event"] == "end"
    port = f"{urlsplit(api.url).port:04X}"

    def left() -> bool:
        table = connections(api.process.pid)
        return not any(
            line.split()[1].endswith(port) and line.split()[3] == "08" for line in table
        )

    until(left)


def connections(process: int) -> list[str]:
    """The TCP connections of the process's network, as the kernel lists them; 08: left open."""
    return Path(f"/proc/{process}/net/tcp").read_text().splitlines()[1:]


def test_a_shutdown_sends_watchers_off(
    api: Served, client: httpx.Client, tenant: str, job: str, tmp_path_factory: Any
) -> None:
    seen = client.get(f"/v1/jobs/{job}").json()
    with serving(api.settings, tmp_path_factory.mktemp("second")) as second:
        stream = Line(second.url, tenant, f"/v1/jobs/{job}/events", Accept="text/event-stream")
        assert stream.head()
        told = stream.events()
        next(told)
        poll = Line(second.url, tenant, f"/v1/jobs/{job}?wait=60&after={seen['last_event']}")
        time.sleep(0.5)
        began = time.monotonic()
        ended = threading.Thread(target=second.stop)
        ended.start()
        assert poll.answer() == seen
        assert "end" not in [event["event"] for event in told], "the job has not ended"
        ended.join(PATIENCE)
        assert time.monotonic() - began < 5
        assert second.process.returncode == 0
