"""Artifacts: results and sources, by digest."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final
from urllib.parse import quote

from flask import Blueprint, Response, request

from api.context import services
from api.identifiers import digest as checked_digest
from api.operations import Answer, Header, operation
from api.ranges import Span, wanted
from api.schemas import DownloadQuery
from api.tenants import tenant
from shared.domain.errors import RangeNotSatisfiable, StoreAway

SIGNED_FOR: Final = timedelta(minutes=15)
FOREVER: Final = "private, max-age=31536000, immutable"
OCTETS: Final = ("application/octet-stream",)
PIECE: Final = 1 << 18
"""So small that a slow reader is given time enough for each."""

DOWNLOAD_HEADERS: Final = {
    "ETag": "The digest; strong.",
    "Accept-Ranges": "`bytes`",
    "Content-Disposition": "With the file's name.",
}

blueprint = Blueprint("artifacts", __name__, url_prefix="/v1/artifacts")


@blueprint.get("/<digest>")
@operation(
    Answer(200, "The bytes.", media=OCTETS, headers=DOWNLOAD_HEADERS),
    Answer(
        206,
        "The bytes of one range.",
        media=OCTETS,
        headers={**DOWNLOAD_HEADERS, "Content-Range": "Which bytes of how many."},
    ),
    Answer(304, "You have them.", headers={"ETag": "The digest; strong."}),
    Answer(307, "They are at the signed URL.", headers={"Location": "The signed URL."}),
    errors=(RangeNotSatisfiable, StoreAway),
    query=DownloadQuery,
    headers=(
        Header("Range", "One range of bytes.", "bytes=0-1023"),
        Header("If-Range", "Honour Range only for this ETag.", '"sha256:0"'),
        Header("If-None-Match", "ETags that you have.", '"sha256:0"'),
    ),
)
def download(digest: str, query: DownloadQuery) -> Response:
    """Download an artifact.

    Where the store can sign URLs the answer leads there, unless `redirect=false`.
    """
    artifact, filename = services().ask.artifact(tenant(), checked_digest(digest))
    if request.if_none_match.contains_weak(artifact.digest):
        return _labelled(Response(status=304), artifact.digest)
    if query.redirect:
        url = services().store.signed_url(artifact.digest, filename, SIGNED_FOR)
        if url is not None:
            return Response(status=307, headers={"Location": url, "Cache-Control": "no-store"})
    response = _bytes(artifact.digest, wanted(artifact.size, artifact.digest))
    response.headers["Content-Disposition"] = _disposition(filename)
    return _labelled(response, artifact.digest)


def _bytes(digest: str, span: Span) -> Response:
    response = Response(status=206 if span.partial else 200, mimetype=OCTETS[0])
    response.headers["Content-Length"] = str(span.length)
    response.headers["Accept-Ranges"] = "bytes"
    if span.partial:
        response.headers["Content-Range"] = span.content_range
    if request.method != "HEAD":
        response.response = _opened(services().store.read(digest, span.start, span.end))
    return response


def _opened(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes; the first are read now, so that a store that is away is a problem yet."""
    first = next(chunks, b"")
    return _pieces(first, chunks)


def _pieces(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield from _split(first)
    for chunk in rest:
        yield from _split(chunk)


def _split(chunk: bytes) -> Iterator[bytes]:
    view = memoryview(chunk)
    for start in range(0, len(view), PIECE):
        yield bytes(view[start : start + PIECE])


def _labelled(response: Response, digest: str) -> Response:
    response.headers["ETag"] = f'"{digest}"'
    response.headers["Cache-Control"] = FOREVER
    return response


def _disposition(filename: str) -> str:
    plain = filename.encode("ascii", "replace").decode().replace("?", "_")
    safe = "".join("_" if each in '"\\' or not each.isprintable() else each for each in plain)
    return f"attachment; filename=\"{safe}\"; filename*=UTF-8''{quote(filename, safe='')}"
