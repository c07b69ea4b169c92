"""SpaceToDepth: blocks of pixels laid out as channels."""

from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.registry import operator


@operator("SpaceToDepth")
def space_to_depth(x: Tensor, *, blocksize: int, mode: str | None) -> Tensor:
    """CRD is torch's order; in DCR, the default, channels are the innermost."""
    if mode == "CRD":
        return functional.pixel_unshuffle(x, blocksize)
    batch, channels, height, width = x.shape
    rows, columns = height // blocksize, width // blocksize
    blocks = x.reshape(batch, channels, rows, blocksize, columns, blocksize)
    return blocks.permute(0, 3, 5, 1, 2, 4).reshape(batch, channels * blocksize**2, rows, columns)
