"""DepthToSpace: blocks of channels laid out as pixels."""

from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.registry import operator


@operator("DepthToSpace")
def depth_to_space(x: Tensor, *, blocksize: int, mode: str | None) -> Tensor:
    """CRD is torch's order; in DCR, the default, channels are the innermost."""
    if mode == "CRD":
        return functional.pixel_shuffle(x, blocksize)
    batch, depth, height, width = x.shape
    channels = depth // blocksize**2
    blocks = x.reshape(batch, blocksize, blocksize, channels, height, width)
    turned = blocks.permute(0, 3, 4, 1, 5, 2)
    return turned.reshape(batch, channels, height * blocksize, width * blocksize)
