"""ONNX at another opset: the same model in the operators of an older or a newer version."""

from pydantic import Field

from shared.domain.formats import ONNX
from workers.converter import Bench, Options, converter
from workers.onnx_bridge.opsets import converted
from workers.onnx_bridge.skeletons import finish, read
from workers.onnx_files.opsets import version


class Opset(Options):
    """The wish itself."""

    opset: int = Field(ge=7, le=28, description="ONNX operator set that an ONNX model is given.")


@converter(
    ONNX,
    ONNX,
    name="onnx-opset",
    options=Opset,
    summary="Another opset, up or down (ONNX's version converter, and function bodies)",
    version=1,
    packages=("onnx", "onnxruntime"),
    memory=5.0,
    asked_by="opset",
    asked_for=None,
    turn=2,
)
def convert(bench: Bench[Opset]) -> None:
    """Walk from version to version; the result is checked and loaded before it counts."""
    bench.say("reading the graph", progress=0.05)
    model = read(bench.source)
    before = version(model)
    bench.say(f"from opset {before} to {bench.options.opset}", progress=0.2)
    finish(bench, converted(model, bench.options.opset))
    bench.note(opset={"from": before, "to": bench.options.opset})
