"""Attention of torch whose three projections are separate parameters of one module.

That with one fused `in_proj_weight` is split before the kinds are asked.
"""

from collections.abc import Iterator

from workers.transplant.expressions import Read
from workers.transplant.kinds.roles import with_bias
from workers.transplant.units import MATRIX, Group, Reading, Role

PROJECTIONS = {"query": "q_proj_weight", "key": "k_proj_weight", "value": "v_proj_weight"}


def readings(group: Group) -> Iterator[Reading]:
    """Each projection as the dense layer that it is."""
    for part, leaf in PROJECTIONS.items():
        kernel = group.leaf(leaf)
        if kernel is not None and len(kernel.shape) == MATRIX:
            role = Role(kernel.shape, Read(kernel.name), "OI")
            bias = group.leaf(f"{part}_bias")
            roles, builds = with_bias(role, {kernel.name: Read("kernel")}, bias)
            yield Reading("dense", roles, builds, part=(part,))
