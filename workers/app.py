"""The worker: its parts, put together, from its start to its stop."""

import os
import secrets
import socket
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from celery import Celery, signals

from shared.adapters.doorbell import TASK
from shared.bootstrap import fleet_services
from shared.domain.offers import Queue
from shared.domain.plans import Action, Convert
from shared.services.execute import Execute
from shared.services.flights import Flights
from shared.settings import Settings
from shared.telemetry import logger
from workers.converters import catalogue
from workers.doorbells import doors, listen
from workers.heartbeat import Heartbeat
from workers.hearth import Hearth
from workers.limits import ISOLATION, Limits
from workers.offering import offer
from workers.runner import ChildRunner
from workers.scratch import Scratch
from workers.tasks import answer_with
from workers.warm import PRELOAD

log = logger(__name__)


def run(settings: Settings, preload: Sequence[str] = PRELOAD) -> int:
    """Work until told to stop; the exit status. Belongs on the main thread."""
    scratch = Scratch(settings.work_dir)
    hearth = Hearth(scratch.warm, threads=_threads(settings.worker_slots), preload=preload)
    hearth.light()
    flights = Flights()
    services = fleet_services(settings)
    ours = offer(
        worker=f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}",
        host=socket.gethostname(),
        queues=settings.queues,
        slots=settings.worker_slots,
        memory=settings.step_memory * settings.worker_slots,
        isolation=dict(ISOLATION),
    )
    heartbeat = Heartbeat(
        steps=services.steps,
        fleet=services.fleet,
        flights=flights,
        offer=ours,
        interval=settings.heartbeat,
        term=settings.lease,
        mark=scratch.mark,
    )
    limits = Limits(settings.step_memory, settings.step_disk, settings.step_deadline)
    execute = Execute(
        steps=services.steps,
        store=services.store,
        runner=ChildRunner(
            hearth, limits, log_limit=settings.log_limit, environment=environment_of
        ),
        flights=flights,
        offer=ours,
        folder=scratch.steps,
        term=settings.lease,
    )
    app = doors(settings, tuple(queue.value for queue in ours.queues))
    answer_with(app, execute, ours.queues)
    heartbeat.start()
    try:
        return _listen(app, ours.worker, ours.queues, settings, flights)
    finally:
        flights.halt()
        heartbeat.stop()
        hearth.close()
        scratch.close()
        log.info("worker_stopped", worker=ours.worker)


def environment_of(action: Action) -> Mapping[str, str]:
    """What an action's child must find in its environment before its first import."""
    return catalogue()[action.converter].environment if isinstance(action, Convert) else {}


def _listen(
    app: Celery, worker: str, queues: tuple[Queue, ...], settings: Settings, flights: Flights
) -> int:
    """Answer doorbells until a signal ends it; then what is in hand has its grace."""
    patience = threading.Timer(settings.stop_grace, flights.halt)
    patience.daemon = True

    def stopping(**_: Any) -> None:
        if not flights.closing.is_set():
            flights.closing.set()
            log.info("worker_stopping", worker=worker, in_hand=len(flights.leases()))
            patience.start()

    def ready(**_: Any) -> None:
        log.info("worker_ready", worker=worker)
        for queue in queues:
            for _slot in range(settings.worker_slots):  # what was rung for while nobody listened
                app.send_task(TASK, queue=queue.value)

    signals.worker_shutting_down.connect(stopping, weak=False)
    signals.worker_ready.connect(ready, weak=False)
    status = listen(app, worker, settings.worker_slots)
    patience.cancel()
    return status


def _threads(slots: int) -> int:
    return max(1, len(os.sched_getaffinity(0)) // slots)
