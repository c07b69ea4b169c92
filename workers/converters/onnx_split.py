"""ONNX with its weights in a second file, which loaders map and which has no limit of size."""

from pydantic import Field

from shared.domain.formats import ONNX
from shared.domain.offers import Fidelity
from workers.converter import Bench, Options, converter
from workers.deliver import deliver, draft
from workers.onnx_bridge.layouts import APART, split
from workers.onnx_bridge.skeletons import read


class ExternalData(Options):
    """The wish itself: true puts the weights in a second file, false takes them into the first."""

    external_data: bool = Field(
        description="Keep the weights of an ONNX model in a second file, or all in one."
    )


@converter(
    ONNX,
    ONNX,
    name="onnx-split",
    options=ExternalData,
    summary="Puts the weights in a second file",
    version=1,
    packages=("onnx", "onnxruntime"),
    fidelity=Fidelity.EXACT,
    asked_by="external_data",
    turn=3,
)
def convert(bench: Bench[ExternalData]) -> None:
    """Write the weights one behind the other, each at the beginning of a page."""
    bench.say("reading the graph", progress=0.05)
    model = read(bench.source)
    path = draft(bench)
    data = path.with_name("model.onnx.data")
    count = split(model, bench.source.parent, data)
    if not count:
        bench.say(f"no weight has {APART} bytes: all stay in the file", progress=0.4)
        data.unlink()
    path.write_bytes(model.SerializeToString())
    deliver(bench, path)
    bench.note(external_weights=count)
