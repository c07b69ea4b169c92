"""BitCast: the same bits, taken for another type of the same size."""

from torch import Tensor

from workers.onnx_graph.nodes import Node
from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator
from workers.onnx_torch.casting import NARROW, narrowed
from workers.onnx_torch.dtypes import TORCH
from workers.onnx_torch.minifloats import CARRIED

REASON = "takes the bits of a float of 4 or 6 bits, which torch has none of"


def _refused(node: Node) -> str | None:
    carried = node.attributes["to"] in CARRIED or node.input_dtypes[0] in CARRIED
    return REASON if carried else None


@operator("BitCast", refuses=_refused)
def bitcast(x: Tensor, *, to: int, node: Node) -> Tensor:
    """Types that torch lacks are values in others: only integers among them have their bits."""
    if _refused(node):
        raise CannotTranslate(REASON)
    return narrowed(x, *NARROW[to]) if to in NARROW else x.view(TORCH[to])
