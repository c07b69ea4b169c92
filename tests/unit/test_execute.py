"""The use case alone: what is told to the database, in fair weather and in foul."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from shared.domain.artifacts import Artifact
from shared.domain.errors import Crashed, StorageFull, StoreAway
from shared.domain.lifecycle import Lease
from shared.domain.offers import Queue
from shared.domain.orders import ProgressNote
from shared.domain.outcomes import Agreed, Broke, Outcome, Produced, Stopped
from shared.ports import Claimed, Pulse
from shared.services.execute import order_for
from shared.services.flights import Flights, Landing
from tests.support.execution import (
    CONVERT,
    VERIFY,
    Bench,
    Script,
    bench_in,
    claimed,
)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with bench_in(tmp_path) as made:
        yield made


def convert(folder: Path, hear: Any, stop: Any) -> Outcome:
    assert (folder / "source.keras").read_bytes() == b"the model"
    (folder / "output.onnx").write_bytes(b"converted")
    hear("a line")
    hear(ProgressNote(message="there", progress=1))
    return Produced(artifact=None, report={"seen": True})


def test_nothing_to_do(bench: Bench) -> None:
    assert bench.using(Script(convert))(Queue.CPU) is False


def test_a_conversion_is_fetched_run_stored_and_settled(bench: Bench) -> None:
    assert bench.execute(convert) is True
    (outcome,) = bench.steps.settled
    assert isinstance(outcome, Produced)
    assert outcome.artifact is not None
    assert outcome.artifact.format == "onnx"
    assert outcome.report == {"seen": True}
    assert b"".join(bench.store.read(outcome.artifact.digest)) == b"converted"
    assert bench.script is not None
    assert bench.script.modes == [0o700]


def test_all_that_was_heard_is_written_before_the_end(bench: Bench) -> None:
    bench.execute(convert)
    lines = [line for _, lines in bench.steps.reports for line in lines]
    notes = [note for note, _ in bench.steps.reports if note]
    assert lines == ["a line"]
    assert notes == [ProgressNote(message="there", progress=1)]


def test_reports_are_few(bench: Bench) -> None:
    def chatter(folder: Path, hear: Any, stop: Any) -> Outcome:
        for number in range(1000):
            hear(f"line {number}")
            hear(ProgressNote(message=str(number)))
            time.sleep(0.001)
        return convert(folder, hear, stop)

    bench.execute(chatter)
    assert len(bench.steps.reports) <= 10
    lines = [line for _, lines in bench.steps.reports for line in lines]
    assert lines[:1000] == [f"line {number}" for number in range(1000)]


def test_a_verification_stores_nothing(bench: Bench) -> None:
    bench.execute(lambda *_: Agreed(report={"worst": 0}), VERIFY)
    assert bench.steps.settled == [Agreed(report={"worst": 0})]


def test_an_order_names_files_as_libraries_expect_them() -> None:
    artifact = Artifact(digest="sha256:" + "0" * 64, format="savedmodel", size=1)
    samples = Artifact(digest="sha256:" + "1" * 64, format="npz", size=1)
    claimed = Claimed(
        "s",
        "j",
        CONVERT,
        {"source": artifact, "samples": samples},
        Lease("w", 1, datetime.now(UTC)),
    )
    order = order_for(claimed)
    assert order.inputs["source"].path == "source.zip"
    assert order.inputs["samples"].path == "samples.npz"
    assert order.output == "output.onnx"


def test_a_database_that_is_away_is_waited_for(bench: Bench) -> None:
    bench.steps.away = 4
    bench.execute(convert)
    assert len(bench.steps.settled) == 1
    assert [line for _, lines in bench.steps.reports for line in lines] == ["a line"]


def test_a_lost_lease_ends_in_silence(bench: Bench) -> None:
    bench.steps.lost = True
    assert bench.execute(convert) is True
    assert bench.steps.settled == []


def test_a_lease_that_is_lost_while_it_runs_stops_the_child(bench: Bench) -> None:
    def wait(folder: Path, hear: Any, stop: Any) -> Outcome:
        bench.flights.hear(Pulse(lost=frozenset({"step-1"}), cancelled=frozenset()))
        assert stop()
        return Stopped()

    bench.execute(wait)
    assert bench.steps.settled == []


def test_a_cancelled_step_is_stopped(bench: Bench) -> None:
    def wait(folder: Path, hear: Any, stop: Any) -> Outcome:
        assert not stop()
        bench.flights.hear(Pulse(lost=frozenset(), cancelled=frozenset({"step-1"})))
        assert stop()
        return Stopped()

    bench.execute(wait)
    assert bench.steps.settled == [Stopped()]


def test_a_cancelled_step_that_broke_is_not_tried_again(bench: Bench) -> None:
    def fall(folder: Path, hear: Any, stop: Any) -> Outcome:
        bench.flights.hear(Pulse(lost=frozenset(), cancelled=frozenset({"step-1"})))
        return Broke(Crashed("ouch").fault)

    bench.execute(fall)
    assert bench.steps.settled == [Stopped()]


def test_a_worker_that_closes_hands_its_step_back(bench: Bench) -> None:
    def wait(folder: Path, hear: Any, stop: Any) -> Outcome:
        bench.flights.halt()
        assert stop()
        return Stopped()

    bench.execute(wait)
    (outcome,) = bench.steps.settled
    assert isinstance(outcome, Broke)
    assert outcome.fault.code == "worker_lost"


def test_a_worker_that_closes_claims_nothing(bench: Bench) -> None:
    bench.flights.closing.set()
    assert bench.execute(convert) is False
    assert bench.steps.waiting


def test_a_worker_that_closes_does_not_wait_for_the_database(bench: Bench) -> None:
    bench.steps.away = 10**6
    threading.Timer(0.3, bench.flights.halt).start()
    started = time.monotonic()
    bench.execute(convert)
    assert time.monotonic() - started < 3
    assert bench.steps.settled == []


@contextmanager
def _failing(bench: Bench, method: str, error: Exception) -> Iterator[None]:
    def fail(*_: Any) -> None:
        raise error

    setattr(bench.store, method, fail)
    yield


@pytest.mark.parametrize("method", ["fetch", "put"])
@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StoreAway("away"), "store_unavailable"),
        (StorageFull("full"), "storage_full"),
        (OSError(28, "No space left on device"), "storage_full"),
        (OSError(5, "Input/output error"), "crashed"),
    ],
)
def test_a_store_that_fails_breaks_the_attempt(
    bench: Bench, method: str, error: Exception, code: str
) -> None:
    with _failing(bench, method, error):
        bench.execute(convert)
    (outcome,) = bench.steps.settled
    assert isinstance(outcome, Broke)
    assert outcome.fault.code == code


def test_an_input_that_is_gone_breaks_the_attempt(bench: Bench) -> None:
    bench.model = "sha256:" + "0" * 64
    bench.execute(convert)
    (outcome,) = bench.steps.settled
    assert isinstance(outcome, Broke)
    assert outcome.fault.band == "ours"
    assert bench.steps.forgotten == [bench.model]


def test_a_failure_that_nobody_foresaw_breaks_the_attempt(bench: Bench) -> None:
    def burst(folder: Path, hear: Any, stop: Any) -> Outcome:
        raise ValueError("a bug")

    assert bench.execute(burst) is True
    (outcome,) = bench.steps.settled
    assert isinstance(outcome, Broke)
    assert outcome.fault.code == "crashed"


def test_a_report_that_cannot_be_written_costs_no_step(bench: Bench) -> None:
    def fail(*_: Any) -> None:
        raise ValueError("a line that no row can hold")

    bench.steps.report = fail  # type: ignore[method-assign]
    bench.execute(convert)
    assert len(bench.steps.settled) == 1


def test_a_folder_that_resists_is_removed(bench: Bench) -> None:
    def lock_up(folder: Path, hear: Any, stop: Any) -> Outcome:
        inner = folder / "a" / "b"
        inner.mkdir(parents=True)
        (inner / "file").touch()
        inner.chmod(0)
        (folder / "a").chmod(0)
        (folder / "link").symlink_to("/etc")
        return Agreed(report={})

    bench.execute(lock_up, VERIFY)
    assert Path("/etc/passwd").exists()


@pytest.mark.parametrize("older_ends_first", [True, False])
def test_a_step_that_comes_back_to_its_worker_is_a_flight_of_its_own(
    *, older_ends_first: bool
) -> None:
    """Its lease ran out unheard, and another thread of the same worker claims it again."""
    flights = Flights()
    lost = claimed(CONVERT)
    lease = replace(lost.lease, attempt=lost.lease.attempt + 1)
    held = [flights.hold(lost), flights.hold(replace(lost, lease=lease))]
    older, newer = (each.__enter__() for each in held)
    assert (older.reason, newer.reason) == (Landing.LOST, None)
    first, last = held if older_ends_first else reversed(held)
    first.__exit__(None, None, None)
    assert flights.leases() == ({"step-1": lease} if older_ends_first else {})
    last.__exit__(None, None, None)
    assert flights.leases() == {}
