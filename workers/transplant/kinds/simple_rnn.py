"""Simple recurrent layers: no gates; Keras has one bias, torch two that are added."""

from collections.abc import Iterator

from workers.transplant.kinds.cells import cells
from workers.transplant.kinds.recurrent import one_bias
from workers.transplant.units import Group, Reading


def readings(group: Group) -> Iterator[Reading]:
    """Each direction of each layer."""
    for each in cells(group, 1):
        yield one_bias("simple_rnn", each, group)
