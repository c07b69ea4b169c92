"""CastLike: the elements in the type of another tensor."""

from typing import Any

from torch import Tensor

from workers.onnx_graph.kinds import Raw
from workers.onnx_graph.nodes import Node
from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator
from workers.onnx_torch.casting import cast


@operator("CastLike")
def castlike(
    x: Tensor,
    target: Raw,  # noqa: ARG001 - its type is known from the graph
    *,
    saturate: int | None,
    round_mode: str | None,
    node: Node,
) -> Any:
    """The type is the declared one: torch's own would not tell int4 from what carries it."""
    to = node.output_dtypes[0] or node.input_dtypes[1]
    if to is None:
        raise CannotTranslate("casts to the type of a tensor whose type is not known")
    return cast(x, to, saturate, round_mode)
