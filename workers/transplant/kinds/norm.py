"""Normalisation without statistics: over layers, groups, or by root mean square."""

from collections.abc import Iterator

from workers.transplant.expressions import Read
from workers.transplant.kinds.roles import as_it_is
from workers.transplant.units import Group, Neutral, Reading

SCALES = ("gamma", "scale", "weight")
SHIFTS = ("beta", "bias", "offset", "shift")


def readings(group: Group) -> Iterator[Reading]:
    """A scale, with a shift of its shape or without one."""
    if group.leaf("moving_mean", "running_mean", "moving_variance", "running_var", "kernel"):
        return
    scale, shift = group.leaf(*SCALES), group.leaf(*SHIFTS)
    if scale is None or (shift is not None and shift.shape != scale.shape):
        return
    if not scale.shape or (shift is None and len(scale.shape) > 1):
        return
    roles, builds = {"scale": as_it_is(scale)}, {scale.name: Read("scale")}
    if shift is not None:
        roles["shift"] = as_it_is(shift, Neutral.ZEROS)
        builds[shift.name] = Read("shift")
    yield Reading("norm", roles, builds)
