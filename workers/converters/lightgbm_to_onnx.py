"""LightGBM to ONNX: its trees as one TreeEnsembleRegressor, and what it makes of their sum."""

from pydantic import Field

from shared.domain.formats import LIGHTGBM, ONNX
from workers.converter import Bench, Options, converter
from workers.deliver import deliver, draft
from workers.tabular import lightgbm_text
from workers.tabular.ensemble_graph import graph


class LightgbmToOnnx(Options):
    """What can be asked of the translation."""

    opset: int = Field(18, ge=11, le=20, description="ONNX operator set to write.")


@converter(
    LIGHTGBM,
    ONNX,
    options=LightgbmToOnnx,
    summary="the trees, thresholds in float32, NaN where it goes",
    version=1,
    packages=("onnx", "onnxruntime", "numpy"),
    memory=8.0,
)
def convert(bench: Bench[LightgbmToOnnx]) -> None:
    """Read the trees, check them, and write them down."""
    import onnx

    bench.say("reading the trees", progress=0.1)
    forest = lightgbm_text.read(bench.source)
    bench.say("writing the graph", progress=0.5)
    path = draft(bench)
    onnx.save(graph(forest, opset=bench.options.opset, producer="LightGBM"), path)
    deliver(bench, path)
