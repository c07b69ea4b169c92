"""Programs: an exported program in the operators that coremltools knows."""

from typing import Any, Final

from workers.coreml_bridge.operators import table

INFERRED: Final = -1
"""In a shape: as long as the rest leaves."""


def known(program: Any) -> Any:
    """An exported program that computes the same, for coremltools to read."""
    made = program.run_decompositions(table())
    _say_lengths(made)
    return made


def _say_lengths(program: Any) -> None:
    """Put lengths that export has found where a shape leaves them open.

    coremltools takes them to be unknown where another dimension of the shape varies. Views become
    reshapes, the same to it: a view need not be one any more of what an operator was replaced by.
    """
    import torch

    aten = torch.ops.aten
    for node in program.graph.nodes:
        if node.target is aten.view.default:
            x, shape = node.args
            found = node.meta["val"].shape
            said = [
                length if size == INFERRED and isinstance(length, int) else size
                for size, length in zip(shape, found, strict=True)
            ]
            node.target = aten.reshape.default
            node.args = (x, said)
    program.graph_module.recompile()
