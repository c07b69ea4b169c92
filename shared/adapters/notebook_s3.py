"""A notebook in a bucket: by conditional writes, or by turns where the server knows none."""

import hashlib
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    NotSupportedError,
    PreconditionError,
)
from typing_extensions import override

from shared.adapters.blobs import PAGES, answering, page_key
from shared.adapters.buckets import open_bucket
from shared.adapters.locks import Locks
from shared.domain.errors import NotFound, StoreAway
from shared.ports import Notebook
from shared.telemetry import logger

log = logger(__name__)

TURN: Final = 30.0
"""Seconds to wait for one's turn at a page, where the server knows no conditions."""

_REFUSED: Final = (AlreadyExistsError, PreconditionError)
_NOT_IMPLEMENTED: Final = ("501 Not Implemented", "NotImplemented")


class S3Notebook(Notebook):
    """Pages as objects. Their tag is the server's ETag.

    `If-None-Match: *` and `If-Match` on a PUT make the swap. Amazon's S3, Cloudflare's R2, MinIO
    and moto honour both; others refuse them (501) or, worse, take no notice (`rclone serve s3`).
    So they are tried out on a page of no meaning before the first one that has any. Where they
    fail, whoever reads or writes a page holds a lock of Postgres meanwhile, which all workers
    of the fleet ask for, so that no entry is lost there either. That is weaker in one point: a
    connection to the database that breaks between the look at the tag and the write takes the
    lock along, and another may write in that moment.

    A swap whose answer got lost may say False of a page that it has written.
    """

    def __init__(self, url: str, locks: Locks) -> None:
        self._bucket = open_bucket(url)
        self._locks = locks
        self._guard = threading.Lock()
        self._conditional: bool | None = None  # until it was tried

    @override
    def read(self, name: str) -> tuple[bytes, str] | None:
        with self._turn(name):
            return self._found(name)

    @override
    def swap(self, name: str, page: bytes, tag: str | None) -> bool:
        with self._turn(name) as conditional:
            if conditional:
                return self._put(page_key(name), page, tag)
            found = self._found(name)
            if (found[1] if found else None) != tag:
                return False
            with answering():
                obstore.put(self._bucket, page_key(name), page, use_multipart=False)
            return True

    def _found(self, name: str) -> tuple[bytes, str] | None:
        try:
            with answering():
                answer = obstore.get(self._bucket, page_key(name))
                page = bytes(answer.bytes())
        except NotFound:
            return None
        return page, answer.meta["e_tag"] or f"sha256:{hashlib.sha256(page).hexdigest()}"

    def _put(self, key: str, page: bytes, tag: str | None) -> bool:
        with answering():
            try:
                obstore.put(
                    self._bucket,
                    key,
                    page,
                    mode="create" if tag is None else {"e_tag": tag},
                    use_multipart=False,
                )
            except _REFUSED:
                return False
        return True

    @contextmanager
    def _turn(self, name: str) -> Iterator[bool]:
        """Whether conditions hold; where they do not, nobody else is at this page."""
        if self._honours_conditions():
            yield True
            return
        with self._locks.held(f"page:{name}", TURN) as ours:
            if not ours:
                raise StoreAway(f"Page {name} was in use for {TURN:.0f} seconds; try again.")
            yield False

    def _honours_conditions(self) -> bool:
        with self._guard:
            if self._conditional is None:
                self._conditional = self._tried()
                if not self._conditional:
                    log.info("store_without_conditions")
            return self._conditional

    def _tried(self) -> bool:
        """Write under conditions that must hold and under some that must not.

        Raises:
            StoreAway: nothing was learnt.
        """
        key = f"{PAGES}/trial-{secrets.token_hex(8)}"
        try:
            return self._keeps_conditions(key)
        except StoreAway as error:
            if not _is_unknown(error.__cause__):
                raise
            return False
        finally:
            with suppress(BaseError, FileNotFoundError):
                obstore.delete(self._bucket, [key, f"{key}-missing"])

    def _keeps_conditions(self, key: str) -> bool:
        if not self._put(key, b"first", None):
            return False
        with answering():
            first = obstore.head(self._bucket, key)["e_tag"]
        return (
            first is not None
            and not self._put(key, b"again", None)
            and self._put(key, b"second", first)
            and not self._put(key, b"stale", first)
            and not self._put(f"{key}-missing", b"stale", first)
        )


def _is_unknown(error: BaseException | None) -> bool:
    """Whether the server says that it has no such function: an answer, and no absence."""
    return isinstance(error, NotSupportedError) or any(
        word in str(error) for word in _NOT_IMPLEMENTED
    )
