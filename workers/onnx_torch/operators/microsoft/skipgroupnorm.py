"""SkipGroupNorm: the group norm of x, what goes past it, and a bias."""

from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.operators.microsoft.groupnorm import groupnorm
from workers.onnx_torch.skipping import summed


@operator("SkipGroupNorm")
def skipgroupnorm(
    x: Tensor,
    gamma: Tensor,
    beta: Tensor,
    skip: Tensor,
    bias: Tensor | None = None,
    *,
    activation: int,
    channels_last: int | None,
    epsilon: float | None,
    groups: int,
) -> tuple[Tensor, Tensor]:
    """Of images with channels last. What goes past may be of one pixel. The sum goes out, too."""
    past = skip.reshape(skip.shape[0], 1, 1, -1) if skip.ndim == 2 else skip  # noqa: PLR2004
    whole = summed(x, past, bias)
    found = groupnorm(
        whole,
        gamma,
        beta,
        activation=activation,
        channels_last=channels_last,
        epsilon=epsilon,
        groups=groups,
    )
    return found, whole
