"""A worker without the rest: the use case, over a queue in memory and a scripted child."""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from typing_extensions import override

from shared.adapters.notebook_local import LocalNotebook
from shared.adapters.objects_local import LocalObjects
from shared.domain.artifacts import Artifact
from shared.domain.errors import DatabaseAway, LeaseLost
from shared.domain.gpus import ANY, Gpu, Needs
from shared.domain.lifecycle import Lease
from shared.domain.offers import ConverterOffer, Fidelity, Offer, Queue
from shared.domain.orders import ProgressNote, WorkOrder
from shared.domain.outcomes import Outcome
from shared.domain.plans import Action, Convert, Verify
from shared.ports import Claimed, Devices, Pulse, Runner, StepStore, Usage
from shared.services.execute import Execute
from shared.services.flights import Flights

OFFER = Offer(
    worker="w1", host="h", queues=(Queue.CPU,), slots=1, memory=1, converters=(), runtimes=()
)
CONVERT = Convert(
    converter="keras-to-onnx",
    version=1,
    source="keras",
    target="onnx",
    options={},
    toolchain={},
)
ONE, OTHER = (
    Gpu(uuid=f"GPU-{name}", name=name, compute_capability="9.0", memory=1 << 36, driver="580.1.2")
    for name in ("H100", "H200")
)
BUILD = CONVERT.model_copy(update={"converter": "keras-to-engine", "queue": Queue.GPU})
ON_GPUS = OFFER.model_copy(
    update={
        "queues": (Queue.GPU,),
        "gpus": (ONE, OTHER),
        "converters": (
            ConverterOffer(
                name=BUILD.converter,
                version=1,
                source="keras",
                target="onnx",
                summary="",
                options={},
                fidelity=Fidelity.CLOSE,
                queue=Queue.GPU,
                timed="tensorrt",
                toolchain={"tensorrt": "10.13.0", "numpy": "2"},
            ),
        ),
    }
)
VERIFY = Verify(reference="keras", candidate="onnx", toolchain={})
USAGE = Usage(seconds=1.5, peak_memory=7)


def claimed(
    action: Action,
    model: str = "sha256:" + "0" * 64,
    name: str = "step-1",
    gpu: Gpu | None = None,
) -> Claimed:
    """A step in hand whose inputs are all the same model."""
    roles = ("reference", "candidate") if isinstance(action, Verify) else ("source",)
    inputs = dict.fromkeys(roles, Artifact(digest=model, format="keras", size=9))
    return Claimed(name, "job-1", action, inputs, Lease("w1", 2, datetime.now(UTC)), gpu)


class Steps(StepStore):
    """Remembers what it is told. `away` is how many calls find nobody."""

    def __init__(self) -> None:
        self.waiting: list[Claimed] = []
        self.settled: list[Outcome] = []
        self.reports: list[tuple[ProgressNote | None, list[str]]] = []
        self.away = 0
        self.lost = False
        self.forgotten: list[str] = []
        self.asked: list[str] = []
        self._lock = threading.Lock()

    @override
    def claim(
        self,
        worker: str,
        capabilities: Sequence[str],
        queue: Queue,
        term: timedelta,
        gpu: Gpu | None = None,
    ) -> Claimed | None:
        with self._lock:
            self.asked.append(gpu.uuid if gpu else queue.value)
            for each in self.waiting:
                needs = each.action.needs if isinstance(each.action, Convert) else ANY
                if each.action.queue is queue and (gpu is None or needs.met_by(gpu)):
                    self.waiting.remove(each)
                    return replace(each, gpu=gpu)
        return None

    @override
    def renew(self, worker: str, leases: dict[str, Lease], term: timedelta) -> Pulse:
        raise AssertionError

    @override
    def report(self, claimed: Claimed, note: ProgressNote | None, lines: Sequence[str]) -> None:
        self._stand()
        self.reports.append((note, list(lines)))

    @override
    def settle(self, claimed: Claimed, outcome: Outcome, usage: Usage, offer: Offer) -> None:
        self._stand()
        self.settled.append(outcome)

    def _stand(self) -> None:
        if self.away:
            self.away -= 1
            raise DatabaseAway("gone fishing")
        if self.lost:
            raise LeaseLost("somebody else's")

    @override
    def expire(self, limit: int) -> Sequence[str]:
        raise AssertionError

    @override
    def unheard(self, age: timedelta) -> dict[tuple[Queue, Needs], int]:
        raise AssertionError

    @override
    def forget(self, digest: str) -> None:
        self.forgotten.append(digest)


class Held(Devices):
    """`others` have these devices."""

    def __init__(self) -> None:
        self.others: set[str] = set()
        self.away = False
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    @override
    @contextmanager
    def alone(self, uuid: str) -> Iterator[bool]:
        if self.away:
            raise DatabaseAway("gone fishing")
        if uuid in self.others or not self._locks[uuid].acquire(timeout=0.05):
            yield False
            return
        try:
            yield True
        finally:
            self._locks[uuid].release()

    def is_free(self, uuid: str) -> bool:
        return not self._locks[uuid].locked()


class Script(Runner):
    """Plays what a test wrote down."""

    def __init__(self, play: Callable[..., Outcome]) -> None:
        self.play = play
        self.order: WorkOrder | None = None
        self.modes: list[int] = []

    @override
    def run(
        self, order: WorkOrder, folder: Path, *, hear: Any, stop: Any
    ) -> tuple[Outcome, Usage]:
        self.order = order
        self.modes.append(folder.stat().st_mode & 0o777)
        return self.play(folder, hear, stop), USAGE


class Bench:
    def __init__(self, tmp_path: Path) -> None:
        self.store = LocalObjects(tmp_path / "store")
        self.steps = Steps()
        self.devices = Held()
        self.notebook = LocalNotebook(tmp_path / "store")
        self.flights = Flights()
        self.folder = tmp_path / "work"
        self.script: Script | None = None
        model = tmp_path / "model.keras"
        model.write_bytes(b"the model")
        self.model = self.store.put(model)[0]

    def step(self, action: Action = CONVERT, name: str = "step-1") -> None:
        self.steps.waiting.append(claimed(action, self.model, name))

    def execute(self, play: Callable[..., Outcome], action: Action = CONVERT) -> bool:
        self.step(action)
        self.script = Script(play)
        return self.using(self.script)(Queue.CPU)

    def using(self, runner: Runner, offer: Offer = OFFER) -> Execute:
        return Execute(
            steps=self.steps,
            store=self.store,
            devices=self.devices,
            notebook=self.notebook,
            runner=runner,
            flights=self.flights,
            offer=offer,
            folder=self.folder,
            term=timedelta(seconds=15),
        )


@contextmanager
def bench_in(folder: Path) -> Iterator[Bench]:
    """A bench that leaves nothing behind."""
    made = Bench(folder)
    yield made
    assert not made.folder.exists() or not list(made.folder.iterdir()), "a folder was left"
    assert not made.flights.leases()
