"""PyTorch exported programs (.pt2), run by PyTorch on the CPU."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from numpy.typing import NDArray
from typing_extensions import override

from shared.domain.errors import InvalidModel
from shared.domain.formats import PT2, Format
from shared.domain.signatures import Inspection, Signature, Tensor
from workers.runtime import Arrays, Given, Runtime, Session
from workers.runtimes.branching import branches
from workers.runtimes.output_names import joined, unique
from workers.runtimes.pt2_load import load_program
from workers.torch_files.arrays import from_torch, numpy_name, to_torch

THROUGH = ("aten._to_copy", "aten.to", "aten.view", "aten.reshape", "aten.slice", "aten.unsqueeze")
"""Operators that hand integers on as they are, in their first argument."""


class Pt2Runtime(Runtime):
    """What torch.export.save writes."""

    format: ClassVar[Format] = PT2
    packages: ClassVar[tuple[str, ...]] = ("torch",)

    @override
    def inspect(self, path: Path, given: Given) -> Inspection:
        program = load_program(path)
        called = [node for node in program.graph.nodes if node.op == "call_function"]
        return Inspection(
            format=self.format.name,
            signature=signature_of(program),
            parameters=sum(each.numel() for each in program.parameters()),
            operators=dict(Counter(str(node.target) for node in called).most_common()),
            producer="torch.export",
        )

    @override
    @contextmanager
    def open(self, path: Path, given: Given) -> Iterator[Session]:
        import torch

        program = load_program(path)
        signature = signature_of(program)
        module = program.module()
        names = [each.name for each in signature.outputs]

        def run(inputs: Arrays) -> dict[str, NDArray[Any]]:
            args, kwargs = arguments(program, {k: to_torch(v) for k, v in inputs.items()})
            with torch.inference_mode():
                flat = torch.utils._pytree.tree_leaves(module(*args, **kwargs))  # noqa: SLF001 - torch has no public one
            tensors = [each for each in flat if isinstance(each, torch.Tensor)]
            return dict(zip(names, map(from_torch, tensors), strict=True))

        called = {str(node.target) for node in program.graph.nodes}
        yield Session(signature, run, branches=branches(called))


def arguments(program: Any, tensors: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The call that gives these tensors, by input name, to the program's module.

    Arguments that were no tensors when the program was exported keep the value of then.
    """
    import torch

    flat = [
        tensors[spec.arg.name] if _is_tensor(spec.arg) else spec.arg.value
        for spec in program.graph_signature.input_specs
        if spec.kind.name == "USER_INPUT"
    ]
    args, kwargs = torch.utils._pytree.tree_unflatten(flat, program.call_spec.in_spec)  # noqa: SLF001 - torch has no public one
    return args, kwargs


def signature_of(program: Any) -> Signature:
    """Inputs by the names of forward's arguments; outputs by their keys, else by number.

    Raises:
        InvalidModel: an input is neither a tensor nor a constant.
    """
    values = {node.name: node.meta.get("val") for node in program.graph.nodes}
    bounds = _bounds(program)
    inputs = tuple(
        _tensor(spec.arg.name, values[spec.arg.name], bounds.get(spec.arg.name))
        for spec in program.graph_signature.input_specs
        if spec.kind.name == "USER_INPUT" and _is_tensor(spec.arg)
    )
    given = [
        spec.arg
        for spec in program.graph_signature.output_specs
        if spec.kind.name == "USER_OUTPUT"
    ]
    named = zip(_output_names(program, len(given)), given, strict=True)
    outputs = tuple(
        _tensor(name, values[arg.name], None)
        for name, arg in named
        if type(arg).__name__ == "TensorArgument"
    )
    return Signature(inputs=inputs, outputs=outputs)


def _is_tensor(argument: Any) -> bool:
    kind = type(argument).__name__
    if kind not in {"TensorArgument", "ConstantArgument"}:
        raise InvalidModel(
            f"The program's input {argument.name!r} is a {kind}; only tensors can be given to it."
            " Export it with that argument fixed."
        )
    return kind == "TensorArgument"


def _output_names(program: Any, count: int) -> list[str]:
    """`logits` of a dict, `output` of a lone tensor, `output_1` of a tuple's second."""
    import torch

    spec = program.call_spec.out_spec
    pytree = torch.utils._pytree  # noqa: SLF001 - torch has no public one
    paths, _ = pytree.tree_flatten_with_path(pytree.tree_unflatten(list(range(count)), spec))
    if len(paths) == 1 and not paths[0][0]:
        return ["output"]
    return list(unique([_written(path) for path, _ in paths]))


def _written(path: tuple[Any, ...]) -> str:
    parts = [
        str(getattr(key, "key", getattr(key, "name", getattr(key, "idx", key)))) for key in path
    ]
    return joined(parts)


def _tensor(name: str, value: Any, upper: int | None) -> Tensor:
    shape = tuple(map(_dim, value.shape))
    return Tensor(name=name, dtype=numpy_name(value.dtype), shape=shape, upper=upper)


def _dim(dim: Any) -> int | str:
    """A length that the exporter found out to be fixed is still one of its symbols."""
    written = str(dim)
    return int(written) if written.isdigit() else written


def _bounds(program: Any) -> dict[str, int]:
    """By input, the rows of the smallest embedding that it indexes."""
    origin = {name: name for name in program.graph_signature.user_inputs}
    found: dict[str, int] = {}
    for node in program.graph.nodes:
        if node.op != "call_function" or not node.args:
            continue
        target, first = str(node.target), getattr(node.args[0], "name", None)
        if target.startswith(THROUGH) and first in origin:
            origin[node.name] = origin[first]
        if target.startswith("aten.embedding") and getattr(node.args[1], "name", "") in origin:
            rows, name = node.args[0].meta["val"].shape[0], origin[node.args[1].name]
            found[name] = min(rows, found.get(name, rows))
    return found
