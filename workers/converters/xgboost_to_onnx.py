"""XGBoost to ONNX: its trees as one TreeEnsembleRegressor, and what it makes of their sum."""

from pydantic import Field

from shared.domain.formats import ONNX, XGBOOST
from workers.converter import Bench, Options, converter
from workers.deliver import deliver, draft
from workers.runtimes.xgboost import load
from workers.tabular.ensemble_graph import graph


class XgboostToOnnx(Options):
    """What can be asked of the translation."""

    opset: int = Field(18, ge=11, le=20, description="ONNX operator set to write.")


@converter(
    XGBOOST,
    ONNX,
    options=XgboostToOnnx,
    summary="the trees, thresholds in float32, NaN where it goes",
    version=1,
    packages=("xgboost-cpu", "onnx", "onnxruntime", "numpy"),
    memory=8.0,
)
def convert(bench: Bench[XgboostToOnnx]) -> None:
    """Read the trees, check them, and write them down."""
    import onnx

    bench.say("reading the trees", progress=0.1)
    _, forest = load(bench.source)
    bench.say("writing the graph", progress=0.5)
    path = draft(bench)
    onnx.save(graph(forest, opset=bench.options.opset, producer="XGBoost"), path)
    deliver(bench, path)
