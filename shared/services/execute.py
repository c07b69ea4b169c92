"""Execute: claim a step, carry it out where it can hurt nobody, and tell what became of it."""

import errno
from collections.abc import Iterator
from datetime import timedelta
from itertools import chain, repeat
from pathlib import Path
from typing import Final, assert_never

from shared.domain.artifacts import Artifact
from shared.domain.errors import (
    Crashed,
    DatabaseAway,
    FerryError,
    LeaseLost,
    NotFound,
    Passing,
    StorageFull,
    WorkerLost,
)
from shared.domain.formats import FORMATS
from shared.domain.gpus import Gpu
from shared.domain.offers import Offer, Queue
from shared.domain.orders import Input, WorkOrder
from shared.domain.outcomes import Broke, Outcome, Produced, Stopped
from shared.domain.plans import Convert
from shared.domain.precisions import asked, tolerances
from shared.ports import Claimed, Devices, Notebook, ObjectStore, Runner, StepStore, Usage
from shared.services.flights import Flight, Flights, Landing
from shared.services.folders import private_folder
from shared.services.reporter import Reporter
from shared.services.timing import OUTPUT, Loaded, TimingCaches
from shared.telemetry import logger

log = logger(__name__)

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
UNUSED: Final = Usage(seconds=0, peak_memory=0)


class Execute:
    """One worker's way of working. Several threads may call it at once.

    Args:
        devices: a step for a GPU runs only while it has one for itself.
        notebook: where the fleet keeps what builders measured.
        folder: each attempt gets a folder of its own below it.
        term: how long a lease lasts; someone else renews those of `flights`.
    """

    def __init__(
        self,
        *,
        steps: StepStore,
        store: ObjectStore,
        devices: Devices,
        notebook: Notebook,
        runner: Runner,
        flights: Flights,
        offer: Offer,
        folder: Path,
        term: timedelta,
    ) -> None:
        self._steps = steps
        self._store = store
        self._devices = devices
        self._timing = TimingCaches(store, notebook, offer)
        self._runner = runner
        self._flights = flights
        self._offer = offer
        self._folder = folder
        self._term = term

    def __call__(self, queue: Queue) -> bool:
        """Carry out the best step there is; False when there is none to be had.

        Raises:
            DatabaseAway: nothing could be claimed. What was claimed is always brought to an end.
        """
        if self._flights.closing.is_set():
            return False
        match queue:
            case Queue.CPU:
                return self._one(queue, None)
            case Queue.GPU:
                return any(self._on(gpu) for gpu in self._offer.gpus)
            case _:
                assert_never(queue)

    def _on(self, gpu: Gpu) -> bool:
        """A step on this device, unless there is one on it already."""
        if self._flights.on(gpu.uuid):
            return False
        with self._devices.alone(gpu.uuid) as ours:
            return ours and self._one(Queue.GPU, gpu)

    def _one(self, queue: Queue, gpu: Gpu | None) -> bool:
        offer = self._offer
        claimed = self._steps.claim(offer.worker, offer.capabilities, queue, self._term, gpu)
        if claimed is None:
            return False
        record = log.bind(step=claimed.step, job=claimed.job, attempt=claimed.lease.attempt)
        record.info("step_claimed", what=claimed.action.title, gpu=gpu.uuid if gpu else None)
        with self._flights.hold(claimed) as flight:
            outcome, usage = self._carry_out(flight)
            settled = self._settle(flight, outcome, usage)
        record.info(
            "step_settled" if settled else "step_let_go",
            outcome=type(outcome).__name__.lower(),
            seconds=round(usage.seconds, 3),
            peak_memory=usage.peak_memory,
        )
        return True

    def _carry_out(self, flight: Flight) -> tuple[Outcome, Usage]:
        claimed = flight.claimed
        name = f"{claimed.step}-{claimed.lease.attempt}"
        try:
            with (
                private_folder(self._folder / name) as folder,
                Reporter(self._steps, flight, self._flights) as reporter,
            ):
                loaded = self._timing.load(claimed, folder)
                order = order_for(claimed, loaded)
                self._fetch(claimed, order, folder)
                outcome, usage = self._runner.run(
                    order, folder, hear=reporter.hear, stop=flight.is_landing
                )
                kept = self._kept(claimed, folder / order.output, outcome)
                if loaded is not None and isinstance(kept, Produced):
                    self._timing.keep(loaded, folder)
                return kept, usage
        except Passing as error:
            return Broke(error.fault), UNUSED
        except FerryError as error:
            lost = Crashed(f"The store refused a file of the step: {error}")
            return Broke(lost.fault), UNUSED
        except OSError as error:
            return Broke(_machine_fault(error).fault), UNUSED
        except Exception:  # whatever it was: the step must come to an end
            log.exception("step_crashed", step=claimed.step, job=claimed.job)
            crashed = Crashed("The worker failed while it ran the step; its log says how.")
            return Broke(crashed.fault), UNUSED

    def _fetch(self, claimed: Claimed, order: WorkOrder, folder: Path) -> None:
        for role, given in order.inputs.items():
            digest = claimed.inputs[role].digest
            try:
                self._store.fetch(digest, folder / given.path)
            except NotFound:
                self._steps.forget(digest)  # so that a retry of the job writes it again
                raise

    def _kept(self, claimed: Claimed, output: Path, outcome: Outcome) -> Outcome:
        """The same outcome, with its artifact in the store."""
        if not isinstance(outcome, Produced) or not isinstance(claimed.action, Convert):
            return outcome
        digest, size = self._store.put(output)
        artifact = Artifact(digest=digest, format=claimed.action.target, size=size)
        return Produced(artifact=artifact, report=outcome.report)

    def _settle(self, flight: Flight, outcome: Outcome, usage: Usage) -> bool:
        """Tell it to the database, however long that is away; False if it is not ours to tell."""
        told = _as_told(flight, outcome)
        for pause in _backoff():
            if flight.reason is Landing.LOST:
                return False
            try:
                self._steps.settle(flight.claimed, told, usage, self._offer)
            except LeaseLost:
                return False
            except DatabaseAway as error:
                log.warning("settle_waits", step=flight.claimed.step, error=str(error))
                if self._flights.halted.wait(pause):
                    return False  # the lease runs out, and the sweeper takes the step back
            else:
                return True
        raise AssertionError  # _backoff never ends


