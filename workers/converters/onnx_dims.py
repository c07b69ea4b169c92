"""ONNX with named dimensions fixed."""

from typing import Annotated

from pydantic import Field

from shared.domain.formats import ONNX
from shared.domain.offers import Fidelity
from workers.converter import Bench, Options, converter
from workers.onnx_bridge.lengths import fix_dims
from workers.onnx_bridge.skeletons import finish, read


class Dims(Options):
    """The wish itself."""

    dims: dict[str, Annotated[int, Field(ge=1)]] = Field(
        min_length=1, description='Lengths for named dimensions of an ONNX model: {"batch": 1}.'
    )


@converter(
    ONNX,
    ONNX,
    name="onnx-dims",
    options=Dims,
    summary="Fixes dimensions by their names",
    version=1,
    packages=("onnx", "onnxruntime"),
    fidelity=Fidelity.NARROW,
    asked_by="dims",
    asked_for=None,
    turn=-1,
)
def convert(bench: Bench[Dims]) -> None:
    """Write the lengths wherever the graph has the names; inference finds the rest."""
    bench.say("reading the graph", progress=0.05)
    model = read(bench.source)
    fix_dims(model, bench.options.dims)
    finish(bench, model)
