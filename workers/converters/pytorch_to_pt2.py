"""PyTorch source packages to exported programs."""

from pydantic import Field

from shared.domain.errors import StepRefused
from shared.domain.formats import PT2, PYTORCH
from workers.converter import Bench, Options, converter
from workers.converters.torch_dims import dynamic_shapes
from workers.runtimes.pytorch_code import load_package, quiet


class PytorchToPt2(Options):
    """What can be asked of the export."""

    dynamic: bool = Field(
        default=True,
        description="Keep dimensions that may vary; false fixes them at the lengths of the example"
        " inputs.",
    )


@converter(
    PYTORCH,
    PT2,
    options=PytorchToPt2,
    summary="torch.export of the package's module, dimensions that vary kept",
    version=1,
    packages=("torch", "safetensors"),
    memory=5.0,
)
def convert(bench: Bench[PytorchToPt2]) -> None:
    """Build the module and export it with its example."""
    import torch

    bench.say("building the module", progress=0.1)
    package = load_package(bench.source)
    dims = dynamic_shapes(package.signature) if bench.options.dynamic else None
    bench.say("exporting the program", progress=0.3)
    try:
        with quiet(), torch.no_grad():
            program = torch.export.export(package.module, package.examples, dynamic_shapes=dims)
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise StepRefused(
            f"torch.export cannot export the module: {reason[:400]} Branches and loops that depend"
            " on data must be written with torch.cond and torch.while_loop."
        ) from error
    bench.say("writing the file", progress=0.9)
    torch.export.save(program, bench.target)
