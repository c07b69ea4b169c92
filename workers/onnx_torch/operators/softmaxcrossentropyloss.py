"""SoftmaxCrossEntropyLoss: how unlikely the true classes are, by their scores."""

from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.registry import operator
from workers.onnx_torch.losses import NOWHERE


@operator("SoftmaxCrossEntropyLoss")
def softmaxcrossentropyloss(
    scores: Tensor,
    labels: Tensor,
    weights: Tensor | None = None,
    *,
    ignore_index: int | None,
    reduction: str,
) -> tuple[Tensor, Tensor]:
    """scores are (batch, classes, ...), labels (batch, ...); the logarithm goes out, too."""
    likely = scores.log_softmax(1)
    ignored = NOWHERE if ignore_index is None else ignore_index
    loss = functional.nll_loss(
        likely, labels.long(), weights, ignore_index=ignored, reduction=reduction
    )
    return loss, likely
