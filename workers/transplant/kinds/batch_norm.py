"""Batch normalisation: scale and shift, which may be missing, and the running statistics."""

from collections.abc import Iterator

from workers.transplant.expressions import Read
from workers.transplant.kinds.roles import as_it_is
from workers.transplant.units import Group, Neutral, Reading


def readings(group: Group) -> Iterator[Reading]:
    """A mean and a variance that run, with gamma and beta."""
    mean = group.leaf("moving_mean", "running_mean")
    variance = group.leaf("moving_variance", "running_var")
    if mean is None or variance is None or mean.shape != variance.shape:
        return
    roles = {"mean": as_it_is(mean), "variance": as_it_is(variance)}
    found = {"mean": mean, "variance": variance}
    scale = group.leaf("gamma", "scale") if group.tensorflow else group.leaf("weight")
    shift = group.leaf("beta", "offset") if group.tensorflow else group.leaf("bias")
    if scale is not None:
        roles["scale"], found["scale"] = as_it_is(scale, Neutral.ONES), scale
    if shift is not None:
        roles["shift"], found["shift"] = as_it_is(shift, Neutral.ZEROS), shift
    builds = {variable.name: Read(role) for role, variable in found.items()}
    yield Reading("batch_norm", roles, builds)
