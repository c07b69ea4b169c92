"""Broadcasting as it was before opset 7: only where asked for, and from an axis that is told."""

from typing import Any


def placed(b: Any, a: Any, axis: int | None, broadcast: int | None) -> Any:
    """The second operand with axes of length 1 behind it, so that its first is `axis` of a."""
    import tensorflow as tf

    if not broadcast or axis is None:
        return b
    rank, own = a.shape.rank, b.shape.rank
    for _ in range(rank - (axis % rank) - own):
        b = tf.expand_dims(b, -1)
    return b
