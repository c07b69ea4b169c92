"""Exported programs to ONNX, by tracing them with PyTorch's older exporter."""

import types
from typing import Any

from pydantic import Field

from shared.domain.formats import ONNX, PT2
from shared.domain.offers import Fidelity
from shared.domain.signatures import Signature
from workers.converter import Bench, Options, converter
from workers.converters.torch_faults import torch_fault
from workers.converters.torch_trace import export_traced
from workers.deliver import deliver, draft
from workers.runtimes.pt2 import arguments, signature_of
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
    import torch

    bench.say("loading the exported program", progress=0.05)
    program = load_program(bench.source)
    signature = signature_of(program)
    module = program.module(check_guards=False)
    # an exported module refuses to change its mode, which the exporter insists on trying
    module.train = types.MethodType(torch.nn.Module.train, module)
    module.requires_grad_(requires_grad=False)
    bench.say("tracing the program", progress=0.2)
    path = draft(bench)
    try:
        export_traced(
            _Positional(module, program, signature).module,
            _examples(program, signature),
            signature,
            path,
            opset=bench.options.opset,
            dynamic=bench.options.dynamic,
        )
    except Exception as error:
        raise torch_fault(error) from error
    deliver(bench, path)


class _Positional:
    """The program's module, called with its tensors in the order of its signature."""

    def __init__(self, module: Any, program: Any, signature: Signature) -> None:
        import torch

        names = [each.name for each in signature.inputs]

        class Positional(torch.nn.Module):  # type: ignore[misc] # torch is not typed here
            def __init__(self) -> None:
                super().__init__()
                self.inner = module

            def forward(self, *tensors: Any) -> tuple[Any, ...]:
                args, kwargs = arguments(program, dict(zip(names, tensors, strict=True)))
                # not by calling it: its hook compares symbols, which tracing cannot record
                flat = torch.utils._pytree.tree_leaves(self.inner.forward(*args, **kwargs))  # noqa: SLF001 - torch has no public one
                return tuple(each for each in flat if isinstance(each, torch.Tensor))

        self.module = Positional().eval()


def _examples(program: Any, signature: Signature) -> tuple[Any, ...]:
    """Tensors of the sizes that the program was exported with."""
    import torch

    flat = torch.utils._pytree.tree_leaves(program.example_inputs)  # noqa: SLF001 - torch has no public one
    tensors = tuple(each for each in flat if isinstance(each, torch.Tensor))
    return tensors[: len(signature.inputs)]
