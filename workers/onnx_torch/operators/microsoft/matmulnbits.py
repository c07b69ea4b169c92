"""MatMulNBits: the product with a matrix of 2, 4 or 8 bits, which has a scale for each block."""

from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.nodes import Node
from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator
from workers.onnx_torch.packing import unpacked

ORDER = 4
"""The input that says in which order the blocks are."""

REASON = "has its blocks in an order of their own (g_idx)"


def _refused(node: Node) -> str | None:
    return REASON if any(node.inputs[ORDER : ORDER + 1]) else None


@operator("MatMulNBits", refuses=_refused)
def matmulnbits(  # noqa: PLR0917 - ONNX Runtime's inputs
    a: Tensor,
    b: Tensor,
    scales: Tensor,
    zeros: Tensor | None = None,
    g_idx: Tensor | None = None,
    bias: Tensor | None = None,
    *,
    K: int,  # noqa: N803 - ONNX Runtime's names
    N: int,  # noqa: N803
    bits: int | None,
    block_size: int,
) -> Tensor:
    """A is (..., K), B is (N, blocks, bytes of a block); zero points are packed likewise."""
    if g_idx is not None:
        raise CannotTranslate(REASON)
    width = bits or 4
    blocks = -(-K // block_size)
    values = unpacked(b.reshape(N, blocks, -1), width)[..., :block_size].to(scales.dtype)
    middle: float | Tensor = float(1 << (width - 1))
    if zeros is not None:
        packed = zeros.reshape(N, -1)
        whole = packed if packed.dtype.is_floating_point else unpacked(packed, width)
        middle = whole[:, :blocks].to(scales.dtype).unsqueeze(2)
    weights = (values - middle) * scales.reshape(N, blocks, 1)
    return functional.linear(a, weights.reshape(N, -1)[:, :K].to(a.dtype), bias)
