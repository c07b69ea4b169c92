"""GlobalLpPool: the p-norm over all spatial axes."""

from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("GlobalLpPool")
def global_lp_pool(x: Tensor, *, p: float | None) -> Tensor:
    """The axes stay, of length one."""
    power = 2 if p is None else p
    total = (x.abs() ** power).sum(list(range(2, x.ndim)), keepdim=True)
    return total ** (1 / power)
