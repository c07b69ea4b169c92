"""The OpenAPI 3.1 document, made of the views' declarations. `python -m api.describe` writes it.

APIFlask was tried for this and left: it describes answers by the schema of what a model accepts
rather than of what it writes, copies each nested model once for every parent, and replaces a
model that it cannot describe by `{"type": "object"}` without a word.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, cast

from flask import Flask
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema
from werkzeug.routing import Rule

from api import problems, tenants
from api.operations import Answer, Header, Operation, View
from api.problems import Problem
from api.requests import HEADER as REQUEST_ID
from shared.domain.errors import FerryError, Passing, RangeNotSatisfiable

Schema = dict[str, Any]

SCHEMAS: Final = "#/components/schemas/"
REQUEST_ID_HEADER: Final = {REQUEST_ID: {"$ref": "#/components/headers/RequestId"}}
JSON: Final = "application/json"
VERSION: Final = "1.0"
"""Of the interface, not of the package: it moves when /v1 gains or loses something."""

BY_MEDIA: Final[dict[str, Schema]] = {
    JSON: {"type": "object"},
    "text/event-stream": {
        "type": "object",
        "description": "Each event. `data` is an EventView as JSON; that of `end` has a `state`.",
        "properties": {
            "id": {"type": "string"},
            "event": {"type": "string"},
            "data": {"type": "string", "contentMediaType": JSON},
        },
        "required": ["event", "data"],
    },
}

Key = tuple[type[BaseModel], JsonSchemaMode]


def document(app: Flask) -> Schema:
    """The whole document, as JSON values."""
    routes = list(_routes(app))
    refs, definitions = _schemas(operation for _, _, operation in routes)
    paths: dict[str, Schema] = {}
    for rule, view, operation in routes:
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            described = _operation(rule, view, operation, refs)
            paths.setdefault(_path(rule), {})[method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Modelferry",
            "version": VERSION,
            "description": "Convert machine-learning models, and prove that they survived.",
        },
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": definitions,
            "parameters": {"Tenant": _tenant()},
            "headers": {
                "RequestId": {
                    "description": "The request's name: the one that was sent, or a new one.",
                    "schema": {"type": "string"},
                }
            },
        },
    }


def _routes(app: Flask) -> Iterator[tuple[Rule, View, Operation]]:
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if isinstance(view, View):
            yield rule, view, view.operation


def _schemas(operations: Iterable[Operation]) -> tuple[dict[Key, Schema], Schema]:
    keys: dict[Key, None] = {(Problem, "serialization"): None}
    for operation in operations:
        if operation.body is not None:
            keys[operation.body, "validation"] = None
        for each in operation.answers:
            if each.model is not None:
                keys[each.model, "serialization"] = None
    refs, schema = models_json_schema(list(keys), ref_template=SCHEMAS + "{model}")
    return cast("dict[Key, Schema]", refs), dict(sorted(schema["$defs"].items()))


def _operation(rule: Rule, view: View, operation: Operation, refs: dict[Key, Schema]) -> Schema:
    summary, _, description = (view.__doc__ or "").partition("\n")
    described: Schema = {
        "operationId": view.__name__,
        "tags": [rule.endpoint.rsplit(".", 1)[0]],
        "summary": summary.strip(),
        "description": " ".join(description.split()),
        "parameters": list(_parameters(rule, operation)),
        "responses": _responses(operation, refs),
    }
    if operation.body is not None:
        content: Schema = {"schema": refs[operation.body, "validation"]}
        if operation.example is not None:
            content["example"] = operation.example
        described["requestBody"] = {"required": True, "content": {JSON: content}}
    elif operation.raw is not None:
        described["requestBody"] = {
            "required": True,
            "content": {operation.raw: {"schema": {"type": "string", "format": "binary"}}},
        }
    return described


def _path(rule: Rule) -> str:
    return re.sub(r"<(?:[^<>:]+:)?([^<>:]+)>", r"{\1}", rule.rule)


def _parameters(rule: Rule, operation: Operation) -> Iterator[Schema]:
    for name in re.findall(r"<(?:[^<>:]+:)?([^<>:]+)>", rule.rule):
        yield {"name": name, "in": "path", "required": True, "schema": _path_schema(name)}
    if operation.query is not None:
        yield from _query(operation.query)
    for header in operation.headers:
        yield _header(header)
    if operation.tenant:
        yield {"$ref": "#/components/parameters/Tenant"}


def _path_schema(name: str) -> Schema:
    if name == "number":
        return {"type": "integer", "minimum": 1, "maximum": (1 << 31) - 1}
    if name == "digest":
        return {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}
    return {"type": "string", "format": "uuid"}


def _query(model: type[BaseModel]) -> Iterator[Schema]:
    schema = model.model_json_schema(mode="validation")
    for name, found in schema.get("properties", {}).items():
        found.pop("title", None)
        required = name in schema.get("required", [])
        yield {
            "name": name,
            "in": "query",
            "required": required,
            "description": found.pop("description", ""),
            "schema": _inlined(_without_null(found), schema.get("$defs", {})),
        }


def _without_null(schema: Schema) -> Schema:
    """A query parameter that may be left out cannot be null."""
    kinds = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(kinds) != 1:
        return schema
    rest = {name: value for name, value in schema.items() if name not in {"anyOf", "default"}}
    return {**kinds[0], **rest}


def _inlined(schema: Schema, definitions: Schema) -> Schema:
    reference = schema.get("$ref")
    return definitions[reference.rsplit("/", 1)[1]] if reference else schema


def _header(header: Header) -> Schema:
    return {
        "name": header.name,
        "in": "header",
        "required": False,
        "description": header.description,
        "schema": {"type": "string"},
        "example": header.example,
    }


def _tenant() -> Schema:
    return {
        "name": tenants.HEADER,
        "in": "header",
        "required": False,
        "description": "Whose things are meant; nobody sees another's.",
        "schema": {
            "type": "string",
            "pattern": f"^{tenants.PATTERN}$",
            "default": tenants.DEFAULT,
        },
    }


def _responses(operation: Operation, refs: dict[Key, Schema]) -> Schema:
    responses = {str(each.status): _answer(each, refs) for each in operation.answers}
    by_status: dict[int, list[type[FerryError]]] = {}
    for error in dict.fromkeys(operation.all_errors):
        by_status.setdefault(error.status, []).append(error)
    for status, errors in by_status.items():
        responses[str(status)] = _problem(errors, refs)
    return dict(sorted(responses.items()))


def _answer(answer: Answer, refs: dict[Key, Schema]) -> Schema:
    content: Schema = {}
    if answer.model is not None:
        content[JSON] = {"schema": refs[answer.model, "serialization"]}
    for media in answer.media:
        content[media] = {"schema": BY_MEDIA.get(media, {"type": "string"})}
    described: Schema = {
        "description": answer.description,
        "headers": {
            **REQUEST_ID_HEADER,
            **{
                name: {"description": meaning, "schema": {"type": "string"}}
                for name, meaning in answer.headers.items()
            },
        },
    }
    return {**described, "content": content} if content else described


def _problem(errors: list[type[FerryError]], refs: dict[Key, Schema]) -> Schema:
    headers: Schema = dict(REQUEST_ID_HEADER)
    if any(issubclass(error, Passing) for error in errors):
        headers["Retry-After"] = {
            "description": "Seconds until it is worth another try.",
            "schema": {"type": "integer"},
        }
    if RangeNotSatisfiable in errors:
        headers["Content-Range"] = {
            "description": "`bytes */` and the artifact's size.",
            "schema": {"type": "string"},
        }
    return {
        "description": "; ".join(f"`{error.code}`: {error.title}" for error in errors) + ".",
        "headers": headers,
        "content": {
            problems.MEDIA_TYPE: {
                "schema": refs[Problem, "serialization"],
                "examples": {error.code: {"value": _example(error)} for error in errors},
            }
        },
    }


def _example(error: type[FerryError]) -> Schema:
    return {
        "type": f"/docs#{error.code}",
        "title": error.title,
        "status": error.status,
        "code": error.code,
        "band": error.band.value,
        "detail": f"{error.title}: here stands what to do about it.",
        "instance": "/v1/…",
        "request_id": "5f2c9d0b1a7e4c3f8d6e2b1a0c9f8e7d",
    }


def written(described: Schema) -> str:
    """As it lies in docs/openapi.json."""
    return json.dumps(described, indent=1, ensure_ascii=False) + "\n"