def order_for(claimed: Claimed, loaded: Loaded | None = None) -> WorkOrder:
    """What the child is told. Libraries look at file names, so each has its format's suffix."""
    action = claimed.action
    output = f"output{_suffix(action.target)}" if isinstance(action, Convert) else "output"
    inputs = {
        role: Input(path=f"{role}{_suffix(given.format)}", format=given.format)
        for role, given in claimed.inputs.items()
    }
    return WorkOrder(
        action=action,
        inputs=inputs,
        output=output,
        tolerances=tolerances(asked(action.options)),
        gpu=claimed.gpu,
        caches=tuple(loaded.files) if loaded is not None else (),
        cache_output=OUTPUT if loaded is not None else None,
        route=claimed.route,
    )


def _suffix(format: str) -> str:
    return FORMATS[format].suffixes[0] if format in FORMATS else f".{format}"


def _as_told(flight: Flight, outcome: Outcome) -> Outcome:
    """A step that was put down: for good if its job was cancelled, else for another worker."""
    match flight.reason, outcome:
        case Landing.CANCELLED, Broke():
            return Stopped()
        case Landing.CLOSING, Stopped():
            return Broke(WorkerLost("The worker was told to stop; the step is tried again.").fault)
        case _:
            return outcome


def _machine_fault(error: OSError) -> FerryError:
    if error.errno in FULL:
        return StorageFull("The worker's disk is full; the step is tried again.")
    return Crashed(f"The worker could not run the step: {error.strerror}.")


def _backoff() -> Iterator[float]:
    """Seconds."""
    return chain((0.1, 0.2, 0.5, 1.0, 2.0), repeat(5.0))
