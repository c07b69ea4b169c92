"""Problems: every error as `application/problem+json` (RFC 9457), whatever raised it."""

from typing import Final

from flask import Flask, Response, request
from pydantic import BaseModel, ConfigDict, Field
from werkzeug.exceptions import HTTPException

from api.requests import request_id
from shared.domain.errors import (
    BadRequest,
    FerryError,
    MethodNotAllowed,
    NotFound,
    Ours,
    Passing,
    RangeNotSatisfiable,
    TooLarge,
    UnsupportedMediaType,
)
from shared.telemetry import logger

MEDIA_TYPE: Final = "application/problem+json"

BY_STATUS: Final[dict[int, type[FerryError]]] = {
    error.status: error
    for error in (
        BadRequest,
        NotFound,
        MethodNotAllowed,
        TooLarge,
        UnsupportedMediaType,
        RangeNotSatisfiable,
    )
}

log = logger(__name__)


class Problem(BaseModel):
    """What went wrong. Branch on `code`; `detail` may be reworded at any time."""

    model_config = ConfigDict(frozen=True)

    type: str = Field(description="Where this kind of problem is explained.")
    title: str
    status: int
    code: str = Field(description="Stable; one of the codes listed on the docs page.")
    band: str = Field(description="Whose move it is: `yours`, `ours` or `passing` (try again).")
    detail: str = Field(description="What was wrong and what to do about it.")
    instance: str | None = Field(description="The path that was asked for.")
    request_id: str | None = Field(description="Quote it when you ask for help.")
    field: str | None = Field(None, description="The parameter or body field at fault.")
    node: str | None = Field(None, description="The graph node at fault.")
    operator: str | None = Field(None, description="That node's operator type.")


def problem(error: FerryError, instance: str | None, request_id: str | None) -> Response:
    """Render it; `Retry-After` goes with everything that time can mend."""
    body = Problem(
        type=f"/docs#{error.code}",
        title=error.title,
        status=error.status,
        instance=instance,
        request_id=request_id,
        **error.fault.model_dump(),
    )
    response = Response(
        body.model_dump_json(exclude_none=True), status=error.status, mimetype=MEDIA_TYPE
    )
    if isinstance(error, Passing):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def unexpected() -> Ours:
    """What a caller is told of an exception that nobody foresaw: nothing of its text."""
    return Ours("The service failed; this has been logged. Quote the request id to its operator.")


def install(app: Flask) -> None:
    """Answer every error of the application with a problem."""
    app.register_error_handler(FerryError, _ours)
    app.register_error_handler(HTTPException, _werkzeugs)
    app.register_error_handler(Exception, _nobodys)


def _ours(error: FerryError) -> Response:
    if not isinstance(error, Passing) and error.status >= Ours.status:
        log.error("request_failed", code=error.code, exc_info=error)
    return problem(error, request.path, request_id())


def _werkzeugs(error: HTTPException) -> Response:
    kind = BY_STATUS.get(error.code or Ours.status, BadRequest)
    sentence = error.description or kind.title
    if kind is NotFound:
        sentence = f"There is nothing at {request.path}. The addresses are listed at /docs."
    elif kind is MethodNotAllowed:
        sentence = f"{request.path} does not take {request.method}. See /docs."
    response = problem(kind(sentence), request.path, request_id())
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response


def _nobodys(error: Exception) -> Response:
    log.error("request_failed", code=Ours.code, exc_info=error)
    return problem(unexpected(), request.path, request_id())
