"""ONNX to a smaller ONNX: constants folded, idle nodes dropped, by onnxslim."""

from typing import Any, Final

from pydantic import Field

from shared.domain.formats import ONNX
from shared.domain.offers import Fidelity
from workers.converter import Bench, Options, converter
from workers.deliver import deliver, draft
from workers.onnx_files.opsets import version
from workers.onnxruntime_bridge.graphs import fits

INFERRED: Final = 7
"""The opset from which onnxslim infers shapes; of an older model its inference makes nothing."""

FREE_WEIGHTS: Final = 4
"""The IR version from which weights need not be inputs, too; onnxslim takes them out of these."""


class Simplify(Options):
    """The wish itself: the edge is taken only when it is true."""

    simplify: bool = Field(
        default=False, description="Fold constants and drop idle nodes of the ONNX graph."
    )


@converter(
    ONNX,
    ONNX,
    name="onnx-simplify",
    options=Simplify,
    summary="Folds constants and drops idle nodes (onnxslim)",
    version=1,
    packages=("onnx", "onnxslim", "onnxruntime"),
    memory=5.0,
    fidelity=Fidelity.EXACT,
    asked_by="simplify",
)
def convert(bench: Bench[Simplify]) -> None:
    """Slim the graph; a model of 2 GiB and more keeps its weights in a second file."""
    import onnx
    import onnxslim

    bench.say("reading the graph", progress=0.05)
    model = onnx.load(bench.source)
    before = len(model.graph.node)
    bench.say("folding constants", progress=0.2)
    slim = onnxslim.slim(model, no_shape_infer=version(model) < INFERRED)
    slim.ir_version = max(slim.ir_version, FREE_WEIGHTS)
    bench.say(f"{before} nodes are {len(slim.graph.node)} now", progress=0.8)
    path = draft(bench)
    onnx.save(slim, path, **_layout(slim))
    deliver(bench, path)


def _layout(model: Any) -> dict[str, Any]:
    if fits(model):
        return {}
    return {"save_as_external_data": True, "location": "model.onnx.data"}
