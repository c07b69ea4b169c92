"""ONNX that ends earlier: at tensors or nodes that are named, without what lies behind them."""

from pydantic import Field

from shared.domain.formats import ONNX
from shared.domain.offers import Fidelity
from workers.converter import Bench, Options, converter
from workers.onnx_bridge.cutting import ends_at, prune
from workers.onnx_bridge.skeletons import finish, read


class Outputs(Options):
    """The wish itself."""

    outputs: list[str] = Field(
        min_length=1,
        description="Tensors, or nodes whose outputs are meant, that an ONNX model is cut at.",
    )


@converter(
    ONNX,
    ONNX,
    name="onnx-outputs",
    options=Outputs,
    summary="Ends the graph at named tensors or nodes",
    version=1,
    packages=("onnx", "onnxruntime"),
    fidelity=Fidelity.EXACT,
    asked_by="outputs",
    asked_for=None,
    turn=-2,
)
def convert(bench: Bench[Outputs]) -> None:
    """Declare the tensors as outputs and drop what nothing needs any more."""
    bench.say("reading the graph", progress=0.05)
    model = read(bench.source)
    ends_at(model, bench.options.outputs)
    dropped = prune(model)
    bench.say(f"{dropped} nodes are left out", progress=0.4)
    finish(bench, model)
    bench.note(dropped_nodes=dropped)
