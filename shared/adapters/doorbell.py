"""The doorbell: a Celery message that carries nothing. It may be lost at any moment."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError
from typing_extensions import override

from shared.domain.errors import BrokerAway
from shared.ports import Doorbell

TASK: Final = "modelferry.answer"
"""The task that a doorbell calls. It has no argument: the worker claims what is best."""

PATIENCE: Final = 1.0
"""Seconds to wait for the broker: whoever rings has someone waiting for an answer."""


class Bell(Doorbell):
    """Doorbells through a Redis or Valkey broker."""

    def __init__(self, url: str) -> None:
        self._celery = Celery("modelferry", broker=kombu_url(url), set_as_current=False)
        self._celery.conf.update(
            task_ignore_result=True,
            task_serializer="json",
            broker_connection_timeout=PATIENCE,
            broker_transport_options={
                "socket_timeout": PATIENCE,
                "socket_connect_timeout": PATIENCE,
                "max_retries": 0,
                "retry_on_timeout": False,
            },
        )

    @override
    def ring(self, bell: str, times: int = 1) -> None:
        with (
            _heard(),
            self._celery.producer_pool.acquire(block=True, timeout=PATIENCE) as producer,
        ):
            for _ in range(times):
                self._celery.send_task(
                    TASK, queue=bell, ignore_result=True, retry=False, producer=producer
                )

    @override
    def check(self) -> None:
        with _heard(), self._celery.connection_for_write() as connection:
            client: Any = connection.default_channel.client
            client.ping()


def kombu_url(url: str) -> str:
    """The broker's URL as Celery writes it: a socket's scheme differs from redis-py's."""
    return url.replace("unix://", "redis+socket://", 1) if url.startswith("unix://") else url


@contextmanager
def _heard() -> Iterator[None]:
    try:
        yield
    except (OperationalError, RedisError, OSError) as error:
        raise BrokerAway(
            "The broker does not answer, so no worker can be woken. Try again shortly."
        ) from error
