"""TorchScript to exported programs, by PyTorch's own reading of TorchScript graphs."""

import re
from typing import Any, Final

from pydantic import Field

from shared.domain.errors import FerryError, StepRefused, UnsupportedOperator
from shared.domain.formats import PT2, TORCHSCRIPT
from workers.converter import Bench, Options, converter
from workers.converters.torch_dims import found_out
from workers.runtimes.torchscript import caller, load_script
from workers.runtimes.torchscript_guess import names
from workers.runtimes.torchscript_probe import Probed, example, probe
from workers.verification.given import InputSpec, given_from

NODE: Final = re.compile(r"TS2EPConverter failed for node (?P<kind>[\w:]+)")


class TorchscriptToPt2(Options):
    """What must be said where the file is silent."""

    dynamic: bool = Field(default=True, description="Keep dimensions that may vary.")
    inputs: dict[str, InputSpec] | None = Field(
        None,
        description="Shape and dtype of each input. A TorchScript file does not say them; they are"
        " taken from the samples, or found by trying, when this is left out.",
    )


@converter(
    TORCHSCRIPT,
    PT2,
    options=TorchscriptToPt2,
    summary="PyTorch's reading of TorchScript graphs, then torch.export",
    version=1,
    packages=("torch",),
    memory=6.0,
)
def convert(bench: Bench[TorchscriptToPt2]) -> None:
    """Read the graph as operators, and export those with the dimensions that vary."""
    import torch

    options = bench.options
    bench.say("loading the module", progress=0.05)
    module = load_script(bench.source)
    said = options.model_dump()["inputs"]
    bench.say("finding out what it takes", progress=0.15)
    found = probe(module, caller(module), given_from(said, bench.samples))
    bench.say("reading the graph", progress=0.3)
    try:
        program = _exported(module, found, dynamic=options.dynamic)
    except Exception as error:
        raise _fault(error) from error
    bench.say("writing the file", progress=0.9)
    torch.export.save(program, bench.target)


def _exported(module: Any, found: Probed, *, dynamic: bool) -> Any:
    import torch
    from torch._export.converter import TS2EPConverter  # torch has no public one

    examples = tuple(example(each, found.sizes) for each in found.signature.inputs)
    read = TS2EPConverter(module, examples).convert().module()
    shapes = found_out(found.signature) if dynamic else None
    with torch.no_grad():
        return torch.export.export(
            _named(read, names(module)), examples, dynamic_shapes=shapes, strict=False
        )


def _named(read: Any, arguments: list[str]) -> Any:
    """The program under the arguments' names that the module has."""
    import inspect

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    forward = read.forward

    def call(*tensors: Any) -> Any:
        return forward(*tensors)

    call.__signature__ = inspect.Signature(  # type: ignore[attr-defined] # torch reads names there
        [inspect.Parameter(each, kind) for each in arguments]
    )
    read.forward = call
    return read


def _fault(error: Exception) -> FerryError:
    text = str(error)
    if found := NODE.search(text):
        return UnsupportedOperator(
            f"PyTorch cannot read {found['kind']} of TorchScript into an exported program. Export"
            " the model where its code is: torch.export.export(model.eval(), (example_input,)).",
            operator=found["kind"],
        )
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    reason = lines[0] if lines else type(error).__name__
    return StepRefused(
        f"PyTorch cannot export the TorchScript module: {reason[:400]} Where a dimension cannot be"
        " kept open, convert with dynamic=false, or export the model where its code is."
    )
