"""ONNX in one file, its weights taken in."""

from shared.domain.formats import ONNX
from shared.domain.offers import Fidelity
from workers.converter import Bench, converter
from workers.converters.onnx_split import ExternalData
from workers.deliver import deliver, draft
from workers.onnx_bridge.layouts import join
from workers.onnx_bridge.skeletons import read


@converter(
    ONNX,
    ONNX,
    name="onnx-join",
    options=ExternalData,
    summary="Takes weights from other files into the one",
    version=1,
    packages=("onnx", "onnxruntime"),
    fidelity=Fidelity.EXACT,
    asked_by="external_data",
    asked_for=False,
    turn=3,
)
def convert(bench: Bench[ExternalData]) -> None:
    """Refuse what one protobuf cannot hold before a byte is read."""
    bench.say("reading the graph", progress=0.05)
    model = read(bench.source)
    join(model, bench.source.parent)
    path = draft(bench)
    path.write_bytes(model.SerializeToString())
    deliver(bench, path)
