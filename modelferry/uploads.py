"""Uploads: a file sent in parts, that goes on where it stopped; even in another process."""

import base64
import hashlib
import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import httpx

from modelferry.errors import (
    BadAnswer,
    Conflict,
    ModelferryError,
    NotFound,
    Passing,
    RequestTimeout,
    Unreachable,
)
from modelferry.progress import Progress, silent
from modelferry.sources import Source, chunks
from modelferry.transport import Transport, body
from modelferry.types import ModelView, UploadView
from modelferry.wire import read

FORGOTTEN: Final = 7 * 86400.0  # seconds after which a state file is of no more use


def send(
    transport: Transport, source: Source, *, format: str | None = None, progress: Progress = silent
) -> ModelView:
    """Upload a source; bytes that the service has of this upload already are not sent again.

    Raises:
        BadUpload: the service cannot use the file; the class says why.
        Passing: the service went away; calling this again goes on where it stopped.
    """
    memory = _Memory(transport, source, format)
    upload = _begun(transport, source, format, memory)
    memory.note(upload.id)
    try:
        upload = _filled(transport, source, upload, progress)
        model = _completed(transport, upload)
    except Passing:
        raise
    except ModelferryError:
        memory.forget()
        raise
    memory.forget()
    return model


def _begun(
    transport: Transport, source: Source, format: str | None, memory: "_Memory"
) -> UploadView:
    known = memory.upload_id()
    if known is not None:
        try:
            upload = read(UploadView, transport.get(f"/v1/uploads/{known}"))
        except NotFound:
            memory.forget()
        else:
            if upload.state != "aborted":
                return upload
    opening = {"name": source.name, "size": source.size, "digest": source.digest}
    if format is not None:
        opening["format"] = format
    return read(UploadView, body(transport.ask("POST", "/v1/uploads", json=opening)))


def _filled(
    transport: Transport, source: Source, upload: UploadView, progress: Progress
) -> UploadView:
    """Send what is missing, asking anew what that is whenever the connection broke.

    A broken connection is not proof that the part did not arrive, and may hide the answer by
    which the service refused it: the upload itself knows.
    """
    ends = time.monotonic() + transport.patience
    tries = 0
    while True:
        missing = _missing(upload)
        try:
            for number in missing:
                _send_part(transport, source, upload, number, progress)
                ends, tries = time.monotonic() + transport.patience, 0
        except (httpx.TransportError, Passing, RequestTimeout) as error:
            trouble: ModelferryError = (
                transport.unreachable(error) if isinstance(error, httpx.TransportError) else error
            )
            pause = transport.pause(tries, trouble)
            if time.monotonic() + pause > ends:
                raise trouble from error
            time.sleep(pause)
            tries += 1
            upload = read(UploadView, transport.get(f"/v1/uploads/{upload.id}"))
        else:
            return upload


def _missing(upload: UploadView) -> list[int]:
    if upload.state == "completed":
        return []
    count = -(-upload.size // upload.part_size)
    have = {part.number for part in upload.parts}
    return [number for number in range(1, count + 1) if number not in have]


def _send_part(
    transport: Transport, source: Source, upload: UploadView, number: int, progress: Progress
) -> None:
    start = (number - 1) * upload.part_size
    end = min(start + upload.part_size, upload.size)
    digest = hashlib.sha256()
    for chunk in chunks(source.path, start, end):
        digest.update(chunk)
    written = base64.b64encode(digest.digest()).decode()

    def told() -> Iterator[bytes]:
        done = start
        for chunk in chunks(source.path, start, end):
            yield chunk
            done += len(chunk)
            progress("uploading", done, upload.size)

    transport.once(
        "PUT",
        f"/v1/uploads/{upload.id}/parts/{number}",
        content=told(),
        headers={
            "Content-Length": str(end - start),
            "Content-Type": "application/octet-stream",
            "Content-Digest": f"sha-256=:{written}:",
        },
    )


def _completed(transport: Transport, upload: UploadView) -> ModelView:
    try:
        path = f"/v1/uploads/{upload.id}/complete"
        return read(ModelView, body(transport.ask("POST", path, repeatable=False)))
    except (Conflict, Unreachable):
        # It may have been completed by a request whose answer was lost.
        now = read(UploadView, transport.get(f"/v1/uploads/{upload.id}"))
        if now.state != "completed":
            raise
    if now.model_id is None:
        raise BadAnswer(f"Upload {upload.id} is completed and names no model.")
    return read(ModelView, transport.get(f"/v1/models/{now.model_id}"))


class _Memory:
    """Which upload these bytes were last sent by, kept in the user's cache folder.

    The key is the content (and the service, tenant and format), so that a file that was
    touched, moved or packed anew goes on, and one that was changed does not.
    """

    def __init__(self, transport: Transport, source: Source, format: str | None) -> None:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        self._folder = cache / "modelferry" / "uploads"
        about = [transport.url, transport.tenant, source.name, source.digest, format]
        key = hashlib.sha256(json.dumps(about).encode()).hexdigest()
        self._path = self._folder / f"{key}.json"

    def upload_id(self) -> str | None:
        try:
            told = json.loads(self._path.read_text())
        except (OSError, ValueError):
            return None
        known = told.get("upload_id") if isinstance(told, dict) else None
        return known if isinstance(known, str) else None

    def note(self, upload_id: str) -> None:
        # Without a cache folder that can be written to, an upload works as well; it only
        # cannot be gone on with by another process.
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            for old in self._folder.glob("*.json"):
                if old.stat().st_mtime < time.time() - FORGOTTEN:
                    old.unlink(missing_ok=True)
            self._path.write_text(json.dumps({"upload_id": upload_id}))

    def forget(self) -> None:
        with suppress(OSError):  # as above: what cannot be written is not there either
            self._path.unlink(missing_ok=True)
