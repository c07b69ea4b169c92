"""A request's name: taken from X-Request-Id or made, and given back with every answer."""

import re
import time
import uuid
from typing import Final

import structlog
from flask import Flask, Response, g, request

from shared.telemetry import logger

HEADER: Final = "X-Request-Id"
ACCEPTED: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")

log = logger(__name__)


def request_id() -> str:
    """The name of the request being answered."""
    name: str = g.request_id
    return name


def follow(app: Flask) -> None:
    """Name each request, and write one access record for each answer."""
    app.before_request(_open)
    app.after_request(_close)


def _open() -> None:
    given = request.headers.get(HEADER, "")
    g.request_id = given if ACCEPTED.fullmatch(given) else uuid.uuid4().hex
    g.began = time.monotonic()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _close(response: Response) -> Response:
    response.headers[HEADER] = g.request_id
    log.info(
        "request",
        method=request.method,
        path=request.path,
        status=response.status_code,
        milliseconds=round((time.monotonic() - g.began) * 1000, 1),
        bytes=response.content_length,
        client=request.remote_addr,
    )
    return response
