"""Write a package, and see that what was written is the program."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shared.domain.errors import InvalidModel, StepRefused
from workers.runtimes.pt2 import arguments, signature_of
from workers.runtimes.pytorch_code import load_package
from workers.torch_source.package import write_package
from workers.torch_source.source import source_of

CLOSE = 1e-3
"""What two orders of the same sums may differ by, as a share of the largest value."""


def write_checked(program: Any, folder: Path, name: str) -> dict[str, Any]:
    """Write the package into `folder`, which does not exist yet.

    Where modules cannot be told apart, everything goes into one forward; the report says so.

    Args:
        program: a torch.export.ExportedProgram.
        name: of the class, where the program does not say it.

    Returns:
        Facts for the step's report.

    Raises:
        StepRefused: the program cannot be written down.
    """
    signature = signature_of(program)
    examples = example_tensors(program)
    reasons: list[str] = []
    for flat in (False, True):
        shutil.rmtree(folder, ignore_errors=True)
        try:
            source = source_of(program, name, flat=flat)
            write_package(folder, source, signature, examples)
            if wrong := _differs(program, folder, examples):
                raise InvalidModel(wrong)  # noqa: TRY301 - tried again, flat
        except Exception as error:  # noqa: BLE001 - whatever is wrong with this form, the other may do
            reasons.append(f"{type(error).__name__}: {error}")
            continue
        return {
            "classes": source.classes,
            "style": "one forward" if flat else "modules",
            "raw_operators": source.fallbacks,
            **({"why_one_forward": reasons[0][:500]} if flat else {}),
        }
    shutil.rmtree(folder, ignore_errors=True)
    raise StepRefused(f"The program cannot be written as source: {reasons[-1][:500]}")


def example_tensors(program: Any) -> list[Any]:
    """The tensors that the program was exported with, in the order of its inputs; made up from
    its shapes where the file does not hold them."""
    import torch

    specs = [
        spec.arg.name
        for spec in program.graph_signature.input_specs
        if spec.kind.name == "USER_INPUT" and type(spec.arg).__name__ == "TensorArgument"
    ]
    if program.example_inputs:
        leaves = torch.utils._pytree.tree_leaves(program.example_inputs)  # noqa: SLF001 - torch has no public one
        tensors = [each for each in leaves if isinstance(each, torch.Tensor)]
        if len(tensors) == len(specs):
            return tensors
    values = {node.name: node.meta.get("val") for node in program.graph.nodes}
    return [_made_up(values[name]) for name in specs]


def _made_up(value: Any) -> Any:
    import torch

    shape = [each if isinstance(each, int) else each.node.hint or 2 for each in value.shape]
    return torch.zeros(shape, dtype=value.dtype)


def _differs(program: Any, folder: Path, examples: list[Any]) -> str | None:
    """How the package's outputs are not the program's; None where they are."""
    import torch

    names = [each.name for each in signature_of(program).inputs]
    fresh = [each.clone() for each in examples]
    args, kwargs = arguments(program, dict(zip(names, fresh, strict=True)))
    package = load_package(folder)
    with torch.inference_mode(), _unchanged(program):
        expected = _tensors(program.module()(*args, **kwargs))
    with torch.inference_mode():
        given = _tensors(package.module(*[each.clone() for each in examples]))
    if len(expected) != len(given):
        return f"it gives {len(given)} tensors for {len(expected)}"
    for place, (one, other) in enumerate(zip(expected, given, strict=True)):
        if one.shape != other.shape or one.dtype != other.dtype:
            return f"output {place} is {other.dtype} {tuple(other.shape)}"
        if not _close(one, other):
            return f"output {place} differs"
    return None


@contextmanager
def _unchanged(program: Any) -> Iterator[None]:
    """Give buffers back the values that they had: a call may change them."""
    import torch

    parameters = set(program.graph_signature.parameters)
    held = {name: each for name, each in program.state_dict.items() if name not in parameters}
    before = {name: each.clone() for name, each in held.items()}
    try:
        yield
    finally:
        with torch.no_grad():
            for name, each in held.items():
                each.copy_(before[name])


def _tensors(given: Any) -> list[Any]:
    import torch

    flat = torch.utils._pytree.tree_leaves(given)  # noqa: SLF001 - torch has no public one
    return [each for each in flat if isinstance(each, torch.Tensor)]


def _close(one: Any, other: Any) -> bool:
    import torch

    if not (one.is_floating_point() or one.is_complex()) or not one.numel():
        return bool(torch.equal(one, other))
    scale = one.double().abs().nan_to_num(0, 0, 0).max().item() if not one.is_complex() else 1.0
    return bool(torch.allclose(one, other, rtol=CLOSE, atol=CLOSE * scale, equal_nan=True))
