"""What a request carries: JSON held to a model, or raw bytes read as they come."""

import base64
import binascii
import hashlib
import math
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final, TypeVar

from flask import request
from gunicorn.http.errors import NoMoreData, ParseException
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from shared.domain.errors import (
    BadRequest,
    DigestMismatch,
    InvalidSchema,
    RequestTimeout,
    TooLarge,
    UnsupportedMediaType,
)

CHUNK: Final = 1 << 20
SHOWN_ERRORS: Final = 5
SHA256_MEMBER: Final = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):\s*(?=,|;|$)")
MEMBER: Final = re.compile(r"\s*[a-z][a-z0-9_.*-]*=:[A-Za-z0-9+/]*=*:\s*(,|$)")

Model = TypeVar("Model", bound=BaseModel)


def read_query(model: type[Model]) -> Model:
    """The query string.

    Raises:
        InvalidSchema: a parameter is unknown, repeated or does not fit.
    """
    for name, values in request.args.lists():
        if len(values) > 1:
            raise InvalidSchema(
                f"{name!r} is given {len(values)} times; once is enough.", field=name
            )
    given = request.args.to_dict()
    _refuse_unstorable(given, "")
    return _validated(model.model_validate, given)


def read_json(model: type[Model], limit: int) -> Model:
    """The body.

    Args:
        limit: most bytes that it may have.

    Raises:
        UnsupportedMediaType: it is not announced as JSON.
        TooLarge: it is longer than `limit`.
        BadRequest: it is not JSON.
        InvalidSchema: it does not fit the model.
    """
    if not request.is_json:
        raise UnsupportedMediaType("Send JSON, with 'Content-Type: application/json'.")
    text = b"".join(read_bytes(limit))
    try:
        data = from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise BadRequest(f"The body is not JSON: {error}.") from None
    _refuse_unstorable(data, "")
    return _validated(partial(model.model_validate_json, strict=True), text)


def read_bytes(limit: int) -> Iterator[bytes]:
    """The body in chunks of a MiB at most, straight from the socket.

    Raises:
        TooLarge: it is longer than `limit`; noticed while reading where it was not announced.
        BadRequest: the client went away before the end of it.
        RequestTimeout: nothing has come for too long.
        UnsupportedMediaType: it is compressed.
    """
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise UnsupportedMediaType("Send the bytes as they are, without Content-Encoding.")
    announced = request.content_length
    if announced is not None and announced > limit:
        raise _too_large(limit)
    received = 0
    while piece := _piece():
        received += len(piece)
        if received > limit:
            raise _too_large(limit)
        yield piece
    if announced is not None and received < announced:
        raise BadRequest(
            f"The body broke off after {received} of {announced} bytes; send it again."
        )


def checked(chunks: Iterator[bytes], digest: str | None) -> Iterator[bytes]:
    """The same chunks, and an error behind the last one where they are not what was announced.

    Raises:
        DigestMismatch: the SHA-256 differs from `digest`.
    """
    if digest is None:
        yield from chunks
        return
    seen = hashlib.sha256()
    for chunk in chunks:
        seen.update(chunk)
        yield chunk
    if f"sha256:{seen.hexdigest()}" != digest:
        raise DigestMismatch(
            "The body is not what its Content-Digest announced; send it again.",
            field="Content-Digest",
        )


def content_digest() -> str | None:
    """The SHA-256 that Content-Digest (RFC 9530) announces, as `sha256:<hex>`.

    Raises:
        InvalidSchema: the header cannot be read.
    """
    header = request.headers.get("Content-Digest")
    if header is None:
        return None
    found = SHA256_MEMBER.search(header)
    if found:
        try:
            return f"sha256:{base64.b64decode(found[1], validate=True).hex()}"
        except binascii.Error:
            raise _bad_digest() from None
    if "sha-256=" in header or not MEMBER.match(header):
        raise _bad_digest()
    return None


def _bad_digest() -> InvalidSchema:
    return InvalidSchema(
        "Content-Digest is written 'sha-256=:<base64 of the 32 bytes>:' (RFC 9530).",
        field="Content-Digest",
    )


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body is larger than the {limit} bytes that are accepted here.")


def _piece() -> bytes:
    try:
        piece: bytes = request.environ["wsgi.input"].read(CHUNK)
    except TimeoutError:
        raise RequestTimeout("The body stalled; send it again, in smaller parts.") from None
    except (NoMoreData, ParseException, ConnectionError):
        raise BadRequest("The body broke off or is badly chunked; send it again.") from None
    return piece


def _validated(validate: Callable[[Any], Model], given: object) -> Model:
    try:
        return validate(given)
    except ValidationError as error:
        faults = [(".".join(map(str, each["loc"])), each["msg"]) for each in error.errors()]
        lines = [f"{where}: {what}" if where else what for where, what in faults[:SHOWN_ERRORS]]
        raise InvalidSchema("; ".join(lines) + ".", field=faults[0][0] or None) from None


def _refuse_unstorable(data: Any, path: str) -> None:
    """Neither PostgreSQL nor JSON can keep these."""
    match data:
        case str() if "\0" in data:
            raise InvalidSchema("A text may not contain the NUL character.", field=path or None)
        case float() if not math.isfinite(data):
            raise InvalidSchema("A number is out of range.", field=path or None)
        case dict():
            for name, value in data.items():
                _refuse_unstorable(name, path)
                _refuse_unstorable(value, f"{path}.{name}".lstrip("."))
        case list():
            for index, value in enumerate(data):
                _refuse_unstorable(value, f"{path}.{index}".lstrip("."))
        case _:
            return
