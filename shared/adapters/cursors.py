"""Cursors: where a page of a list ended. Opaque to those who carry them."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from uuid import UUID

from shared.domain.errors import BadRequest


def write(created_at: datetime, id: UUID) -> str:
    return urlsafe_b64encode(f"{created_at.isoformat()}|{id}".encode()).decode()


def read(cursor: str) -> tuple[datetime, UUID]:
    """
    Raises:
        BadRequest: it was not written by us.
    """
    try:
        text = urlsafe_b64decode(cursor.encode("ascii")).decode("ascii")
        moment, _, last = text.partition("|")
        created_at, id_of_last = datetime.fromisoformat(moment), UUID(last)
    except ValueError:
        raise _foreign() from None
    if created_at.tzinfo is None:
        raise _foreign()
    return created_at, id_of_last


def _foreign() -> BadRequest:
    return BadRequest(
        "The cursor is not one that this service gave out. Take `next_cursor` of the page before,"
        " or leave it away to begin at the newest.",
        field="cursor",
    )
