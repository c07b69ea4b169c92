"""Waiting for a job: long polls, streams that break, logs, and how each end is told."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from modelferry import Modelferry, errors
from modelferry.events import lines, messages
from tests.support import answers
from tests.support.shaky import Cut, Reply, Shaky, problem

EVENTS = "/v1/jobs/j1/events"
STREAM = {"Content-Type": "text/event-stream"}


@pytest.fixture
def shaky() -> Iterator[Shaky]:
    with Shaky() as server:
        server.always("GET", "/v1/jobs/j1", Reply(200, answers.job()))
        yield server


@pytest.fixture
def ferry(shaky: Shaky) -> Iterator[Modelferry]:
    with Modelferry(shaky.url, patience=5) as client:
        yield client


def frame(seq: int, kind: str = "step.progress", **data: Any) -> str:
    told = json.dumps(answers.event(seq, kind, **data), ensure_ascii=False)
    return f"id: {seq}\nevent: {kind}\ndata: {told}\n\n"


def stream(*frames: str, promised: int | None = None) -> Reply:
    return Reply(200, "".join(frames).encode(), STREAM, promised)


def test_a_stream_that_breaks_is_gone_on_from(shaky: Shaky, ferry: Modelferry) -> None:
    job = ferry.job("j1")
    half = frame(3)[:25]
    shaky.once(
        "GET",
        EVENTS,
        stream(": hello\n\n", frame(1), frame(2), half, promised=9999),
        Cut(),
        stream(frame(2), frame(3, "job.succeeded"), 'event: end\ndata: {"state": "done"}\n\n'),
    )
    assert [each.seq for each in job.events()] == [1, 2, 3]
    asked = [each.headers["Last-Event-ID"] for each in shaky.seen("GET", EVENTS)]
    assert asked == ["0", "2", "2"]


def test_a_stream_that_ends_too_early_is_opened_again(shaky: Shaky, ferry: Modelferry) -> None:
    shaky.once("GET", EVENTS, stream(frame(1)), stream(frame(2), frame(3)))
    assert [each.seq for each in ferry.job("j1").events()] == [1, 2, 3]


def test_a_line_separator_inside_an_event_does_not_cut_it(shaky: Shaky, ferry: Modelferry) -> None:
    text = "a\u2028b\x85c"
    shaky.once("GET", EVENTS, stream(frame(3, "step.log", lines=[text])))
    assert next(ferry.job("j1").events()).data == {"lines": [text]}


def test_lines_and_messages_may_be_cut_anywhere() -> None:
    whole = "event: a\r\ndata: ä\r\n\r\n: beat\n\ndata:x\ndata: y\n\ndata: lost\n".encode()
    for size in range(1, len(whole) + 1):
        chunks = [whole[start : start + size] for start in range(0, len(whole), size)]
        assert list(messages(lines(chunks))) == [("a", "ä"), ("", "x\ny")]


def test_waiting_asks_behind_the_last_event(shaky: Shaky, ferry: Modelferry) -> None:
    shaky.once(
        "GET",
        "/v1/jobs/j1",
        Reply(200, answers.job("queued", last_event=1)),
        Reply(200, answers.job("running", last_event=2)),
        problem(503, "unavailable", "passing", wait=0),
        Cut(),
    )
    assert ferry.job("j1").wait().state == "succeeded"
    polls = [each.query.get("after") for each in shaky.seen("GET", "/v1/jobs/j1")]
    assert polls == [None, None, "2", "2", "2"]


def test_waiting_ends_in_time_and_the_job_goes_on(shaky: Shaky, ferry: Modelferry) -> None:
    shaky.always("GET", "/v1/jobs/j1", Reply(200, answers.job("running")))
    with pytest.raises(errors.WaitTimedOut, match="goes on") as caught:
        ferry.job("j1").wait(timeout=0.2)
    assert caught.value.job_id == "j1"


def test_a_failed_job_raises_what_made_it_fail(shaky: Shaky, ferry: Modelferry) -> None:
    fault = answers.fault("unsupported_operator", node="n7", operator="Erfc")
    shaky.always("GET", "/v1/jobs/j1", Reply(200, answers.job("failed", error=fault)))
    with pytest.raises(errors.UnsupportedOperator) as caught:
        ferry.job("j1").wait()
    assert (caught.value.job_id, caught.value.node) == ("j1", "n7")


def test_a_mismatch_says_that_the_result_was_kept(shaky: Shaky, ferry: Modelferry) -> None:
    told = answers.job(
        "failed",
        error=answers.fault("accuracy_mismatch"),
        output=answers.output("sha256:" + "0" * 64, 3),
    )
    shaky.always("GET", "/v1/jobs/j1", Reply(200, told))
    with pytest.raises(errors.AccuracyMismatch, match="modelferry download j1"):
        ferry.job("j1").wait()


def test_a_cancelled_job_is_no_success(shaky: Shaky, ferry: Modelferry) -> None:
    shaky.always("GET", "/v1/jobs/j1", Reply(200, answers.job("cancelled")))
    with pytest.raises(errors.JobCancelled):
        ferry.job("j1").wait()


def test_logs_are_read_to_their_end(shaky: Shaky, ferry: Modelferry) -> None:
    first = {"items": [answers.event(2, "step.log", lines=["a", "b"])], "last_seq": 2}
    second = {"items": [answers.event(5, "step.log", lines=["c"])], "last_seq": 6}
    shaky.once(
        "GET",
        "/v1/jobs/j1/logs",
        Reply(200, {**first, "ended": False}),
        Reply(200, {**second, "ended": True}),
    )
    assert [each.text for each in ferry.job("j1").logs(follow=True)] == ["a", "b", "c"]
    assert shaky.seen("GET", "/v1/jobs/j1/logs")[1].query["after"] == "2"


def test_logs_of_a_running_job_are_what_there_is(shaky: Shaky, ferry: Modelferry) -> None:
    shaky.once(
        "GET",
        "/v1/jobs/j1/logs",
        Reply(
            200,
            {"items": [answers.event(2, "step.log", lines=["a"])], "last_seq": 2, "ended": False},
        ),
        Reply(200, {"items": [], "last_seq": 4, "ended": False}),
    )
    assert [each.text for each in ferry.job("j1").logs()] == ["a"]
