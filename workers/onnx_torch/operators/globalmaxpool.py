"""GlobalMaxPool: the greatest over all spatial axes."""

from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("GlobalMaxPool")
def global_max_pool(x: Tensor) -> Tensor:
    """The axes stay, of length one."""
    return x.amax(list(range(2, x.ndim)), keepdim=True) if x.ndim > 2 else x  # noqa: PLR2004
