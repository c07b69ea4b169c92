"""PyTorch source packages to exported programs."""

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from shared.domain.errors import StepRefused
from shared.domain.formats import PT2, PYTORCH
from workers.converter import Bench, Options, converter
from workers.converters.torch_dims import dynamic_shapes
from workers.runtimes.pytorch_code import Package, load_package
from workers.runtimes.pytorch_contained import contained


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
    version=2,
    packages=("torch", "safetensors"),
    memory=5.0,
)
def convert(bench: Bench[PytorchToPt2]) -> None:
    """Build the module and export it with its example."""
    import torch

    bench.say("building the module", progress=0.1)
    package = load_package(bench.source)
    bench.note(weights=package.weights)
    bench.say("exporting the program", progress=0.3)
    program = _exported(package, dynamic=bench.options.dynamic)
    bench.say("writing the file", progress=0.9)
    torch.export.save(program, bench.target)


def _exported(package: Package, *, dynamic: bool) -> Any:
    dims = dynamic_shapes(package.signature) if dynamic else None
    try:
        return _export(package, dims)
    except Exception as error:
        if quantised := next(_quantised(package.module), None):
            raise StepRefused(
                f"The module computes with quantised tensors ({quantised}), which torch.export"
                " does not take. Build it of plain layers, with the numbers that the tensors"
                " stand for (tensor.dequantize()), and ask the target for a precision.",
                node=quantised,
            ) from error
        if dims and any(dims) and _is_fixed_only(package):
            raise StepRefused(
                f"torch.export cannot keep open what may vary: {_reason(error)} Take"
                " dynamic=false, which fixes every length at that of the example inputs.",
                field="options.dynamic",
            ) from error
        raise StepRefused(
            f"torch.export cannot export the module: {_reason(error)} Branches and loops that"
            " depend on data must be written with torch.cond and torch.while_loop."
        ) from error


def _quantised(module: Any) -> Iterator[str]:
    """Names in its state of tensors that are, or of what packs some."""
    import torch

    for name, held in module.state_dict().items():
        parts = held if isinstance(held, tuple) else (held,)
        if any(isinstance(each, torch.Tensor) and each.is_quantized for each in parts):
            yield name


def _is_fixed_only(package: Package) -> bool:
    """Whether it can be exported once nothing may vary."""
    try:
        _export(package, None)
    except Exception:  # noqa: BLE001 - the first error is the one that is told
        return False
    return True


def _export(package: Package, dims: Any) -> Any:
    import torch

    with contained(), torch.no_grad():
        return torch.export.export(package.module, package.examples, dynamic_shapes=dims)


def _reason(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:400]
