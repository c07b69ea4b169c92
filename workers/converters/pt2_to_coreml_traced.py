"""Exported programs to Core ML, by tracing them: coremltools knows more of TorchScript."""

from pydantic import Field

from shared.domain.errors import StepRefused
from shared.domain.formats import COREML, PT2
from shared.domain.offers import Fidelity
from workers.converter import Bench, converter
from workers.converters.torch_positional import examples, positional
from workers.coreml_bridge.options import CoremlOptions
from workers.coreml_bridge.packages import build
from workers.coreml_bridge.traced import described
from workers.runtimes.pt2 import signature_of
from workers.runtimes.pt2_load import load_program


class TracedOptions(CoremlOptions):
    """A traced module does not say how long its dimensions may be."""

    longest: int = Field(
        1024, ge=1, description="The longest that a dimension which may vary can be."
    )


@converter(
    PT2,
    COREML,
    name="pt2-to-coreml-traced",
    options=TracedOptions,
    summary="coremltools on a trace, where it does not take the program; cannot be run on Linux",
    version=1,
    packages=("torch", "coremltools"),
    memory=6.0,
    fidelity=Fidelity.NARROW,
)
def convert(bench: Bench[TracedOptions]) -> None:
    """Run the program once on its example and translate what ran."""
    import torch

    bench.say("loading the exported program", progress=0.05)
    program = load_program(bench.source)
    signature = signature_of(program)
    tensors = examples(program, signature)
    bench.say("tracing the program", progress=0.15)
    try:
        traced = torch.jit.trace(positional(program, signature), tensors, check_trace=False)
    except Exception as error:
        raise StepRefused(f"The program cannot be traced: {str(error)[:300]}") from error
    build(bench, traced, signature, described(signature, tensors, bench.options.longest))
