"""Submission: what is accepted, what is refused and how, and once only."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from shared.adapters.bells import Bells
from shared.adapters.doorbell import Bell
from shared.adapters.jobs import Jobs
from shared.adapters.tables import JobRow
from shared.domain.errors import (
    BadRequest,
    BareStateDict,
    BrokerAway,
    DatabaseAway,
    InvalidSchema,
    KeyReused,
    NotFound,
)
from shared.domain.jobs import JobState
from shared.domain.targets import Target
from shared.services.submit import Submit
from tests.support.queue import World, edge, offer, world

ONNX = Target(format="onnx")


@pytest.fixture
def queue(database_url: str) -> Iterator[World]:
    with world(database_url) as made:
        yield made


def count(queue: World) -> int:
    with queue.database.begin() as session:
        return session.scalars(select(func.count()).select_from(JobRow)).one()


class TestKey:
    def test_the_same_key_is_the_same_job(self, queue: World) -> None:
        model = queue.model()
        one, new = queue.submit("t", model_id=queue.model("t", 1), targets=[ONNX], key="k")
        assert new
        again, new = queue.submit("t", model_id=one[0].model_id, targets=[ONNX], key="k")
        assert not new
        assert [job.id for job in again] == [job.id for job in one]
        with pytest.raises(KeyReused):
            queue.submit("t", model_id=one[0].model_id, targets=[ONNX], key="k", priority=6)
        _, new = queue.submit("default", model_id=model, targets=[ONNX], key="k")
        assert new

    def test_it_holds_when_the_fleet_is_gone(self, queue: World) -> None:
        model = queue.model()
        one, _ = queue.submit("default", model_id=model, targets=[ONNX, ONNX], key="k")
        queue.fleet.announce(offer("one", edge("nothing", "onnx", "keras"), runtimes=()))
        again, new = queue.submit("default", model_id=model, targets=[ONNX, ONNX], key="k")
        assert not new
        assert [job.id for job in again] == [job.id for job in one]

    def test_of_many_at_once_one_is_first(self, queue: World) -> None:
        model = queue.model()
        barrier = threading.Barrier(8)

        def submit(_: int) -> tuple[str, bool]:
            barrier.wait()
            (job,), new = queue.submit("default", model_id=model, targets=[ONNX], key="k")
            return job.id, new

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(submit, range(8)))
        assert len({job for job, _ in answers}) == 1
        assert [new for _, new in answers].count(True) == 1
        assert count(queue) == 1

    @pytest.mark.parametrize("key", ["", "x" * 256, "a\0b"])
    def test_it_must_be_a_key(self, queue: World, key: str) -> None:
        with pytest.raises(BadRequest):
            queue.submit("default", model_id=queue.model(), targets=[ONNX], key=key)


class TestRefused:
    def test_what_is_not_there(self, queue: World) -> None:
        for wrong in (str(uuid4()), "nothing", queue.model("another")):
            with pytest.raises(NotFound):
                queue.submit("default", model_id=wrong, targets=[ONNX])
        samples = queue.samples("another")
        with pytest.raises(NotFound):
            queue.submit("default", model_id=queue.model(), targets=[ONNX], samples=samples)

    def test_what_makes_no_sense(self, queue: World) -> None:
        model = queue.model()
        with pytest.raises(InvalidSchema):
            queue.submit("default", model_id=model, targets=[])
        with pytest.raises(InvalidSchema):
            queue.submit("default", model_id=model, targets=[ONNX], priority=10)

    def test_one_bad_target_refuses_all(self, queue: World) -> None:
        bad = Target(format="onnx", options={"opset": 99})
        with pytest.raises(Exception, match="from 11 to 22"):
            queue.submit("default", model_id=queue.model(), targets=[ONNX, bad])
        assert count(queue) == 0

    def test_weights_without_a_model(self, queue: World) -> None:
        model = queue.model(format="state-dict")
        with pytest.raises(BareStateDict):
            queue.submit("default", model_id=model, targets=[ONNX])

    def test_nothing_is_written_while_the_broker_is_away(self, queue: World) -> None:
        bell = Bell("redis://127.0.0.1:1/0")
        submit = Submit(queue.jobs, queue.models, queue.fleet, bell)
        with pytest.raises(BrokerAway):
            submit("default", model_id=queue.model(), targets=[ONNX])
        assert count(queue) == 0

    def test_the_database_is_away(self) -> None:
        url = "postgresql://nobody@127.0.0.1:1/none"
        with pytest.raises(DatabaseAway):
            world(url).__enter__()


def test_a_ring_that_fails_loses_nothing(queue: World) -> None:
    jobs = Jobs(queue.database, Bells(Bell("redis://127.0.0.1:1/0"), queue.fleet), queue.fleet)
    submit = Submit(jobs, queue.models, queue.fleet, queue.bell)
    (job,), _ = submit("default", model_id=queue.model(), targets=[ONNX])
    queue.work()
    assert queue.show(job).state is JobState.SUCCEEDED


def test_what_cannot_be_run_is_converted_and_not_verified(queue: World) -> None:
    to_h5 = edge("to-h5", "keras", "keras-h5", properties={})
    queue.offer = offer("one", to_h5)
    queue.fleet.announce(queue.offer)
    target = Target(format="keras-h5")
    (job,), _ = queue.submit("default", model_id=queue.model(), targets=[target])
    queue.work()
    after = queue.show(job)
    assert (after.state, after.proof) == (JobState.SUCCEEDED, "converted_not_verified")


def test_lists_are_paged_newest_first(queue: World) -> None:
    jobs = queue.crowd("default", 7)
    queue.job("another")
    seen, cursor = [], None
    while True:
        page = queue.ask.jobs("default", limit=3, cursor=cursor)
        seen += [job.id for job in page.items]
        if (cursor := page.next_cursor) is None:
            break
    assert len(seen) == 7
    assert set(seen) == {job.id for job in jobs}
    assert [m.id for m in queue.ask.models("another").items] != []
    assert len(queue.ask.models("default", limit=3).items) == 3
    newest = queue.job()
    assert queue.ask.jobs("default", limit=1).items[0].id == newest.id


def test_lists_are_filtered(queue: World) -> None:
    job = queue.job()
    assert queue.ask.jobs("default", state="queued").items[0].id == job.id
    assert queue.ask.jobs("default", state="failed").items == ()
    assert queue.ask.jobs("default", model_id=job.model_id, target="onnx").items
    assert not queue.ask.jobs("default", target="keras").items
    for wrong in ({"state": "odd"}, {"target": "o\0dd"}, {"cursor": "odd"}, {"cursor": "Zm9v"}):
        with pytest.raises(BadRequest):
            queue.ask.jobs("default", **wrong)


def test_others_see_nothing(queue: World) -> None:
    job = queue.job()
    queue.work()
    output = queue.show(job).output
    assert output is not None
    for look in (
        lambda: queue.ask.job("another", job.id),
        lambda: queue.ask.events("another", job.id),
        lambda: queue.ask.model("another", job.model_id),
        lambda: queue.ask.artifact("another", output.digest),
        lambda: queue.ask.artifact("default", "sha256:odd"),
        lambda: queue.control.cancel("another", job.id),
        lambda: queue.control.retry("another", job.id),
    ):
        with pytest.raises(NotFound):
            look()


def test_the_fleet_is_shown(queue: World) -> None:
    (worker,) = queue.ask.workers()
    assert worker.online
    assert {(r.source, r.target, r.online) for r in queue.ask.routes(source="keras")} == {
        ("keras", "onnx", True)
    }
    queue.fleet.leave("one")
    assert not queue.ask.workers()[0].online
    assert not queue.ask.routes(target="onnx")[0].online
    assert [each.name for each in queue.ask.converters()] == ["first", "second", "slim"]
    assert queue.fleet.slots() == {}
