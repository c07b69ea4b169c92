"""Axes: which of a tensor's, counted from its first."""

from collections.abc import Iterable
from typing import Any

from workers.onnx_graph.refusals import CannotTranslate


def counted(axes: Iterable[Any], rank: int) -> list[int]:
    """Axes from 0 on; those below 0 are counted from the end.

    Raises:
        CannotTranslate: one is only known at run time, while the graph is being exported.
    """
    given = list(axes)
    if not all(isinstance(axis, int) for axis in given):
        raise CannotTranslate(
            "computes along axes that are known at run time only",
            hint="Make them constants of the model.",
        )
    return [axis % rank for axis in given]
