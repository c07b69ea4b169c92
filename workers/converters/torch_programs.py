"""PyTorch programs as TensorFlow Lite files, by litert-torch.

It compiles for the shapes of the example that the program was exported with.
"""

import re
from pathlib import Path
from typing import Any, Final

from shared.domain.errors import FerryError, StepRefused, UnsupportedOperator
from workers.runtimes.pt2 import arguments, signature_of

LACKING: Final = re.compile(
    r"(?:[Ll]owering not found|No lowering).*?(?:torch\.ops\.)?([\w.]+)\s*$"
)


def compile_program(program: Any, path: Path) -> None:
    """Write the program under the names of its own inputs and outputs.

    Raises:
        UnsupportedOperator: litert-torch has no lowering of an operator.
        StepRefused: it gave up otherwise.
    """
    import litert_torch

    try:
        compiled = litert_torch.convert(_named(program), sample_kwargs=_example(program))
        compiled.export(str(path))
    except Exception as error:
        raise _fault(error) from error


def _named(program: Any) -> Any:
    """A module whose arguments and results are called as the program's inputs and outputs."""
    import torch

    inner = program.module()
    names = [tensor.name for tensor in signature_of(program).outputs]

    class Named(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.inner = inner
            self.training = False

        def train(self, mode: bool = True) -> "Named":  # noqa: ARG002, FBT001, FBT002 - torch's
            """An exported program is in the mode that it was exported in, and takes no other."""
            return self

        def forward(self, **given: Any) -> dict[str, Any]:
            args, kwargs = arguments(program, given)
            flat = torch.utils._pytree.tree_leaves(self.inner(*args, **kwargs))  # noqa: SLF001 - torch has no public one
            return dict(
                zip(names, (each for each in flat if isinstance(each, torch.Tensor)), strict=True)
            )

    return Named()


def _example(program: Any) -> dict[str, Any]:
    """The inputs that the program was exported with, or ones of the same shapes.

    Raises:
        StepRefused: neither is known.
    """
    import torch

    names = [tensor.name for tensor in signature_of(program).inputs]
    leaves = torch.utils._pytree.tree_leaves(program.example_inputs)  # noqa: SLF001 - torch has no public one
    tensors = [each for each in leaves if isinstance(each, torch.Tensor)]
    if len(tensors) != len(names):
        raise StepRefused(
            "The .pt2 does not hold the example inputs that it was exported with, and litert-torch"
            " compiles for their shapes. Export it again with torch.export.save."
        )
    return dict(zip(names, tensors, strict=True))


def _fault(error: Exception) -> FerryError:
    if isinstance(error, FerryError):
        return error
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    for line in lines:
        if found := LACKING.search(line):
            return UnsupportedOperator(
                f"litert-torch has no lowering of {found.group(1)}.", operator=found.group(1)
            )
    return StepRefused(
        f"litert-torch cannot compile the program ({type(error).__name__}):"
        f" {lines[0][:300] if lines else 'it does not say why'}"
    )
