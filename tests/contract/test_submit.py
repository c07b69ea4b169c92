"""Submission: what is accepted, what is refused and how, and once only."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any
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
    InvalidOptions,
    InvalidSchema,
    KeyReused,
    NoRoute,
    NotFound,
    SamplesRequired,
)
from shared.domain.jobs import JobState
from shared.domain.offers import CheckerOffer
from shared.domain.plans import Convert
from shared.domain.targets import Target
from shared.domain.views import JobView
from shared.services.comparing import compared
from shared.services.submit import Submit, _keyed
from tests.support.queue import FIRST, World, edge, offer, world

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


def matrix(**values: tuple[Any, ...]) -> Target:
    return Target(format="onnx", matrix=values)


class TestMatrix:
    def test_each_combination_is_a_job_of_one_request(self, queue: World) -> None:
        target = matrix(opset=(17, 18, 17), simplify=(False, True))
        jobs, _ = queue.submit("default", model_id=queue.model(), targets=[target, ONNX])
        assert [job.options for job in jobs] == [
            {"opset": 17, "simplify": False},
            {"opset": 17, "simplify": True},
            {"opset": 18, "simplify": False},
            {"opset": 18, "simplify": True},
            {},
        ]
        assert len({job.request for job in jobs}) == 1
        (other,), _ = queue.submit("default", model_id=queue.model(), targets=[ONNX])
        assert other.request != jobs[0].request

    def test_a_request_is_looked_up_and_compared(self, queue: World) -> None:
        target = matrix(opset=(17, 18))
        jobs, _ = queue.submit("default", model_id=queue.model(), targets=[target])
        queue.work()
        found = queue.ask.request("default", jobs[0].request)
        assert [job.id for job in found] == [job.id for job in jobs]
        with pytest.raises(NotFound):
            queue.ask.request("another", jobs[0].request)
        view = compared(found)
        assert (view.id, view.varied) == (jobs[0].request, ("opset",))
        assert [row.options for row in view.jobs] == [{"opset": 17}, {"opset": 18}]
        assert {row.proof for row in view.jobs} == {"verified"}
        assert {(row.precision, row.size) for row in view.jobs} == {("fp32", 7)}

    def test_a_list_does_not_carry_whole_files(self, queue: World) -> None:
        """A mapping file is an option; a page has 200 jobs."""
        note = {"mapping": {"type": "string"}}
        queue.fleet.announce(offer("one", edge("fill", "keras", "onnx", properties=note)))
        whole = ["rules:\n" * 9_000, "rule:\n" * 9_000]
        target = matrix(mapping=tuple(whole))
        (job, _), _ = queue.submit("default", model_id=queue.model(), targets=[target])
        listed = [each.options for each in queue.ask.jobs("default").items]
        beside = [
            each.options for each in compared(queue.ask.request("default", job.request)).jobs
        ]
        for options in (*listed, *beside):
            text = options["mapping"]
            assert len(text) == 200
            assert text.endswith("…")
        assert queue.ask.job("default", job.id).options == {"mapping": whole[0]}

    def test_reports_that_tell_no_numbers_are_compared(self, queue: World) -> None:
        """A child runs what users send, and may say anything."""
        (job,), _ = queue.submit("default", model_id=queue.model(), targets=[ONNX])
        queue.work()
        (made,) = queue.ask.request("default", job.request)
        for lie in ("much", [1], {"a": 1}, 10**400, None):
            told = {"seconds": lie, "peak_memory": lie, "peak_device_memory": lie}
            outputs = ([{"max_abs": lie}], [lie], lie)
            for each in outputs:
                held = {"outputs": each, "measured": "fast"}
                report = made.report.model_copy(update={"build": told, "verification": held})
                (row,) = compared([made.model_copy(update={"report": report})]).jobs
                assert row.build_seconds is row.peak_memory is row.peak_device_memory is None
                assert row.largest_error is row.measured is None

    def test_the_combination_at_fault_is_named(self, queue: World) -> None:
        target = matrix(opset=(17, 99), simplify=(True,))
        with pytest.raises(InvalidOptions, match="With opset 99, simplify True: ") as error:
            queue.submit("default", model_id=queue.model(), targets=[target])
        assert error.value.fault.field == "options.opset"
        assert count(queue) == 0

    @pytest.mark.parametrize(
        "target",
        [
            Target(format="onnx", options={"opset": 17}, matrix={"opset": (17, 18)}),
            Target(format="onnx", matrix={"opset": ()}),
            Target(format="onnx", matrix={"a": tuple(range(100)), "b": tuple(range(10**4))}),
            Target(format="onnx", matrix={f"o{n}": tuple(range(10)) for n in range(5000)}),
        ],
    )
    def test_what_is_no_matrix(self, queue: World, target: Target) -> None:
        with pytest.raises(InvalidSchema) as error:
            queue.submit("default", model_id=queue.model(), targets=[target])
        assert str(error.value.fault.field).startswith("targets")

    def test_65_jobs_are_too_many(self, queue: World) -> None:
        most = [ONNX] * 62 + [matrix(simplify=(True, False))]
        jobs, _ = queue.submit("default", model_id=queue.model(), targets=most)
        assert len(jobs) == 64
        with pytest.raises(InvalidSchema, match="65 jobs"):
            queue.submit("default", model_id=queue.model(), targets=[*most, ONNX])

    def test_a_key_covers_the_matrix(self, queue: World) -> None:
        model, target = queue.model(), matrix(opset=(17, 18))
        one, _ = queue.submit("default", model_id=model, targets=[target], key="k")
        again, new = queue.submit("default", model_id=model, targets=[target], key="k")
        assert (new, [job.id for job in again]) == (False, [job.id for job in one])
        with pytest.raises(KeyReused):
            queue.submit("default", model_id=model, targets=[matrix(opset=(17,))], key="k")

    def test_a_key_means_what_it_meant_before_there_were_matrices(self) -> None:
        keyed = _keyed("k", "m", [Target(format="onnx", options={"opset": 17})], 5, None)
        assert keyed is not None
        meant = (
            '{"model":"m","priority":5,"samples":null,'
            '"targets":[{"format":"onnx","options":{"opset":17}}]}'
        )
        assert keyed.meaning == sha256(meant.encode()).hexdigest()


TRITON = edge("to-triton", "keras", "triton", properties={"include": {"type": "array"}})


class TestInclude:
    def repository(self, queue: World, *include: str, **more: Any) -> JobView:
        options = {"include": list(include)} if include else {}
        target = Target(format="triton", options=options)
        (job,), _ = queue.submit("default", model_id=queue.model(), targets=[target], **more)
        return job

    def announce(self, queue: World) -> None:
        queue.offer = offer("one", FIRST, TRITON)
        queue.fleet.announce(queue.offer)

    def test_what_earlier_jobs_wrote_goes_in(self, queue: World) -> None:
        self.announce(queue)
        one, two = self.repository(queue), self.repository(queue)
        queue.work()
        self.repository(queue, two.id, one.id, two.id)
        claimed = next(each for each in queue.work() if each.action.kind == "convert")
        outputs = [queue.show(job).output for job in (two, one)]
        extras = {role: each for role, each in claimed.inputs.items() if role != "source"}
        assert list(extras) == ["extra-0", "extra-1"]
        assert [each.digest for each in extras.values()] == [o.digest for o in outputs if o]
        assert isinstance(claimed.action, Convert)
        assert claimed.action.options == {}

    def test_others_are_named(self, queue: World) -> None:
        self.announce(queue)
        waits = self.repository(queue)
        onnx = queue.job()
        for wrong, why in (
            (str(uuid4()), "no such job"),
            ("nothing", "no such job"),
            (waits.id, "is queued"),
            (onnx.id, "converted to onnx"),
        ):
            with pytest.raises(InvalidOptions, match=why) as error:
                self.repository(queue, wrong)
            assert wrong in error.value.fault.detail
            assert error.value.fault.field == "options.include"


class TestCheck:
    CHECKS = CheckerOffer(source="onnx", target="tensorrt-rtx", version=1)

    def test_it_is_a_job_that_builds_nothing(self, queue: World) -> None:
        build = edge("build", "onnx", "tensorrt-rtx", properties={})
        queue.fleet.announce(offer("one", FIRST, known=(build,), checkers=(self.CHECKS,)))
        target = Target(format="tensorrt-rtx")
        job = queue.submit.check("default", model_id=queue.model(), target=target)
        assert (job.purpose, job.target) == ("check", "tensorrt-rtx")
        assert [each.title for each in job.plan.routes[0].actions] == [
            "convert first",
            "check onnx for tensorrt-rtx",
        ]
        queue.control.cancel("default", job.id)
        again = queue.control.retry("default", job.id)
        assert again.purpose == "check"
        assert again.plan.purpose == "check"

    def test_what_cannot_be_checked(self, queue: World) -> None:
        model = queue.model()
        with pytest.raises(NoRoute, match="can be checked from there: none"):
            queue.submit.check("default", model_id=model, target=ONNX)
        with pytest.raises(InvalidSchema, match="matrix"):
            queue.submit.check("default", model_id=model, target=matrix(opset=(17,)))
        with pytest.raises(NotFound):
            queue.submit.check("another", model_id=model, target=ONNX)


def test_samples_that_a_precision_needs(queue: World) -> None:
    calibrate = edge(
        "to-int8", "onnx", "onnx", asked_by="precision", asked_for="int8", samples=True
    )
    queue.offer = offer("one", FIRST, calibrate)
    queue.fleet.announce(queue.offer)
    model, target = queue.model(), Target(format="onnx", options={"precision": "int8"})
    with pytest.raises(SamplesRequired):
        queue.submit("default", model_id=model, targets=[target])
    samples = queue.samples()
    (job,), _ = queue.submit("default", model_id=model, targets=[target], samples=samples)
    queue.control.cancel("default", job.id)
    queue.control.retry("default", job.id)
    done = [each for each in queue.work() if each.action.title == "convert to-int8"]
    assert "samples" in done[0].inputs
