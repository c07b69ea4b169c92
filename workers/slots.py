"""Slots: the threads that answer doorbells, and tell the event loop when one is free again."""

import socket
from contextlib import suppress
from typing import Any

from celery.concurrency.thread import ApplyResult, TaskPool
from typing_extensions import override


class Slots(TaskPool):  # type: ignore[misc]  # celery has no types
    """Celery's pool of threads.

    A worker whose slots are all taken asks the broker for nothing (`worker_disable_prefetch`).
    Its event loop sees that a slot is free only when it turns, and nothing turns it: without a
    word from here the next doorbell would wait for up to a second.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._hear, self._tell = socket.socketpair()
        self._hear.settimeout(0)
        self._tell.settimeout(0)

    @override
    def register_with_event_loop(self, loop: Any) -> None:
        """Called for each connection to the broker: the loop forgets its readers with the old."""
        loop.add_reader(self._hear, self._heard)

    @override
    def on_apply(self, *args: Any, **options: Any) -> ApplyResult:
        result = super().on_apply(*args, **options)
        result.f.add_done_callback(self._free)
        return result

    @override
    def on_stop(self) -> None:
        super().on_stop()
        self._tell.close()
        self._hear.close()

    def _free(self, _: Any) -> None:
        with suppress(BlockingIOError):  # the loop has been told often enough
            self._tell.send(b"!")

    def _heard(self) -> None:
        with suppress(BlockingIOError):
            self._hear.recv(1 << 10)
