"""The feed: who watches a job is told when something happened to it."""

import threading
from collections.abc import Callable
from typing import Final

import psycopg

from shared.adapters.events import CHANNEL
from shared.telemetry import logger

log = logger(__name__)

Callback = Callable[[str | None], None]

POLL: Final = 0.5
"""Seconds between looks at whether the feed is being closed."""

LONGEST_PAUSE: Final = 5.0
"""Seconds between attempts to reconnect, at most."""


class EventFeed:
    """One thread that listens on one connection, for as many watchers as there are.

    A callback is called on that thread and must return at once. It is given the id of a job
    that has new events, or None after the connection was lost and found again: anything may
    have happened meanwhile.
    """

    def __init__(self, url: str) -> None:
        self._url = url.replace("postgresql+psycopg://", "postgresql://", 1)
        self._callbacks: dict[object, Callback] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self.listening = threading.Event()
        self._thread = threading.Thread(target=self._run, name="event-feed", daemon=True)
        self._thread.start()

    def subscribe(self, callback: Callback) -> Callable[[], None]:
        """Call `callback` from now on; returns what ends it."""
        token = object()
        with self._lock:
            self._callbacks[token] = callback

        def unsubscribe() -> None:
            with self._lock:
                self._callbacks.pop(token, None)

        return unsubscribe

    def close(self) -> None:
        """Stop listening; returns when the thread has ended."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        pause = 0.1
        while not self._closing.is_set():
            try:
                with psycopg.connect(self._url, autocommit=True, connect_timeout=3) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    self.listening.set()
                    pause = 0.1
                    self._tell(None)
                    self._listen(connection)
            except psycopg.OperationalError as error:
                self.listening.clear()
                log.warning("feed_lost", error=str(error), pause=pause)
                self._closing.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    def _listen(self, connection: psycopg.Connection) -> None:
        while not self._closing.is_set():
            for note in connection.notifies(timeout=POLL):
                self._tell(note.payload)

    def _tell(self, job: str | None) -> None:
        with self._lock:
            callbacks = tuple(self._callbacks.values())
        for callback in callbacks:
            try:
                callback(job)
            except Exception:
                log.exception("feed_callback_failed", job=job)
