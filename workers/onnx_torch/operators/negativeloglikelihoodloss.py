"""NegativeLogLikelihoodLoss: how unlikely the true classes are."""

from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.registry import operator
from workers.onnx_torch.losses import NOWHERE


@operator("NegativeLogLikelihoodLoss")
def negativeloglikelihoodloss(
    x: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int | None,
    reduction: str,
) -> Tensor:
    """x is (batch, classes, ...) of log-probabilities, target (batch, ...) of classes."""
    ignored = NOWHERE if ignore_index is None else ignore_index
    return functional.nll_loss(x, target.long(), weight, ignore_index=ignored, reduction=reduction)
