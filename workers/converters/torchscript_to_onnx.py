"""TorchScript to ONNX, by PyTorch's older exporter, which reads TorchScript's own graph."""

from typing import Any

from pydantic import Field

from shared.domain.formats import ONNX, TORCHSCRIPT
from workers.converter import Bench, Options, converter
from workers.converters.torch_faults import torch_fault
from workers.converters.torch_trace import export_traced
from workers.deliver import deliver, draft
from workers.runtimes.torchscript import caller, load_script
from workers.runtimes.torchscript_guess import names
from workers.runtimes.torchscript_probe import example, probe
from workers.verification.given import InputSpec, given_from


class TorchscriptToOnnx(Options):
    """What can be asked of the exporter, and what must be said where the file is silent."""

    opset: int = Field(18, ge=11, le=20, description="ONNX operator set to write.")
    dynamic: bool = Field(default=True, description="Keep dimensions that may vary.")
    inputs: dict[str, InputSpec] | None = Field(
        None,
        description="Shape and dtype of each input. A TorchScript file does not say them; they are"
        " taken from the samples, or found by trying, when this is left out.",
    )


@converter(
    TORCHSCRIPT,
    ONNX,
    options=TorchscriptToOnnx,
    summary="PyTorch's older exporter, branches and loops of scripted modules kept",
    version=1,
    packages=("torch", "onnx", "onnxruntime"),
    memory=6.0,
)
def convert(bench: Bench[TorchscriptToOnnx]) -> None:
    """Run the module once on an example and translate its graph."""
    options = bench.options
    bench.say("loading the module", progress=0.05)
    module = load_script(bench.source)
    said = options.model_dump()["inputs"]
    bench.say("finding out what it takes", progress=0.15)
    found = probe(module, caller(module), given_from(said, bench.samples))
    examples = tuple(example(each, found.sizes) for each in found.signature.inputs)
    bench.say("translating the graph", progress=0.3)
    path = draft(bench)
    try:
        export_traced(
            _flat(module, examples),
            examples,
            found.signature,
            path,
            opset=options.opset,
            dynamic=options.dynamic,
        )
    except Exception as error:
        raise torch_fault(error) from error
    deliver(bench, path)


def _flat(module: Any, examples: tuple[Any, ...]) -> Any:
    """The module itself, or one that returns the values of the dict that it returns."""
    import torch

    with torch.inference_mode():
        given = module(*examples)
    if not isinstance(given, dict):
        return module
    arguments = ", ".join(names(module))
    values = ", ".join(f"given[{key!r}]" for key in given)

    class Flat(torch.jit.ScriptModule):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.inner = module

    flat = Flat()
    flat.define(
        f"def forward(self, {arguments}):\n"
        f"    given = self.inner({arguments})\n"
        f"    return ({values},)\n"
    )
    return flat.eval()
