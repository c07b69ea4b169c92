"""Keras' Normalization of a model's inputs: a mean and a variance that were counted before.

Torch keeps such numbers in buffers of any name, or leaves them to whoever loads the data.
"""

from collections.abc import Iterator

from workers.transplant.expressions import Read
from workers.transplant.kinds.roles import as_it_is
from workers.transplant.units import Group, Neutral, Reading


def readings(group: Group) -> Iterator[Reading]:
    """A mean and a variance, and nothing that runs."""
    mean, variance = group.leaf("mean"), group.leaf("variance", "var")
    if mean is None or variance is None or mean.shape != variance.shape:
        return
    roles = {"mean": as_it_is(mean, Neutral.ZEROS), "variance": as_it_is(variance, Neutral.ONES)}
    builds = {mean.name: Read("mean"), variance.name: Read("variance")}
    yield Reading("normalization", roles, builds)
