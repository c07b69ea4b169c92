"""TorchScript to Core ML, by coremltools."""

from pydantic import Field

from shared.domain.formats import COREML, TORCHSCRIPT
from workers.converter import Bench, converter
from workers.converters.pt2_to_coreml_traced import TracedOptions
from workers.coreml_bridge.packages import build
from workers.coreml_bridge.traced import described
from workers.runtimes.torchscript import caller, load_script
from workers.runtimes.torchscript_probe import example, probe
from workers.verification.given import InputSpec, given_from


class ScriptOptions(TracedOptions):
    """What must be said where the file is silent."""

    inputs: dict[str, InputSpec] | None = Field(
        None, description="Shape and dtype of each input, where they cannot be found out."
    )


@converter(
    TORCHSCRIPT,
    COREML,
    options=ScriptOptions,
    summary="coremltools on TorchScript's own graph; cannot be run on Linux",
    version=1,
    packages=("torch", "coremltools"),
    memory=6.0,
)
def convert(bench: Bench[ScriptOptions]) -> None:
    """Find out what the module takes, and translate its graph."""
    bench.say("loading the module", progress=0.05)
    module = load_script(bench.source)
    said = bench.options.model_dump()["inputs"]
    found = probe(module, caller(module), given_from(said, bench.samples))
    tensors = tuple(example(each, found.sizes) for each in found.signature.inputs)
    inputs = described(found.signature, tensors, bench.options.longest)
    build(bench, module, found.signature, inputs)
