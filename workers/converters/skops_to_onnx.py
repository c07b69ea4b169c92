"""scikit-learn (skops) to ONNX, by sklearn-onnx."""

from pydantic import Field

from shared.domain.formats import ONNX, SKOPS
from workers.converter import Bench, Options, converter
from workers.deliver import deliver, draft
from workers.tabular.sklearn_onnx import translate
from workers.tabular.skops_files import load


class SkopsToOnnx(Options):
    """What can be asked of sklearn-onnx."""

    opset: int = Field(18, ge=11, le=20, description="ONNX operator set to write.")


@converter(
    SKOPS,
    ONNX,
    options=SkopsToOnnx,
    summary="sklearn-onnx, probabilities as a tensor",
    version=1,
    packages=("scikit-learn", "skops", "skl2onnx", "onnx", "onnxruntime"),
    memory=8.0,
)
def convert(bench: Bench[SkopsToOnnx]) -> None:
    """Load the estimator, and translate each of its steps."""
    import onnx

    bench.say("loading the estimator", progress=0.1)
    model = load(bench.source)
    bench.say("translating its steps", progress=0.3)
    translated = translate(model, bench.options.opset)
    path = draft(bench)
    onnx.save(translated, path)
    deliver(bench, path)
