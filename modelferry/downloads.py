"""Downloads: to a name beside the target, resumed, checked, then renamed."""

import hashlib
import time
from pathlib import Path
from typing import Final

from modelferry.errors import CorruptDownload, Misuse, Passing
from modelferry.progress import Progress, silent
from modelferry.sources import chunks
from modelferry.transport import Transport
from modelferry.types import OutputView

PARTIAL_CONTENT: Final = 206


def receive(
    transport: Transport, output: OutputView, target: Path, *, progress: Progress = silent
) -> Path:
    """Download an artifact; `target` appears whole and right, or not at all.

    What arrived before a connection broke is kept, and gone on from, also by a later call.

    Args:
        target: a file, or a folder that the artifact's own filename is put into.

    Raises:
        CorruptDownload: the bytes are not those that the digest names.
        Misuse: the target's folder cannot be written to, or is full.
    """
    if target.is_dir():
        target = target / output.filename
    name = output.digest.removeprefix("sha256:")[:16]
    partial = target.with_name(f".{target.name}.{name}.part")
    try:
        partial.touch()
        _complete(transport, output, partial, progress)
    except OSError as error:
        raise Misuse(
            f"Cannot write to {str(target.parent)!r}: {error.strerror}. Give another place.",
            field="output",
        ) from error
    digest = hashlib.sha256()
    for chunk in chunks(partial, 0, partial.stat().st_size):
        digest.update(chunk)
    if f"sha256:{digest.hexdigest()}" != output.digest:
        partial.unlink()
        raise CorruptDownload(
            f"The bytes that arrived are not {output.digest}. Download it again; if that does"
            " not help, something between here and the service changes them."
        )
    return partial.replace(target)


def _complete(transport: Transport, output: OutputView, partial: Path, progress: Progress) -> None:
    ends = time.monotonic() + transport.patience
    tries = 0
    while (have := partial.stat().st_size) < output.size:
        try:
            _fetch(transport, output, partial, have, progress)
            trouble = Passing("The service closed the connection early, over and over.")
        except Passing as error:
            trouble = error
        now = partial.stat().st_size
        if now >= output.size:
            return
        if now > have:
            ends, tries = time.monotonic() + transport.patience, 0
        pause = transport.pause(tries, trouble)
        if time.monotonic() + pause > ends:
            raise trouble
        time.sleep(pause)
        tries += 1


def _fetch(
    transport: Transport, output: OutputView, partial: Path, have: int, progress: Progress
) -> None:
    # Ranges and sizes are of the bytes as stored, so nothing on the way may compress them.
    headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    path = f"/v1/artifacts/{output.digest}"
    with transport.stream(path, headers, redirects=True) as response:
        resumed = response.status_code == PARTIAL_CONTENT
        done = have if resumed else 0
        with partial.open("ab" if resumed else "wb") as file:
            # As they come: chunks of a fixed size are lost up to that size when the line breaks.
            for chunk in response.iter_raw():
                file.write(chunk)
                done += len(chunk)
                progress("downloading", done, output.size)
