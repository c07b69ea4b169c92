"""Answers: a view rendered as JSON, the same way for a request thread and for a watcher."""

from flask import Response
from pydantic import BaseModel


def answer(body: BaseModel, status: int = 200) -> Response:
    """A JSON answer. Needs no request: a long poll is rendered long after its request."""
    return Response(body.model_dump_json(), status=status, mimetype="application/json")


def nothing() -> Response:
    """204."""
    return Response(status=204)


def wire(response: Response) -> bytes:
    """The answer as HTTP/1.1 writes it, for a connection that is closed behind it."""
    body: bytes = response.get_data()
    response.headers["Content-Length"] = str(len(body))
    response.headers["Connection"] = "close"
    return head(response) + body


def head(response: Response) -> bytes:
    """Status line and headers only."""
    lines = [f"HTTP/1.1 {response.status}"]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
