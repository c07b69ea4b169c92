"""The worker: its parts, put together, from its start to its stop."""

import os
import secrets
import socket
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from celery import Celery, signals

from shared.adapters.doorbell import TASK
from shared.bootstrap import fleet_services
from shared.domain.gpus import Gpu
from shared.domain.offers import Offer, Queue
from shared.domain.plans import Action, Convert
from shared.services.execute import Execute
from shared.services.flights import Flights
from shared.settings import Settings
from shared.telemetry import logger
from workers.converters import catalogue
from workers.doorbells import doors, listen
from workers.gpus import Found, discover
from workers.heartbeat import Heartbeat
from workers.hearth import Hearth, clean_environment
from workers.libraries import homes, probe, wanted
from workers.limits import ISOLATION, Limits
from workers.offering import offer, served
from workers.runner import ChildRunner
from workers.scratch import Scratch
from workers.tasks import answer_with, places
from workers.warm import PRELOAD

log = logger(__name__)


def run(
    settings: Settings, preload: Sequence[str] = PRELOAD, gpus: tuple[Gpu, ...] | None = None
) -> int:
    """Work until told to stop; the exit status. Belongs on the main thread.

    Args:
        gpus: the devices to work with, where they are not to be looked for.

    Raises:
        SettingsError: a setting names a folder that is not fit for its purpose.
    """
    where = homes(settings)
    scratch = Scratch(settings.work_dir)
    found = _gpus(settings) if gpus is None else Found(gpus)
    ours = _offer(settings, found, where, scratch.warm)
    hearth = Hearth(scratch.warm, threads=_threads(ours), preload=preload, variables=where)
    hearth.light()
    flights = Flights()
    services = fleet_services(settings)
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
        devices=services.devices,
        notebook=services.notebook,
        runner=ChildRunner(
            hearth,
            limits,
            log_limit=settings.log_limit,
            environment=environment_of,
            grace=grace_of,
        ),
        flights=flights,
        offer=ours,
        folder=scratch.steps,
        term=settings.lease,
    )
    app = doors(settings, ours.bells)
    answer_with(app, execute, ours)
    heartbeat.start()
    try:
        return _listen(app, ours, settings, flights)
    finally:
        flights.halt()
        heartbeat.stop()
        hearth.close()
        scratch.close()
        log.info("worker_stopped", worker=ours.worker)


def environment_of(action: Action) -> Mapping[str, str]:
    """What an action's child must find in its environment before its first import."""
    return catalogue()[action.converter].environment if isinstance(action, Convert) else {}


def grace_of(action: Action) -> float:
    """Seconds that an action's child has to end by itself when it is stopped."""
    return catalogue()[action.converter].grace if isinstance(action, Convert) else 0.0


def _gpus(settings: Settings) -> Found:
    found = discover() if Queue.GPU in settings.queues else Found()
    for sentence in found.missing:
        log.warning("gpu_missing", missing=sentence)
    return found


def _offer(settings: Settings, found: Found, where: Mapping[str, str], folder: Path) -> Offer:
    """What can be done here, with what is missing for the rest."""
    queues = served(settings.queues, found.gpus)
    clean = clean_environment(folder, threads=1) | dict(where)
    libraries = probe(wanted(queues), clean, folder)
    for sentence in libraries.missing:
        log.warning("library_missing", missing=sentence)
    at_once = settings.worker_slots * (Queue.CPU in queues) + len(found.gpus)
    host = socket.gethostname()
    return offer(
        worker=f"{host}-{os.getpid()}-{secrets.token_hex(3)}",
        host=host,
        queues=queues,
        slots=settings.worker_slots,
        memory=settings.step_memory * at_once,
        isolation=dict(ISOLATION),
        libraries=libraries.found,
        gpus=found.gpus,
        missing=(*found.missing, *libraries.missing),
    )


def _listen(app: Celery, ours: Offer, settings: Settings, flights: Flights) -> int:
    """Answer doorbells until a signal ends it; then what is in hand has its grace."""
    patience = threading.Timer(settings.stop_grace, flights.halt)
    patience.daemon = True

    def stopping(**_: Any) -> None:
        if not flights.closing.is_set():
            flights.closing.set()
            log.info("worker_stopping", worker=ours.worker, in_hand=len(flights.leases()))
            patience.start()

    def ready(**_: Any) -> None:
        log.info("worker_ready", worker=ours.worker)
        for bell, slots in ours.bells.items():
            for _slot in range(slots):  # what was rung for while nobody listened
                app.send_task(TASK, queue=bell)

    signals.worker_shutting_down.connect(stopping, weak=False)
    signals.worker_ready.connect(ready, weak=False)
    status = listen(app, ours.worker, max(1, places(ours)))
    patience.cancel()
    return status


def _threads(ours: Offer) -> int:
    return max(1, len(os.sched_getaffinity(0)) // max(1, places(ours)))
