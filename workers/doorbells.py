"""Doorbells: Celery as we use it, to be woken up and for nothing else."""

from collections.abc import Iterable
from typing import Any

from celery import Celery, Task, signals
from celery.app.amqp import AMQP
from celery.worker.request import Request
from kombu import Connection, Queue
from typing_extensions import override

from shared.adapters.doorbell import kombu_url
from shared.settings import Settings
from workers.slots import Slots

FIRST_RETRY, NEXT_RETRY, LAST_RETRY = 0.2, 0.3, 2.0
"""Seconds between attempts to reach a broker that is away."""


NOBODY = "nobody"
"""The bell that is never rung: for a worker that has nothing to listen for."""


class PatientConnection(Connection):  # type: ignore[misc]  # kombu has no types
    """Comes back within seconds; kombu's own pauses grow to half a minute."""

    @override
    def ensure_connection(self, *args: Any, **options: Any) -> Connection:
        pauses = {
            "interval_start": FIRST_RETRY,
            "interval_step": NEXT_RETRY,
            "interval_max": LAST_RETRY,
        }
        return super().ensure_connection(*args, **(pauses | options))


class Doors(AMQP):  # type: ignore[misc]  # celery has no types
    Connection = PatientConnection


class Ring(Request):  # type: ignore[misc]  # celery has no types
    """A doorbell needs no answer.

    kombu counts deliveries until they are acknowledged, and an acknowledgement that meets a dead
    broker is counted for ever: enough of those, and the consumer never asks for another message.
    """

    @override
    def acknowledge(self) -> None:
        self.acknowledged = True


class Answer(Task):  # type: ignore[misc]  # celery has no types
    Request = Ring
    ignore_result = True


def doors(settings: Settings, bells: Iterable[str]) -> Celery:
    """The Celery application of one worker, which listens for these bells.

    Nothing that it keeps is relied on.
    """
    app = Celery("modelferry", broker=kombu_url(settings.broker_url), amqp=Doors)
    app.conf.update(
        accept_content=["json"],
        broker_connection_max_retries=None,
        broker_connection_retry=True,
        broker_connection_retry_on_startup=True,
        broker_transport_options={
            "socket_connect_timeout": 2,
            "socket_timeout": 10,
            "socket_keepalive": True,
            "health_check_interval": 5,
        },
        task_create_missing_queues=False,
        task_default_queue=NOBODY,
        task_ignore_result=True,
        task_queues=[Queue(name, no_ack=True) for name in bells],
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_disable_prefetch=True,
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
        worker_prefetch_multiplier=1,
        worker_redirect_stdouts=False,
        worker_send_task_events=False,
    )
    return app


def listen(app: Celery, name: str, slots: int) -> int:
    """Hear doorbells, with a thread for each slot, until a signal ends it; the exit status."""
    signals.setup_logging.connect(_ours_is_set_up, weak=False)
    worker = app.Worker(
        hostname=name,
        pool=Slots,
        concurrency=slots,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        quiet=True,
    )
    worker.start()
    return int(worker.exitcode or 0)


def _ours_is_set_up(**_: Any) -> None:
    """Celery leaves logging alone when somebody else says that they have seen to it."""
