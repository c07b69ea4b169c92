"""Recurrent layers whose two biases are only ever added."""

from workers.transplant.expressions import Expression, Read, Sum, Transpose, Zeros
from workers.transplant.kinds.cells import Cell
from workers.transplant.kinds.roles import as_it_is
from workers.transplant.units import Group, Neutral, Reading, Role


def one_bias(kind: str, cell: Cell, group: Group) -> Reading:
    """The reading of a cell with its bias as one role."""
    roles, builds = kernels(cell, group)
    if len(cell.biases) == 1:
        (bias,) = cell.biases
        roles["bias"] = as_it_is(bias, Neutral.ZEROS)
        builds[bias.name] = Read("bias")
    elif cell.biases:
        first, second = cell.biases
        added = Sum((Read(first.name), Read(second.name)))
        roles["bias"] = Role(first.shape, added, "two biases", Neutral.ZEROS)
        builds[first.name], builds[second.name] = Read("bias"), Zeros(second.shape)
    if cell.projection is not None:
        roles["projection"] = as_it_is(cell.projection)
        builds[cell.projection.name] = Read("projection")
    return Reading(kind, roles, builds, part=cell.part)


def kernels(cell: Cell, group: Group) -> tuple[dict[str, Role], dict[str, Expression]]:
    """Both kernels: Keras keeps (in, gates x units), torch (gates x units, in)."""
    roles: dict[str, Role] = {}
    builds: dict[str, Expression] = {}
    for name, variable in (("kernel", cell.kernel), ("recurrent", cell.recurrent)):
        if group.tensorflow:
            turned = Transpose(Read(variable.name), (1, 0))
            roles[name] = Role(variable.shape[::-1], turned, "IO")
            builds[variable.name] = Transpose(Read(name), (1, 0))
        else:
            roles[name] = Role(variable.shape, Read(variable.name), "OI")
            builds[variable.name] = Read(name)
    return roles, builds
