"""An exported program as a module that can be traced."""

import types
from typing import Any

from shared.domain.signatures import Signature
from workers.runtimes.pt2 import arguments


def positional(program: Any, signature: Signature) -> Any:
    """The program's module, called with its tensors in the order of its signature."""
    import torch

    module = program.module(check_guards=False)
    # an exported module refuses to change its mode, which tracing insists on trying
    module.train = types.MethodType(torch.nn.Module.train, module)
    module.requires_grad_(requires_grad=False)
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

    return Positional().eval()


def examples(program: Any, signature: Signature) -> tuple[Any, ...]:
    """Tensors of the sizes that the program was exported with."""
    import torch

    flat = torch.utils._pytree.tree_leaves(program.example_inputs)  # noqa: SLF001 - torch has no public one
    tensors = tuple(each for each in flat if isinstance(each, torch.Tensor))
    return tensors[: len(signature.inputs)]
