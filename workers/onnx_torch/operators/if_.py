"""If: one of two branches."""

from typing import Any

from workers.onnx_graph.bodies import Body
from workers.onnx_graph.kinds import Raw
from workers.onnx_graph.registry import operator
from workers.onnx_torch.branching import branched
from workers.onnx_torch.knowing import truth


@operator("If")
def if_(condition: Raw, *, else_branch: Body, then_branch: Body) -> tuple[Any, ...]:
    """Only the branch that is taken is run; where that is not known, the program has both."""
    held = truth(condition)
    if held is None:
        return branched(condition, then_branch, else_branch)
    return tuple(then_branch() if held else else_branch())
