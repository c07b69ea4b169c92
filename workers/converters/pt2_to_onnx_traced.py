"""Exported programs to ONNX, by tracing them with PyTorch's older exporter."""

from pydantic import Field

from shared.domain.formats import ONNX, PT2
from shared.domain.offers import Fidelity
from workers.converter import Bench, Options, converter
from workers.converters.torch_faults import torch_fault
from workers.converters.torch_positional import examples, positional
from workers.converters.torch_trace import export_traced
from workers.deliver import deliver, draft
from workers.runtimes.pt2 import signature_of
from workers.runtimes.pt2_load import load_program


class Pt2ToOnnxTraced(Options):
    """What can be asked of the older exporter."""

    opset: int = Field(18, ge=11, le=20, description="ONNX operator set to write.")
    dynamic: bool = Field(default=True, description="Keep dimensions that may vary.")


@converter(
    PT2,
    ONNX,
    name="pt2-to-onnx-traced",
    options=Pt2ToOnnxTraced,
    summary="PyTorch's older exporter: traces one call, and knows older opsets",
    version=1,
    packages=("torch", "onnx", "onnxruntime"),
    memory=6.0,
    fidelity=Fidelity.NARROW,
)
def convert(bench: Bench[Pt2ToOnnxTraced]) -> None:
    """Run the program once on its example and write down what ran."""
    bench.say("loading the exported program", progress=0.05)
    program = load_program(bench.source)
    signature = signature_of(program)
    bench.say("tracing the program", progress=0.2)
    path = draft(bench)
    try:
        export_traced(
            positional(program, signature),
            examples(program, signature),
            signature,
            path,
            opset=bench.options.opset,
            dynamic=bench.options.dynamic,
        )
    except Exception as error:
        raise torch_fault(error) from error
    deliver(bench, path)
