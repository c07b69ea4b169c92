"""Locks: one process at a time, by name, over all machines of the fleet.

Postgres' advisory locks, of a session: whoever dies gives them back with its connection. A key
is the first 64 bits of the SHA-256 of `modelferry:` and the lock's name, so that it meets no
key of other programs in the same database but by a chance of one in 2^64.
"""

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, LiteralString

import psycopg

from shared.adapters.database import CONNECT_TIMEOUT
from shared.domain.errors import DatabaseAway
from shared.telemetry import logger

log = logger(__name__)

NAMESPACE: Final = "modelferry"

STALL: Final = 10_000
"""Milliseconds that a statement may go unanswered by the server's machine."""

PAUSE: Final = 0.01
"""Seconds between two looks at a lock that another process holds."""

# Joined to what this server knows: older ones lack some. A host that loses its power says no
# goodbye, so the server asks after it, and nobody ends a session for being idle.
_OURS: Final = """
    SELECT set_config(name, value, false)
    FROM (VALUES ('idle_session_timeout', '0'), ('statement_timeout', '0'),
                 ('tcp_keepalives_idle', '20'), ('tcp_keepalives_interval', '10'),
                 ('tcp_keepalives_count', '3')) AS wanted (name, value)
    JOIN pg_settings USING (name)
"""


class Locks:
    """One connection for each lock that was ever asked for, and none of the pool's."""

    def __init__(self, url: str) -> None:
        self._url = url.replace("postgresql+psycopg://", "postgresql://", 1)
        self._guard = threading.Lock()
        self._locks: dict[str, _Lock] = {}

    @contextmanager
    def held(self, name: str, patience: float) -> Iterator[bool]:
        """Hold the lock within the block; False where another holds it.

        A connection that breaks within the block takes the lock along: the block is not
        disturbed, and the log says so afterwards.

        Args:
            patience: seconds to wait for it.

        Raises:
            DatabaseAway: nobody can say who holds it. Never after the block has begun.
        """
        with self._guard:
            lock = self._locks.setdefault(name, _Lock(self._url, name))
        deadline = time.monotonic() + patience
        if not lock.ours.acquire(timeout=patience):
            yield False
            return
        try:
            taken = lock.take(deadline)
            try:
                yield taken
            finally:
                if taken:
                    lock.give()
        finally:
            lock.ours.release()

    def close(self) -> None:
        """Hang up, and so let go of everything."""
        with self._guard:
            for lock in self._locks.values():
                lock.hang_up()


class _Lock:
    """`ours` keeps our own threads apart: to Postgres they are one session."""

    def __init__(self, url: str, name: str) -> None:
        self.ours = threading.Lock()
        self._url = url
        self._name = name
        self._key = key_of(name)
        self._line: psycopg.Connection | None = None

    def take(self, deadline: float) -> bool:
        while not self._try():
            if time.monotonic() >= deadline:
                return False
            time.sleep(PAUSE)
        return True

    def give(self) -> None:
        try:
            if self._line is not None and _ask(self._line, "pg_advisory_unlock", self._key):
                return
        except psycopg.Error as error:
            log.warning("lock_lost", lock=self._name, error=str(error))
        else:
            log.warning("lock_lost", lock=self._name, error="the session does not hold it")
        self.hang_up()

    def hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None

    def _try(self) -> bool:
        """A line that has lain idle may have broken meanwhile; a fresh one has no excuse."""
        if self._line is not None:
            try:
                return _ask(self._line, "pg_try_advisory_lock", self._key)
            except psycopg.OperationalError:
                self.hang_up()
        try:
            self._line = self._connected()
            return _ask(self._line, "pg_try_advisory_lock", self._key)
        except psycopg.OperationalError as error:
            self.hang_up()
            raise DatabaseAway("The database does not answer; no lock can be taken.") from error

    def _connected(self) -> psycopg.Connection:
        line = psycopg.connect(
            self._url,
            autocommit=True,
            connect_timeout=CONNECT_TIMEOUT,
            tcp_user_timeout=STALL,
            application_name="modelferry-lock",
        )
        line.execute(_OURS)
        return line


def _ask(line: psycopg.Connection, function: LiteralString, key: int) -> bool:
    row = line.execute(f"SELECT {function}(%s)", (key,)).fetchone()
    return row is not None and bool(row[0])


def key_of(name: str) -> int:
    """The key of a lock, as Postgres takes it: 64 bits with a sign."""
    digest = hashlib.sha256(f"{NAMESPACE}:{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
