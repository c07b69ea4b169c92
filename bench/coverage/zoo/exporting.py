"""Exporting: a torch module to a .pt2, with weights that leave no branch of it silent."""

from collections.abc import Callable, Mapping
from inspect import signature
from pathlib import Path
from typing import Any, Final

from bench.coverage.zoo.architecture import Architecture, Made

LARGEST_BATCH: Final = 16


def exported(family: str, zoo: Mapping[str, Callable[[], Made]]) -> list[Architecture]:
    """Architectures of modules that are made when they are written."""
    return [
        Architecture(name, family, "pt2", lambda path, make=make: write(make, path))  # type: ignore[misc] # mypy knows no default of a lambda
        for name, make in zoo.items()
    ]


def write(make: Callable[[], Made], path: Path) -> bool:
    """Export and save; False where the batch could not be left open.

    Raises:
        Exception: torch.export's own, where it takes the module with no batch at all.
    """
    import torch

    torch.manual_seed(0)
    model, inputs = make()
    varied(model.eval())
    batch = torch.export.Dim("batch", min=1, max=LARGEST_BATCH)
    dims: Any = tuple({0: batch} if each.ndim else None for each in inputs)
    if any(
        each.kind is each.VAR_POSITIONAL for each in signature(model.forward).parameters.values()
    ):
        dims = (dims,)
    with torch.no_grad():
        try:
            program = torch.export.export(model, inputs, dynamic_shapes=dims, strict=False)
            is_open = True
        except Exception:  # noqa: BLE001 - any of a dozen types; the answer is another export
            program = torch.export.export(model, inputs, strict=False)
            is_open = False
    torch.export.save(program, path)
    return is_open


def varied(model: Any) -> None:
    """Give norms, biases and running statistics values that matter: made afresh they are ones
    and zeros, and whatever is lost of them is not missed."""
    import torch
    from torch.nn import init

    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.is_floating_point():
                if name.endswith("bias"):
                    init.normal_(parameter, 0, 0.1)
                elif parameter.ndim == 1:
                    init.uniform_(parameter, 0.5, 1.5)
        for name, buffer in model.named_buffers():
            if name.endswith("running_mean"):
                init.normal_(buffer, 0, 0.1)
            elif name.endswith("running_var"):
                init.uniform_(buffer, 0.5, 1.5)
