"""LSTM: gates i, f, c, o in both; Keras has one bias, torch two that are added."""

from collections.abc import Iterator

from workers.transplant.kinds.cells import cells
from workers.transplant.kinds.recurrent import one_bias
from workers.transplant.units import Group, Reading


def readings(group: Group) -> Iterator[Reading]:
    """Each direction of each layer. One with a projection has no counterpart in Keras."""
    for each in cells(group, 4):
        yield one_bias("lstm", each, group)
