"""ReverseSequence: the first so many elements of each sequence, backwards."""

from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.texts import textual
from workers.onnx_torch.timesteps import reversed_in_time


@operator("ReverseSequence")
@textual
def reverse_sequence(
    x: Tensor, sequence_lens: Tensor, *, batch_axis: int, time_axis: int
) -> Tensor:
    """What comes after them stays where it is."""
    turned = x.movedim((time_axis, batch_axis), (0, 1))
    return reversed_in_time(turned, sequence_lens).movedim((0, 1), (time_axis, batch_axis))
