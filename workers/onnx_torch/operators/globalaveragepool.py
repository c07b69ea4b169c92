"""GlobalAveragePool: the mean over all spatial axes."""

from typing import Any

from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.registry import operator

POOLS: dict[int, Any] = {
    3: functional.adaptive_avg_pool1d,
    4: functional.adaptive_avg_pool2d,
    5: functional.adaptive_avg_pool3d,
}
"""By rank."""


@operator("GlobalAveragePool")
def global_average_pool(x: Tensor) -> Tensor:
    """The axes stay, of length one."""
    if x.ndim in POOLS:
        return POOLS[x.ndim](x, 1)
    return x.mean(list(range(2, x.ndim)), keepdim=True) if x.ndim > 2 else x  # noqa: PLR2004
