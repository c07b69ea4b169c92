"""Identifiers in addresses: what cannot be an id names nothing."""

import uuid

from shared.domain.artifacts import DIGEST
from shared.domain.errors import NotFound


def identifier(kind: str, text: str) -> str:
    """The id as the service writes it.

    Args:
        kind: what it would name, for the sentence: `model`, say.

    Raises:
        NotFound: it is no UUID.
    """
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise NotFound(f"There is no {kind} {text!r}: its id would be a UUID.") from None


def digest(text: str) -> str:
    """The digest, checked.

    Raises:
        NotFound: it is none.
    """
    if not DIGEST.fullmatch(text):
        raise NotFound(
            f"There is no artifact {text!r}: artifacts are named 'sha256:' and 64 hex digits."
        )
    return text
