"""Progress: how far a transfer has come, told to whoever wants to draw it."""

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called with what is done (`packing`, `hashing`, `uploading`, `downloading`), bytes, of bytes."""


def silent(what: str, done: int, total: int) -> None:
    """For those who do not want to know."""
