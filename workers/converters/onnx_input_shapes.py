"""ONNX with inputs of fixed shapes."""

from typing import Annotated

from pydantic import Field

from shared.domain.formats import ONNX
from shared.domain.offers import Fidelity
from workers.converter import Bench, Options, converter
from workers.onnx_bridge.lengths import fix_shapes
from workers.onnx_bridge.skeletons import finish, read


class InputShapes(Options):
    """The wish itself."""

    input_shapes: dict[str, list[Annotated[int, Field(ge=1)] | None]] = Field(
        min_length=1,
        description="Shapes for inputs of an ONNX model by name; null leaves a dimension as it"
        ' is: {"image": [1, 3, 224, 224]}.',
    )


@converter(
    ONNX,
    ONNX,
    name="onnx-input-shapes",
    options=InputShapes,
    summary="Fixes the shapes of inputs",
    version=1,
    packages=("onnx", "onnxruntime"),
    fidelity=Fidelity.NARROW,
    asked_by="input_shapes",
    asked_for=None,
    turn=-1,
)
def convert(bench: Bench[InputShapes]) -> None:
    """Write the lengths, also where a dimension of the same name is used elsewhere."""
    bench.say("reading the graph", progress=0.05)
    model = read(bench.source)
    fix_shapes(model, bench.options.input_shapes)
    finish(bench, model)
