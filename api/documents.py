"""Documents: the OpenAPI document and the page that reads it out."""

from flask import Blueprint, Response, current_app, render_template

from api.openapi import document, written
from api.operations import Answer, operation
from shared.domain.errors import every_error

blueprint = Blueprint("documents", __name__)


@blueprint.get("/openapi.json")
@operation(Answer(200, "This document.", media=("application/json",)), tenant=False, data=False)
def openapi() -> Response:
    """The OpenAPI 3.1 document."""
    return Response(written(document(current_app)), mimetype="application/json")


@blueprint.get("/docs")
@operation(Answer(200, "A page to read.", media=("text/html",)), tenant=False, data=False)
def docs() -> Response:
    """The documentation, as a page that needs no network."""
    page = render_template(
        "docs.html", document=document(current_app), errors=tuple(every_error())
    )
    return Response(page, mimetype="text/html")
