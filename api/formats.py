"""Formats, routes and converters: the conversion graph as the fleet announced it."""

from typing import Literal

from flask import Blueprint, Response

from api.answers import answer
from api.context import services
from api.operations import Answer, operation
from api.schemas import Converters, Formats, FormatView, Routes, RoutesQuery
from shared.domain.formats import FORMATS, Layout

blueprint = Blueprint("formats", __name__, url_prefix="/v1")


@blueprint.get("/formats")
@operation(Answer(200, "All of them.", Formats), tenant=False, data=False)
def list_formats() -> Response:
    """List the formats."""
    return answer(
        Formats(
            items=tuple(
                FormatView(
                    name=each.name,
                    title=each.title,
                    suffixes=each.suffixes,
                    layout=_layout(each.layout),
                    portable=each.portable,
                )
                for each in FORMATS.values()
            )
        )
    )


@blueprint.get("/routes")
@operation(
    Answer(200, "Best first, for each pair of formats.", Routes), query=RoutesQuery, tenant=False
)
def list_routes(query: RoutesQuery) -> Response:
    """List what can be turned into what, and whether workers for it are there now."""
    return answer(Routes(items=services().ask.routes(source=query.source, target=query.target)))


@blueprint.get("/converters")
@operation(Answer(200, "As workers announced them.", Converters), tenant=False)
def list_converters() -> Response:
    """List the converters, with the JSON Schema of each one's options."""
    return answer(Converters(items=services().ask.converters()))


def _layout(layout: Layout) -> Literal["file", "tree"]:
    return "file" if layout is Layout.FILE else "tree"
