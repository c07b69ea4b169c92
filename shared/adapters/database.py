"""The database: one engine, transactions as a context, and its absence under one name."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from pydantic_core import to_json
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.orm import Session

from shared.domain.errors import DatabaseAway

CONNECT_TIMEOUT: Final = 3
"""Seconds until a server that does not answer is called away."""

AWAY: Final = ("08", "57P", "53")
"""SQLSTATE classes of a lost connection, a server going down, and one without resources."""

_OUT_OF_REACH: Final = "The database does not answer. Nothing was changed; try again shortly."


class Database:
    """A pool of connections to one PostgreSQL database."""

    def __init__(self, url: str, *, pool_size: int = 16) -> None:
        self.url = url
        self.engine = create_engine(
            url,
            pool_pre_ping=True,
            pool_size=pool_size,
            max_overflow=16,
            pool_timeout=CONNECT_TIMEOUT,
            connect_args={"connect_timeout": CONNECT_TIMEOUT, "application_name": "modelferry"},
            json_serializer=_json,
        )

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """One transaction: committed at the end of the block, rolled back by an exception.

        Raises:
            DatabaseAway: the server cannot be reached, or was lost before the commit was known.
        """
        try:
            with Session(self.engine, expire_on_commit=False) as session, session.begin():
                yield session
        except PoolExhausted as error:
            raise DatabaseAway("Every connection to the database is in use.") from error
        except DBAPIError as error:
            if _is_away(error):
                raise DatabaseAway(_OUT_OF_REACH) from error
            raise

    def ping(self) -> None:
        """
        Raises:
            DatabaseAway: the server does not answer.
        """
        with self.begin() as session:
            session.execute(text("SELECT 1"))

    def close(self) -> None:
        self.engine.dispose()


def _is_away(error: DBAPIError) -> bool:
    """Whether the server is gone, as against having refused a statement (a deadlock, say)."""
    if error.connection_invalidated:
        return True
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    return state is None or state.startswith(AWAY)


def _json(value: Any) -> str:
    """JSON that jsonb takes: reports hold NaN and infinities, and logs hold NUL characters."""
    return to_json(value, inf_nan_mode="strings").decode().replace("\\u0000", "\\ufffd")
