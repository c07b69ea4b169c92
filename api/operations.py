"""Operations: a view, what it takes and every answer that it gives, declared in one place.

The declaration both validates the request and becomes its part of the OpenAPI document.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import update_wrapper
from typing import Any, Final

from flask import Response
from pydantic import BaseModel

from api import bodies
from api.context import settings
from shared.domain.errors import (
    BadRequest,
    DatabaseAway,
    FerryError,
    InvalidSchema,
    NotFound,
    Ours,
    RequestTimeout,
    TooLarge,
    UnsupportedMediaType,
)

OF_ALL: Final[tuple[type[FerryError], ...]] = (BadRequest, NotFound, InvalidSchema, Ours)
OF_DATA: Final[tuple[type[FerryError], ...]] = (DatabaseAway,)
OF_BODIES: Final[tuple[type[FerryError], ...]] = (RequestTimeout, TooLarge, UnsupportedMediaType)


@dataclass(frozen=True, slots=True)
class Answer:
    """One way in which it can go well.

    `model` is the JSON body's; `media` another media type. `headers` is name to description.
    """

    status: int
    description: str
    model: type[BaseModel] | None = None
    media: tuple[str, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)
    example: Any = None


@dataclass(frozen=True, slots=True)
class Header:
    """A request header that the operation looks at."""

    name: str
    description: str
    example: str


@dataclass(frozen=True, slots=True)
class Operation:
    """The declaration of one view."""

    answers: tuple[Answer, ...]
    errors: tuple[type[FerryError], ...] = ()
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    raw: str | None = None  # the media type of a body that is read as bytes
    headers: tuple[Header, ...] = ()
    example: Any = None
    tenant: bool = True
    data: bool = True  # False: the database is not asked

    @property
    def all_errors(self) -> tuple[type[FerryError], ...]:
        """Its own, and those that come with what it takes."""
        several = OF_BODIES if self.body or self.raw else ()
        return (*OF_ALL, *several, *(OF_DATA if self.data else ()), *self.errors)


class View:
    """A view function behind its declaration."""

    def __init__(self, function: Callable[..., Response], operation: Operation) -> None:
        update_wrapper(self, function)
        self.__name__ = function.__name__
        self.operation = operation
        self._function = function

    def __call__(self, **given: Any) -> Response:
        """Validate the query and the body, and answer."""
        if self.operation.query is not None:
            given["query"] = bodies.read_query(self.operation.query)
        if self.operation.body is not None:
            given["body"] = bodies.read_json(self.operation.body, settings().max_body)
        return self._function(**given)


def operation(
    *answers: Answer,
    errors: tuple[type[FerryError], ...] = (),
    query: type[BaseModel] | None = None,
    body: type[BaseModel] | None = None,
    raw: str | None = None,
    headers: tuple[Header, ...] = (),
    example: Any = None,
    tenant: bool = True,
    data: bool = True,
) -> Callable[[Callable[..., Response]], View]:
    """Declare a view. `query` and `body` are given to it under these names, validated."""
    declared = Operation(
        answers, errors, query, body, raw, headers, example, tenant=tenant, data=data
    )
    return lambda function: View(function, declared)
