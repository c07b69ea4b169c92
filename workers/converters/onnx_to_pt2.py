"""ONNX to PyTorch exported programs, by the importer of our own."""

from pydantic import Field

from shared.domain.formats import ONNX, PT2
from workers.converter import Bench, Options, converter
from workers.runtimes.onnx import OnnxRuntime


class OnnxToPt2(Options):
    """What can be asked of the importer."""

    dynamic: bool = Field(
        default=True,
        description="Keep dimensions that may vary; false fixes them at the lengths of the example"
        " that the program is exported with.",
    )


@converter(
    ONNX,
    PT2,
    options=OnnxToPt2,
    summary="Our own importer: each operator in native torch, dimensions that vary kept",
    version=1,
    packages=("torch", "onnx"),
    memory=5.0,
)
def convert(bench: Bench[OnnxToPt2]) -> None:
    """Walk the graph under torch.export."""
    import torch

    from workers.onnx_torch.exporting import export
    from workers.onnx_torch.importer import load

    bench.say("reading the graph", progress=0.05)
    signature = OnnxRuntime().inspect(bench.source, {}).signature
    module = load(bench.source)
    bench.say("exporting the program", progress=0.3)
    program = export(module, signature, dynamic=bench.options.dynamic)
    bench.say("writing the file", progress=0.9)
    torch.export.save(program, bench.target)
